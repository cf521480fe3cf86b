"""The check `coverage_error`."""

from __future__ import annotations

import polars as pl
import pytest

from tests.gate.cases import Setting, contract, frame, many, many_rows
from tests.gate.faulty_settings import observed


def test_passes() -> None:
    """An 80 % interval that covers 80 % passes."""
    result = observed().evaluate().check("coverage_error")
    assert result.status == "pass"
    assert result.value == pytest.approx(0, abs=1e-9)


def test_fails() -> None:
    """An 80 % interval that covers nothing is off by 0.8."""
    result = (
        observed(low=pl.col("v") * 0.999, high=pl.col("v") * 1.001)
        .evaluate()
        .check("coverage_error")
    )
    assert result.status == "fail"
    assert result.value == pytest.approx(0.8)


def test_coverage_may_be_off_by_what_so_many_targets_allow() -> None:
    """Ten dates of twenty keys are ten outcomes, not two hundred: coverage that only 200 would
    refute passes.
    """
    dated = Setting(
        contract(),
        frame(),
        frame(),
        actuals=frame().select("ticker", "target_date", close=pl.col("close")),
    )
    result = dated.evaluate().check("coverage_error")
    # all of 25 values are covered: five dates allow half of Wilson's interval for 5 of 5
    half = (1 - 5 / (5 + 1.959964**2)) / 2
    assert result.value == pytest.approx(0.2)
    assert (result.warn, result.block) == (
        pytest.approx(half, abs=1e-6),
        pytest.approx(2 * half, abs=1e-6),
    )
    assert result.status == "pass"
    rows = many_rows()
    plain = (
        Setting(many(), rows, rows, actuals=rows.select("k", "v", "label"))
        .evaluate()
        .check("coverage_error")
    )
    assert (plain.value, plain.warn, plain.block, plain.status) == (
        pytest.approx(0.2),
        0.05,
        0.15,
        "fail",
    )
