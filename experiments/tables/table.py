"""A table before it is written: plain text, without any markup, and the numbers behind it."""

from dataclasses import dataclass, field

import pandas as pd


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        head: Its name; for a metric with the arrow that points to better.
        align: ``l`` for words, ``r`` for numbers.
        over: A heading that it shares with its neighbors, such as a data set; empty for none.
        mark: The mark of a note at its head.
    """

    head: str
    align: str = "r"
    over: str = ""
    mark: str = ""


@dataclass(frozen=True)
class Cell:
    """What stands in a place of a table.

    Attributes:
        text: The number or the words.
        spread: The standard deviation over seeds, as printed; empty where there is none.
        rank: 1 for the best of its column, 2 for the second; 0 where nothing is ranked.
        tied: Whether it is not the best, and not separable from it.
        mark: The mark of a note on it.
    """

    text: str
    spread: str = ""
    rank: int = 0
    tied: bool = False
    mark: str = ""


@dataclass(frozen=True)
class Table:
    """A table with its caption and notes; ``markdown`` writes it.

    Attributes:
        name: That of its files.
        caption: Sentences above the table.
        columns: From left to right.
        groups: Heading -> rows under it, one cell a column.
        notes: (mark, sentence) pairs below the table; the mark is empty for a note on all of it.
        numbers: The same for other programs, tidy and unrounded: the CSV file.
    """

    name: str
    caption: str
    columns: list[Column]
    groups: dict[str, list[list[Cell]]]
    notes: list[tuple[str, str]] = field(default_factory=list)
    numbers: pd.DataFrame = field(default_factory=pd.DataFrame)


def cells(texts: list[str]) -> list[Cell]:
    """Return a row of plain cells."""
    return [Cell(text) for text in texts]


def remarks(sentences: list[str]) -> list[tuple[str, str]]:
    """Return notes on the whole table."""
    return [("", sentence) for sentence in sentences]
