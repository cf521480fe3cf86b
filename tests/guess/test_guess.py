"""How often a rule has to hold for a guess."""

from __future__ import annotations

import polars as pl
import pytest

from estimates.guess.guess import everywhere, nearly_everywhere


def keeps(right: int, wrong: int, silent: int = 0) -> pl.Series:
    """Rows that keep a rule, break it, and say nothing."""
    return pl.Series([True] * right + [False] * wrong + [None] * silent, dtype=pl.Boolean)


def test_everywhere() -> None:
    """One row breaks it; rows that say nothing do not."""
    assert everywhere(keeps(3, 0, 5))
    assert not everywhere(keeps(99, 1))


@pytest.mark.parametrize(
    ("right", "wrong", "silent", "holds"),
    [(95, 5, 0, True), (94, 6, 0, False), (19, 1, 80, True), (0, 0, 3, True), (0, 0, 0, True)],
)
def test_nearly_everywhere(right: int, wrong: int, silent: int, holds: bool) -> None:
    """95 % of the rows that say something."""
    assert nearly_everywhere()(keeps(right, wrong, silent)) is holds


def test_one_of_two_tables_is_enough() -> None:
    """The first so many rows are one table's; in the other the rule may be broken throughout."""
    rows = pl.concat([keeps(10, 0), keeps(0, 10)])
    assert nearly_everywhere(10)(rows)
    assert not nearly_everywhere(5)(rows.reverse().slice(0, 15).extend(keeps(0, 5)))
    assert not nearly_everywhere()(rows)
