"""The check `quantile_change`."""

from __future__ import annotations

import polars as pl
import pytest

from tests.gate.cases import Setting, simple

CONTRACT = simple(
    more="".join(
        f'[columns.q{level}]\nrole = "quantile"\nquantile = 0.{level}\n' for level in (25, 50, 75)
    )
)


def shifted(by: float) -> Setting:
    """Quantile functions with an IQR of 20, all moved by as much."""
    keys = {"k": ["a", "b", "c"], "v": [100.0, 101.0, 102.0]}
    before = pl.DataFrame(keys | {"q25": [90.0] * 3, "q50": [100.0] * 3, "q75": [110.0] * 3})
    return Setting(CONTRACT, before.with_columns(pl.col("q25", "q50", "q75") + by), before)


def test_passes() -> None:
    """Quantiles moved by half of an IQR of 20."""
    result = shifted(10.0).evaluate().check("quantile_change")
    assert result.status == "pass"
    assert result.value == pytest.approx(0.5)


def test_fails() -> None:
    """Quantiles moved by one and a half of it."""
    result = shifted(30.0).evaluate().check("quantile_change")
    assert result.status == "fail"
    assert result.value == pytest.approx(1.5)
