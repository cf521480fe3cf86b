"""The check `removed_keys`."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest

from tests.gate.cases import THROUGH, Setting, clean_verdict, frame, provenance


def test_passes() -> None:
    """The baseline's keys pass."""
    result = clean_verdict().check("removed_keys")
    assert (result.status, result.value) == ("pass", 0)


def test_fails() -> None:
    """5 of 25 keys gone are a share of 20 %."""
    result = Setting(frame=frame(1.001).slice(5)).evaluate().check("removed_keys")
    assert result.status == "fail"
    assert result.value == pytest.approx(0.2)


def test_elapsed_and_advanced_targets_are_neither_removed_nor_added() -> None:
    """The next day's version of a rolling set loses one target, gains one, and is not blocked for
    it.
    """
    earlier = frame()
    later = frame(1.001).with_columns(
        pl.col("target_date").dt.offset_by("1d"), pl.col("trend").fill_null(-1.5)
    )
    targets = tuple(day.isoformat() for day in later["target_date"].unique().sort())
    through = THROUGH + timedelta(days=3)  # Monday evening: Monday's target has elapsed
    setting = Setting(
        frame=later,
        baseline=earlier,
        judged_at=through + timedelta(hours=2),
        candidate={
            "provenance": provenance(data_through=through, targets=targets),
            "published_at": through + timedelta(hours=1),
        },
    )
    verdict = setting.evaluate()
    assert (verdict.check("removed_keys").value, verdict.check("added_keys").value) == (0, 0)
    assert verdict.check("p95_change").n == 20
    assert not verdict.blocks
