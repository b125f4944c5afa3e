"""Where a result comes from."""

import subprocess

from experiments.provenance import git_commit


def test_a_commit_is_that_of_this_project_or_none(tmp_path, monkeypatch):
    """A copy may be installed in a checkout of something else."""
    file = tmp_path / "env" / "provenance.py"
    file.parent.mkdir()
    file.write_text("")
    git = ["git", "-C", tmp_path, "-c", "user.name=x", "-c", "user.email=x"]
    (tmp_path / "other.txt").write_text("")
    for words in (["init"], ["add", "other.txt"], ["commit", "-m", "other"]):
        subprocess.run([*git, *words], check=True, capture_output=True)
    monkeypatch.setattr("experiments.provenance.__file__", str(file))
    assert git_commit() is None
    subprocess.run([*git, "add", file], check=True)
    assert git_commit().endswith("-dirty")
