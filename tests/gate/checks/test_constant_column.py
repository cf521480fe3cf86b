"""The check `constant_column`."""

from __future__ import annotations

import polars as pl

from tests.gate.cases import clean_verdict, edit


def test_passes() -> None:
    """Columns that vary pass."""
    result = clean_verdict().check("constant_column")
    assert (result.status, result.value) == ("pass", 0)


def test_warns() -> None:
    """A column with one label for every key counts."""
    result = edit(move=pl.lit("up")).evaluate().check("constant_column")
    assert (result.status, result.value) == ("warn", 1)
