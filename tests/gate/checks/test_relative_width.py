"""The check `relative_width`."""

from __future__ import annotations

import polars as pl
import pytest

from tests.gate.cases import Setting, clean_verdict, contract, frame

VOLATILE = '\n[gate]\nprofile = "volatile"\n'
NUMBERS = ["close", "lower_80", "upper_80", "q10", "q50", "q90"]


def test_widths_may_grow_with_the_level() -> None:
    """Everything twice as large: every interval says as much as before."""
    twice = frame().with_columns(pl.col(NUMBERS) * 2)
    result = Setting(contract(more=VOLATILE), twice).evaluate().check("relative_width")
    assert result.status == "pass"
    assert result.value == pytest.approx(1, rel=0.05)


def test_widths_beside_the_level_block() -> None:
    """Intervals twice as wide around the same level."""
    wide = frame().with_columns(
        (pl.col("close") + 2 * (pl.col(name) - pl.col("close"))).alias(name) for name in NUMBERS[1:]
    )
    result = Setting(contract(more=VOLATILE), wide).evaluate().check("relative_width")
    assert result.status == "fail"
    assert result.value == pytest.approx(2)
    assert {offender.column for offender in result.offenders} == {"lower_80", "q10"}


def test_without_a_limit_nothing_is_measured() -> None:
    """The default profile has none."""
    result = clean_verdict().check("relative_width")
    assert (result.status, result.reason) == ("skipped", "not_in_contract")
