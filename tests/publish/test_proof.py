"""What the proof is searched for, and papers compiled for real."""

import pytest
from support.fake_study import make_study
from support.paper import needs_tex
from test_doors import PROJECT

from experiments.publish.formats import FORMATS, find_format
from experiments.publish.proof import compile_proof, log_faults
from experiments.publish.write import publish
from zero_leinr.errors import InputError


def test_faults_of_a_log():
    log = (
        "! Undefined control sequence.\n"
        "Overfull \\hbox (3.2pt too wide) in alignment at lines 2--7\n"
        "Overfull \\vbox (9.0pt too high) has occurred\n"
        "LaTeX Warning: Float too large for page by 12pt on input line 9.\n"
        "LaTeX Warning: Citation `a' on page 1 undefined on input line 5.\n"
        "LaTeX Warning: Reference `b' on page 1 undefined on input line 6.\n"
        "Underfull \\hbox (badness 10000)\n"
    )
    kinds = [fault.partition(":")[0] for fault in log_faults(log)]
    assert kinds == [
        "error",
        *["overfull box"] * 2,
        "float too large",
        "undefined citation",
        "undefined reference",
    ]


def test_without_tex_all_is_written_and_one_line_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    (said,) = publish(make_study(tmp_path / "study"), tmp_path / "paper", FORMATS["ieee"])
    assert said == "no pdflatex and no bibtex here: proof.tex is written and not compiled"
    there = {path.name for path in (tmp_path / "paper").iterdir()}
    assert there >= {"zl-tables.sty", "references.bib", "setup.tex", "numbers.tex", "proof.tex"}


def test_an_unknown_format_is_told_the_known_ones():
    with pytest.raises(InputError, match="no format 'acm'; there are ieee, cvpr, llncs"):
        find_format("acm")


BAD = r"""\documentclass{article}
\begin{document}
\cite{nobody}
\hbox to 2\hsize{\rule{2\hsize}{1pt}}
{\fontsize{5}{6}\selectfont small}
\end{document}
"""


@needs_tex
def test_faults_of_a_document_are_found(tmp_path):
    (tmp_path / "proof.tex").write_text(BAD)
    said = "\n".join(compile_proof(tmp_path, 7.0))
    assert "overfull box" in said
    assert "undefined citation" in said
    assert "text of 5.0 points on page 1: small" in said
    (tmp_path / "proof.tex").write_text(BAD.replace(r"\cite", r"\cyte"))
    with pytest.raises(InputError, match="TeX stopped: ! Undefined control sequence"):
        compile_proof(tmp_path, 7.0)


@needs_tex
@pytest.mark.paper
@pytest.mark.parametrize("paper", FORMATS)
@pytest.mark.parametrize("study", ["baselines", "ablation"])
def test_a_kept_study_has_no_fault_in_any_class(tmp_path, study, paper):
    faults = publish(PROJECT / "results" / "reference" / study, tmp_path, FORMATS[paper])
    assert faults == []
    assert (tmp_path / "proof.pdf").read_bytes().startswith(b"%PDF")
