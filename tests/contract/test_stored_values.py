"""Stored types in the few that a contract holds."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.contract.stored_values import plain, shortest, unheld

_ID = UUID("899f47c9-44f6-441f-a022-3fee6d2e1e65")


@pytest.mark.parametrize(
    ("series", "values"),
    [
        (pl.Series([1], dtype=pl.Int8), [1]),
        (pl.Series([2**32 - 1], dtype=pl.UInt32), [2**32 - 1]),
        (pl.Series([2**63 - 1], dtype=pl.UInt64), [2**63 - 1]),
        (pl.Series([2**63, 7], dtype=pl.UInt64), ["9223372036854775808", "7"]),
        (pl.Series([-(2**100), 1], dtype=pl.Int128), [str(-(2**100)), "1"]),
        (pl.Series([2**120], dtype=pl.UInt128), [str(2**120)]),
        (pl.Series([], dtype=pl.UInt128), []),
        (pl.Series([None], dtype=pl.UInt64), [None]),
        (pl.Series([1.1, None], dtype=pl.Float32), [1.1, None]),
        (pl.Series([1.1, None, 65504], dtype=pl.Float16), [1.1, None, 65500.0]),
        (pl.Series([Decimal("1.10")]), [1.1]),
        (pl.Series([Decimal(5)], dtype=pl.Decimal(38, 0)), [5]),
        (pl.Series(["a"], dtype=pl.Categorical), ["a"]),
        (pl.Series([b"abc", None]), ["abc", None]),
        (pl.Series([_ID.bytes, None]), [str(_ID), None]),
        (pl.Series([b"\x00\xff"]), ["00ff"]),
        (pl.Series([datetime(2026, 1, 1), None]), [date(2026, 1, 1), None]),
        (pl.Series([datetime(2026, 1, 1, 2)]), [datetime(2026, 1, 1, 2, tzinfo=UTC)]),
        (
            pl.Series([datetime(2026, 1, 1)]).dt.replace_time_zone("Asia/Tokyo"),
            [datetime(2025, 12, 31, 15, tzinfo=UTC)],
        ),
    ],
)
def test_plain(series: pl.Series, values: list[Any]) -> None:
    """Every width, decimals, categories, bytes and times of any zone have a plain type."""
    assert unheld(series) == ""
    assert plain(series, "UTC").to_list() == values


@pytest.mark.parametrize(
    ("series", "values"),
    [
        (pl.Series([Decimal("250.10")]), ["250.10"]),
        (pl.Series([Decimal("250.00")]), [250]),
        (pl.Series([time(1, 2, 3, 500_000)]), ["01:02:03.5"]),
        (pl.Series([timedelta(hours=1)]), ["PT1H"]),
    ],
)
def test_plain_keys(series: pl.Series, values: list[Any]) -> None:
    """What identifies a row is never a float, and may be a time of day."""
    assert unheld(series, is_key=True) == ""
    assert plain(series, "UTC", is_key=True).to_list() == values


@pytest.mark.parametrize(
    ("series", "word"),
    [
        (pl.Series([[1]]), "list"),
        (pl.Series([{"a": 1}]), "structure"),
        (pl.Series([time(1)]), "time of day"),
        (pl.Series([4_000_000], dtype=pl.Date), "date, years beyond 9999"),
        (
            pl.Series([1001], dtype=pl.Datetime("ns", "UTC")),
            "timestamp, nanoseconds",
        ),
    ],
)
def test_unheld(series: pl.Series, word: str) -> None:
    """What no contract holds is named by its type, and by what is in the way."""
    assert unheld(series) == word


@given(st.lists(st.floats(width=32)))
def test_a_float_of_32_bits_has_its_own_digits(values: list[float]) -> None:
    """The digits are the fewest that give the same 32 bits back, as NumPy writes them."""
    digits = shortest(pl.Series(values, dtype=pl.Float32)).to_list()
    assert str(digits) == str([float(str(np.float32(value))) for value in values])
