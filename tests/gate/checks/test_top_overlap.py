"""The check `top_overlap`."""

from __future__ import annotations

import polars as pl
import pytest

from tests.gate.cases import many_setting


def test_passes() -> None:
    """The same order keeps the whole top."""
    result = many_setting(lambda rows: rows).evaluate().check("top_overlap")
    assert result.status == "pass"
    assert result.value == pytest.approx(1)


def test_warns() -> None:
    """The reverse order keeps nothing of the top."""
    result = (
        many_setting(lambda rows: rows.with_columns(v=2000 - pl.col("v")))
        .evaluate()
        .check("top_overlap")
    )
    assert (result.status, result.value) == ("warn", 0)
