"""The check `duplicate_content`."""

from __future__ import annotations

import polars as pl
import pytest

from tests.gate.cases import Setting, clean_verdict, simple
from tests.gate.faulty_settings import copied


def test_passes() -> None:
    """Rows that all differ pass."""
    result = clean_verdict().check("duplicate_content")
    assert (result.status, result.value) == ("pass", 0)


def test_warns() -> None:
    """Two of 25 rows with the same estimates are a share of 8 %."""
    result = Setting(frame=copied()).evaluate().check("duplicate_content")
    assert result.status == "warn"
    assert result.value == pytest.approx(0.08)


def test_rounded_numbers_agree_by_chance() -> None:
    """Scores of two decimals are the same for many keys; copies beyond that are found."""
    scores = [round(0.05 + 0.9 * (i * 7919 % 1000) / 1000, 2) for i in range(1000)]
    rows = pl.DataFrame({"k": [f"k{i:04}" for i in range(1000)], "v": scores})
    result = Setting(simple(), rows, None).evaluate().check("duplicate_content")
    assert (result.status, result.offending) == ("pass", 0)
    assert "to be expected of numbers that are rounded like these" in result.message
    exact = rows.with_columns(v=pl.col("v") + pl.int_range(1000) / 7e6)
    first = pl.int_range(pl.len()) < 20
    copied_rows = exact.with_columns(v=pl.when(first).then(pl.lit(0.123456789)).otherwise("v"))
    result = Setting(simple(), copied_rows, None).evaluate().check("duplicate_content")
    assert (result.status, result.value) == ("warn", pytest.approx(0.02))
