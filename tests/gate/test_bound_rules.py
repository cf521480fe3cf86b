"""Rules for cells between two bounds."""

from __future__ import annotations

import polars as pl

from tests.gate.cases import Setting, simple


def values_outside(columns: str, values: list[float | None]) -> list[str]:
    """The keys of the cells that `hard_bounds` counts."""
    rows = pl.DataFrame({"k": [f"{i}" for i in range(len(values))], "v": values})
    result = Setting(simple(columns), rows, None).evaluate().check("hard_bounds")
    return [offender.key[0] for offender in result.offenders if offender.key]


def test_a_bound_itself_is_inside() -> None:
    """Only what lies beyond it counts, on either side."""
    assert values_outside("min = 0\nmax = 2", [0.0, 2.0, -0.1, 2.1]) == ["2", "3"]


def test_one_bound_is_enough() -> None:
    """Without the other bound that side is open."""
    assert values_outside("min = 0", [1e9, -1.0]) == ["1"]


def test_null_is_inside() -> None:
    """What is missing is another check's."""
    assert values_outside("min = 0\nnullable = true", [None, 1.0, -1.0]) == ["2"]
