"""The check `median_shift`."""

from __future__ import annotations

import math

import polars as pl
import pytest

from tests.gate.cases import Setting, simple

ROWS = pl.DataFrame({"k": ["a", "b", "c", "d"], "v": [100.0, 200.0, 300.0, 400.0]})


def test_passes() -> None:
    """Everything up by 1 %: g is the logarithm of the ratio."""
    result = (
        Setting(simple(), ROWS.with_columns(pl.col("v") * 1.01), ROWS)
        .evaluate()
        .check("median_shift")
    )
    assert result.status == "pass"
    assert result.value == pytest.approx(math.log(1.01), abs=1e-5)


def test_fails() -> None:
    """Everything down by 6 %: the size of g counts."""
    result = (
        Setting(simple(), ROWS.with_columns(pl.col("v") * 0.94), ROWS)
        .evaluate()
        .check("median_shift")
    )
    assert result.status == "fail"
    assert result.value == pytest.approx(-math.log(0.94), abs=1e-5)
