"""Tables as LaTeX: columns of numbers, headings, rules and notes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.publish.latex import (
    Column,
    PaperTable,
    escape_latex,
    number,
    to_float,
    to_tabular,
)

TABLE = PaperTable(
    "t",
    "A caption.",
    [Column("Method", "l"), Column("PSNR", over="LOL"), Column("SSIM", over="LOL"), Column("N")],
    [
        [["A", r"\zlbest 14.86", r"0.5{\zltie}", "--"]],
        [["A heading"], ["B", "-9.10", "0.4", "1"]],
    ],
    ["a note", "another"],
)


def test_columns_have_the_room_that_their_numbers_take():
    text = to_tabular(TABLE)
    assert (
        r"\begin{tabular}{@{}lS[table-format=-2.2]S[table-format=1.1]S[table-format=1.0]@{}}"
        in text
    )
    # What is no number is protected from being read as one, and marks are no part of a number.
    assert r"A & \zlbest 14.86 & 0.5{\zltie} & {--} \\" in text
    assert r"Method & {PSNR} & {SSIM} & {N} \\" in text


def test_headings_span_their_columns_and_groups_have_rules():
    text = to_tabular(TABLE)
    assert r" & \multicolumn{2}{c}{LOL} &  \\" in text
    assert r"\cmidrule(lr){2-3}" in text
    assert text.count(r"\midrule") == 2
    assert r"\multicolumn{4}{@{}l}{\emph{A heading}} \\" in text


def test_a_float_has_caption_label_size_and_notes():
    text = to_float(TABLE)
    assert text.startswith(r"\begin{table}[t]")
    assert r"\caption{A caption.}\label{tab:t}" in text
    assert r"\item a note; another." in text
    assert r"\resizebox" not in text


@pytest.mark.parametrize(("width", "environment"), [("page", "table*"), ("long", "longtable")])
def test_wide_and_long_tables(width, environment):
    text = to_float(PaperTable("t", "C.", [Column("A", "l")], [[["a"]]], width=width))
    assert rf"\begin{{{environment}}}" in text
    assert rf"\end{{{environment}}}" in text


def test_numbers_that_break_a_column_are_bounds():
    assert number(1005.73, 2) == r"$>$999"
    assert number(float("nan"), 2) == "--"
    assert number(0.5, 3, signed=True) == "+0.500"
    assert number(-0.25, 2, signed=True) == "-0.25"


@given(st.text(alphabet="ab&%$#_{}~^\\<>"))
def test_escaped_latex_has_no_active_sign(text):
    bare = re.sub(r"\\text[a-z]+\{\}|\\[&%$#_{}]", "", escape_latex(text))
    assert not set(bare) & set("&%$#_{}~^\\<>")
