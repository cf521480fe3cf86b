"""Intervals and quantiles among columns."""

from __future__ import annotations

import polars as pl
import pytest

from estimates.guess.guess import everywhere
from estimates.guess.levelled_columns import in_order, intervals, named_levels, quantiles

_VALUES = {"low": [1.0, 2.0], "middle": [2.0, 3.0], "high": [3.0, 4.0]}


def numbers(**kinds: str) -> dict[str, pl.Series]:
    """Columns by name, each low, in the middle or high; two underscores stand for a dot."""
    names = {name.replace("__", "."): kind for name, kind in kinds.items()}
    return {name: pl.Series(name, _VALUES[kind]) for name, kind in names.items()}


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ({"q10": "low", "q50": "middle", "q90": "high"}, {"q10": 0.1, "q50": 0.5, "q90": 0.9}),
        ({"q10": "high", "q90": "low"}, {}),
        ({"sales_0__1": "low", "sales_0__9": "high"}, {"sales_0.1": 0.1, "sales_0.9": 0.9}),
        ({"sales_0__1": "low", "sales_0__8": "high"}, {}),
        ({"sales_0__1": "low"}, {}),
        ({"q90": "high", "value": "low"}, {"q90": 0.9}),
        ({"q90": "high"}, {}),
        (
            {"a_q10": "low", "b_q10": "high", "a_q90": "high", "b_q90": "high"},
            {"a_q10": 0.1, "b_q10": 0.1, "a_q90": 0.9, "b_q90": 0.9},
        ),
    ],
)
def test_quantiles(kinds: dict[str, str], expected: dict[str, float]) -> None:
    """By their names, where values do not cross; bare numbers only with their mirror image."""
    guesses = quantiles(numbers(**kinds), everywhere)
    assert {name: guess.quantile for name, guess in guesses.items()} == expected


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ({"lower_80": "low", "upper_80": "high"}, {"lower_80": 0.8, "upper_80": 0.8}),
        ({"lower_80": "high", "upper_80": "low"}, {}),
        ({"lower_80": "low", "upper_90": "high"}, {}),
        ({"yhat_lower": "low", "yhat_upper": "high"}, {"yhat_lower": 0.8, "yhat_upper": 0.8}),
        ({"x_lo": "low", "x_hi": "high"}, {"x_lo": 0.95, "x_hi": 0.95}),
        ({"open": "middle", "high": "high", "low": "low", "close": "middle"}, {}),
    ],
)
def test_intervals(kinds: dict[str, str], expected: dict[str, float]) -> None:
    """Pairs in order; a level that nobody names is the tool's; a day's prices are no interval."""
    guesses = intervals(numbers(**kinds), everywhere)
    assert {name: guess.level for name, guess in guesses.items()} == expected
    for name, guess in guesses.items():
        assert guess.role == ("lower" if "lo" in name else "upper")
        assert guess.assumed is ("80" not in name)


def test_a_column_says_the_level() -> None:
    """One of the whole table, in percent or as a share; then nothing is assumed."""
    ends = numbers(x_lo="low", x_hi="high")
    for level in (90, 0.9):
        columns = ends | {"conf_level": pl.Series("conf_level", [level, level])}
        guesses = intervals(ends, everywhere, columns)
        assert {(guess.level, guess.assumed) for guess in guesses.values()} == {(0.9, False)}
    columns = ends | {"conf_level": pl.Series("conf_level", [0.8, 0.9])}
    assert intervals(ends, everywhere, columns)["x_lo"].assumed


def test_rows_in_order() -> None:
    """A row without one of the two says nothing."""
    low = pl.Series([1.0, 2.0, None, float("nan")])
    assert in_order(low, pl.Series([1.0, 1.0, 1.0, 1.0])).to_list() == [True, False, None, None]


def test_levels_of_a_table() -> None:
    """By kind and stem; also where numbers are still text."""
    columns = [
        pl.Series("lower_80", ["1", "2"]),
        pl.Series("upper_80", ["3", "4"]),
        pl.Series("x_q10", [1.0, 2.0]),
        pl.Series("x_q90", [3.0, 4.0]),
        pl.Series("note_7", ["a", "b"]),
    ]
    assert named_levels(columns) == {
        ("intervals", ()): {0.8: ["lower_80", "upper_80"]},
        ("quantiles", ("x",)): {0.1: ["x_q10"], 0.9: ["x_q90"]},
    }
