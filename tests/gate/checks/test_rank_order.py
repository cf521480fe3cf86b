"""The check `rank_order`."""

from __future__ import annotations

import polars as pl
import pytest

from tests.gate.cases import Setting, many_setting, simple


def test_passes() -> None:
    """The same order has a correlation of 1."""
    result = many_setting(lambda rows: rows).evaluate().check("rank_order")
    assert result.status == "pass"
    assert result.value == pytest.approx(1)


def test_fails() -> None:
    """The reverse order has a correlation of -1."""
    result = (
        many_setting(lambda rows: rows.with_columns(v=2000 - pl.col("v")))
        .evaluate()
        .check("rank_order")
    )
    assert result.status == "fail"
    assert result.value == pytest.approx(-1)


def test_few_keys_change_places_by_chance() -> None:
    """Of three keys a swapped pair says nothing; of ten the reverse order does."""
    rows = pl.DataFrame({"k": list("abc"), "v": [1.0, 1.001, 5.0]})
    swapped = rows.with_columns(v=pl.Series([1.001, 1.0, 5.0]))
    verdict = Setting(simple(), swapped, rows).evaluate()
    assert verdict.check("rank_order").reason == "fewer_than_10_keys"
    assert not verdict.blocks
    ten = pl.DataFrame({"k": list("abcdefghij"), "v": [float(i) for i in range(10)]})
    backwards = ten.with_columns(v=9 - pl.col("v"))
    assert Setting(simple(), backwards, ten).evaluate().check("rank_order").status == "fail"
