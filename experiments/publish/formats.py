"""The classes of papers: what a page measures, and how a document begins."""

from dataclasses import dataclass

from zero_leinr.errors import InputError


@dataclass(frozen=True)
class PaperFormat:
    """A class of papers.

    Attributes:
        name: As the command takes it.
        column: Inches of a column.
        page: Inches of all columns; where there is one, the same.
        tallest: Inches that a float may be high, its caption left out.
        preamble: LaTeX, from the class on.
        style: The bibliography's.
        smallest: Points of its smallest text that is meant.
    """

    name: str
    column: float
    page: float
    tallest: float
    preamble: str
    style: str
    smallest: float = 7.0

    @property
    def columns(self) -> int:
        """How many columns a page has."""
        return 1 if self.column == self.page else 2


FORMATS = {
    "ieee": PaperFormat(
        "ieee",
        column=3.48,
        page=7.13,
        tallest=8.3,
        preamble=r"\documentclass[conference]{IEEEtran}",
        style="IEEEtran",
        smallest=6.4,  # captions of tables are in small capitals
    ),
    # The measures of cvpr.sty, which no TeX distribution has.
    "cvpr": PaperFormat(
        "cvpr",
        column=3.28,
        page=6.875,
        tallest=7.9,
        preamble=(
            "\\documentclass[10pt,twocolumn,letterpaper]{article}\n"
            "\\usepackage{times}\n"
            "\\usepackage[textwidth=6.875in,textheight=8.875in,columnsep=0.3125in]{geometry}"
        ),
        style="ieeetr",
    ),
    # Without lmodern, llncs takes bitmaps for some signs.
    "llncs": PaperFormat(
        "llncs",
        column=4.8,
        page=4.8,
        tallest=6.6,
        preamble="\\documentclass[runningheads]{llncs}\n\\usepackage{lmodern}",
        style="splncs04",
    ),
}


def find_format(name: str) -> PaperFormat:
    """Return a format by its name.

    Raises:
        InputError: There is none such.
    """
    if name not in FORMATS:
        raise InputError(f"no format {name!r}; there are {', '.join(FORMATS)}")
    return FORMATS[name]
