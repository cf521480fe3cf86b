"""Text that a spreadsheet would run stays text, and can be had back."""

from __future__ import annotations

import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.render.formula_text import MARKED, column_without_formulas, without_formula

FORMULAS = (
    "=1+1",
    "+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\x00=1",
    "＝1",
    "＋",
    "－",
    "＠",
)
PLAIN = ("", "a", "1", "a=b", " =1", "'", "'a", "1-2", "Ä", "(1)")


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_gets_an_apostrophe(text: str) -> None:
    """In front of it, and of an apostrophe that was there."""
    assert without_formula(text) == f"'{text}"
    assert without_formula(f"'{text}") == f"''{text}"


@pytest.mark.parametrize("text", PLAIN)
def test_other_text_stays(text: str) -> None:
    """What does not begin as a formula is not touched."""
    assert without_formula(text) == text


@given(st.text(alphabet="'=+-@\t\r\n\x00＝a1 ", max_size=6))
def test_the_text_can_be_had_back(text: str) -> None:
    """By taking one apostrophe from what is marked, and from nothing else."""
    written = without_formula(text)
    assert (written[1:] if re.match(MARKED, written) else written) == text


@given(st.lists(st.none() | st.text(alphabet="'=+-@\t\r\n\x00＝＠a1 ", max_size=6), min_size=1))
def test_a_column_says_the_same(texts: list[str | None]) -> None:
    """A whole column is written as its texts are one by one; null stays null."""
    frame = pl.DataFrame({"a": texts}, schema={"a": pl.String})
    written = frame.select(column_without_formulas("a"))["a"].to_list()
    assert written == [None if text is None else without_formula(text) for text in texts]
