"""The check `rank_order`."""

from __future__ import annotations

import polars as pl
import pytest

from tests.gate.cases import many_setting


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
