"""The check `unchanged`."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest

from tests.gate.cases import (
    JUDGED,
    THROUGH,
    Setting,
    clean_verdict,
    frame,
    provenance,
    simple,
)
from tests.gate.faulty_settings import stale


def test_passes() -> None:
    """The value is the number of changed keys."""
    result = clean_verdict().check("unchanged")
    assert (result.status, result.value) == ("pass", 25)


def test_warns() -> None:
    """The same estimates of the same data warn."""
    result = Setting(frame=frame()).evaluate().check("unchanged")
    assert (result.status, result.value) == ("warn", 0)


def test_fails() -> None:
    """The same estimates of newer data fail."""
    result = stale().evaluate().check("unchanged")
    assert (result.status, result.value) == ("fail", 0)


@pytest.mark.parametrize(
    ("floats", "hours", "status"), [(True, 1, "fail"), (True, 0, "warn"), (False, 1, "warn")]
)
def test_a_stale_copy_blocks_only_where_newer_data_must_move_something(
    floats: bool, hours: int, status: str
) -> None:
    """The same estimates of newer data block where there are floats; of the same data, or of
    labels, they warn.
    """
    rows = pl.DataFrame({"k": ["a", "b", "c"], "v": [1.0, 2.0, 4.0]})
    rows = rows if floats else rows.cast({"v": pl.Int64})
    fields = {
        "provenance": provenance(data_through=THROUGH + timedelta(hours=hours)),
        "published_at": THROUGH + timedelta(hours=hours),
    }
    of = simple("" if floats else 'type = "integer"')
    same = Setting(of, rows, rows, candidate=fields, judged_at=JUDGED)
    setting = Setting(
        of, rows.with_columns(v=pl.col("v") + (pl.col("k") == "a")), rows, candidate=fields
    )
    assert same.evaluate().check("unchanged").status == status
    assert (
        setting.evaluate().check("unchanged").status,
        setting.evaluate().check("unchanged").value,
    ) == (
        "pass",
        1,
    )
