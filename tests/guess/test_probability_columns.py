"""Probabilities of classes among columns."""

from __future__ import annotations

import polars as pl
import pytest

from estimates.guess.guess import everywhere
from estimates.guess.probability_columns import probabilities


def labels(
    columns: dict[str, list[float]], classes: frozenset[str] = frozenset()
) -> dict[str, str | None]:
    """By column the class whose probability it is taken for."""
    numbers = {name: pl.Series(name, values) for name, values in columns.items()}
    guesses = probabilities(numbers, everywhere, lambda: classes)
    return {name: guess.label for name, guess in guesses.items()}


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"p_stay": [0.25, 0.5], "p_leave": [0.75, 0.5]}, {"p_stay": "stay", "p_leave": "leave"}),
        (
            {"stay_proba": [0.2], "leave_proba": [0.8]},
            {"stay_proba": "stay", "leave_proba": "leave"},
        ),
        ({"p0": [0.2], "p1": [0.8]}, {"p0": "0", "p1": "1"}),
        ({"0": [0.2], "1": [0.8], "x": [7.0]}, {"0": "0", "1": "1"}),
        ({"class_a": [0.25, 0.3], "class_b": [0.75, 0.7]}, {"class_a": "a", "class_b": "b"}),
        ({"p_stay": [0.21, 0.55], "p_leave": [0.72, 0.45]}, {}),
        ({"p_stay": [-0.5], "p_leave": [1.5]}, {}),
        ({"p_stay": [1.0]}, {}),
        ({"is_a": [1.0, 0.0], "is_b": [0.0, 1.0]}, {}),
    ],
)
def test_rows_that_add_up_to_1(columns: dict[str, list[float]], expected: dict[str, str]) -> None:
    """Named as probabilities, named as numbers, or of any name; flags of 0 and 1 are none."""
    assert labels(columns) == expected


def test_named_as_values_of_another_column() -> None:
    """`stay` and `leave` are classes where a column of text has these words."""
    columns = {"stay": [0.21, 0.33], "score": [0.5, 0.1], "leave": [0.79, 0.67]}
    assert labels(columns, frozenset(["stay", "leave"])) == {"stay": "stay", "leave": "leave"}


def test_columns_beside_each_other() -> None:
    """Among others that lie between 0 and 1 the run that adds up; what their names share goes."""
    columns = {
        "score": [0.37, 0.81, 0.44],
        "class_low_pct": [0.11, 0.23, 0.31],
        "class_mid_pct": [0.22, 0.33, 0.41],
        "class_top_pct": [0.67, 0.44, 0.28],
    }
    assert list(labels(columns).values()) == ["low", "mid", "top"]


def test_rounded_rows() -> None:
    """Three shares of two digits may be off by what rounding explains, not by more."""
    assert len(labels({"p_a": [0.33, 0.2], "p_b": [0.33, 0.3], "p_c": [0.33, 0.5]})) == 3
    assert labels({"p_a": [0.33, 0.2], "p_b": [0.33, 0.3], "p_c": [0.30, 0.5]}) == {}
