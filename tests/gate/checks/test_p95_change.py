"""The check `p95_change`."""

from __future__ import annotations

import polars as pl
import pytest

from tests.gate.cases import Setting, off_by_ten, poked, simple

ROWS = pl.DataFrame({"k": ["a", "b", "c", "d"], "v": [100.0, 200.0, 300.0, 400.0]})


def test_passes() -> None:
    """Everything up by 1 %: r is 0.01 of the mean of old and new."""
    result = (
        Setting(simple(), ROWS.with_columns(pl.col("v") * 1.01), ROWS)
        .evaluate()
        .check("p95_change")
    )
    assert result.status == "pass"
    assert result.value == pytest.approx(0.01 / 1.005)


def test_fails() -> None:
    """Everything up by a half: r is 0.5 / 1.25."""
    result = (
        Setting(simple(), ROWS.with_columns(pl.col("v") * 1.5), ROWS).evaluate().check("p95_change")
    )
    assert result.status == "fail"
    assert result.value == pytest.approx(0.4)


def test_passing_checks_report_value_limits_and_n() -> None:
    """A check reports what it measured whatever its status."""
    content = pl.DataFrame({"k": ["a", "b", "c", "d"], "v": [100.0, 200.0, 300.0, None]})
    now = content.with_columns(pl.col("v") * 1.01)
    result = Setting(simple("nullable = true"), now, content).evaluate().check("p95_change")
    assert result.status == "pass"
    assert result.value == pytest.approx(0.01 / 1.005)
    assert (result.warn, result.block, result.n, result.coverage) == (0.15, 0.25, 3, 0.75)


def test_all_zero_before_and_after_is_no_change() -> None:
    """A column of zeros has no scale; while it stays so it has not moved, and when it moves nobody
    can say how far.
    """
    zeros = pl.DataFrame({"k": ["a", "b", "c"], "v": [0.0, 0.0, 0.0]})
    same = Setting(simple(), zeros, zeros).evaluate().check("p95_change")
    moved = Setting(simple(), poked(zeros, "v", 1.0), zeros).evaluate().check("p95_change")
    scaled = (
        Setting(simple("scale_floor = 100"), poked(zeros, "v", 1.0), zeros)
        .evaluate()
        .check("p95_change")
    )
    assert (same.status, same.value) == ("pass", 0)
    assert moved.status == "error"
    assert "scale_floor" in moved.message
    assert scaled.status == "pass"


def test_checks_over_the_same_metric_agree() -> None:
    """A p95 of r and the keys named beyond it come from one report: three keys beyond the limit,
    three named.
    """
    result = Setting(frame=off_by_ten(3)).evaluate().check("p95_change")
    close = {
        tuple(offender.key or ()) for offender in result.offenders if offender.column == "close"
    }
    assert close == {("AAPL", f"2026-11-{day}") for day in (23, 24, 25)}
    assert result.offending == len(result.offenders) == 3
