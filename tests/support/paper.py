"""Papers of kept studies and of small ones, and whether a TeX is here."""

import shutil

import pytest

from experiments.publish.proof import find_tex

needs_tex = pytest.mark.skipif(
    find_tex() is not None or shutil.which("pdftohtml") is None,
    reason="no LaTeX or no poppler here: make test-paper",
)
