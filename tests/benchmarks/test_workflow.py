"""The benchmark of the workflow: its enlarged paper study is one that the sheets allow."""

from workflow import copy_project, methods_of


def test_the_paper_study_grows_to_as_many_methods_as_are_asked_for(tmp_path):
    copy_project(tmp_path, 40)
    names = methods_of(tmp_path)
    assert len(names) == len(set(names)) == 40
