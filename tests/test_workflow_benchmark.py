"""The benchmark of the workflow: its enlarged paper study is one that the sheets allow."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))
from workflow import copy_project, methods_of


def test_the_paper_study_grows_to_as_many_methods_as_are_asked_for(tmp_path):
    copy_project(tmp_path, 40)
    names = methods_of(tmp_path)
    assert len(names) == len(set(names)) == 40
