"""The check `accuracy_loss`."""

from __future__ import annotations

import polars as pl
import pytest

from tests.gate.cases import Setting, simple


def wrong_by(error: float) -> Setting:
    """A candidate that is wrong by as much, a baseline that is wrong by 1."""
    truth = pl.DataFrame({"k": ["a", "b", "c"], "v": [10.0, 20.0, 30.0]})
    off = pl.col("v") + 1
    return Setting(
        simple(), truth.with_columns(pl.col("v") + error), truth.with_columns(off), actuals=truth
    )


def test_passes() -> None:
    """The baseline's own loss is no growth."""
    result = wrong_by(1.0).evaluate().check("accuracy_loss")
    assert (result.status, result.value) == ("pass", 0)


def test_fails() -> None:
    """A loss of 2 after one of 1 grew by 100 %."""
    result = wrong_by(2.0).evaluate().check("accuracy_loss")
    assert result.status == "fail"
    assert result.value == pytest.approx(1)
