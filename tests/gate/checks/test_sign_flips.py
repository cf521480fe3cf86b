"""The check `sign_flips`."""

from __future__ import annotations

import polars as pl
import pytest

from tests.gate.cases import Setting, simple

ROWS = pl.DataFrame({"k": ["a", "b", "c", "d"], "v": [100.0, 200.0, 300.0, 400.0]})


def test_passes() -> None:
    """Signs that stay pass."""
    result = (
        Setting(simple(), ROWS.with_columns(pl.col("v") * 1.01), ROWS)
        .evaluate()
        .check("sign_flips")
    )
    assert (result.status, result.value) == ("pass", 0)


def test_fails() -> None:
    """One of four keys with another sign is a share of 25 %."""
    result = (
        Setting(simple(), ROWS.with_columns(v=pl.Series([-100.0, 200.0, 300.0, 400.0])), ROWS)
        .evaluate()
        .check("sign_flips")
    )
    assert result.status == "fail"
    assert result.value == pytest.approx(0.25)
