"""The check `jumps`."""

from __future__ import annotations

import polars as pl
import pytest

from tests.gate.cases import Setting, many_setting, simple
from tests.gate.faulty_settings import first


def test_passes() -> None:
    """Small moves are no jumps."""
    result = many_setting(lambda rows: rows).evaluate().check("jumps")
    assert (result.status, result.value) == ("pass", 0)


def test_warns() -> None:
    """Two of 1,000 keys times ten are a share of 0.2 %."""
    result = first("v", 10.0, 2).evaluate().check("jumps")
    assert result.status == "warn"
    assert result.value == pytest.approx(0.002)


def test_jumps_are_counted_against_the_size_of_what_is_usual() -> None:
    """A value near zero that changes its sign is no jump; a typical one is, and so is a factor
    above three.
    """
    rows = pl.DataFrame(
        {"k": [str(i) for i in range(1000)], "v": [100.0 + i for i in range(999)] + [0.01]}
    )

    def jumped(row: int, value: float) -> float | None:
        change = pl.when(pl.int_range(pl.len()) == row).then(value).otherwise(pl.col("v") * 1.001)
        return Setting(simple(), rows.with_columns(v=change), rows).evaluate().check("jumps").value

    assert jumped(999, -0.01) == 0
    assert jumped(0, -100.0) == 0.001
    assert jumped(0, 301.0) == 0.001
    assert jumped(0, 299.0) == 0
    assert jumped(0, 1.0) == 0.001
