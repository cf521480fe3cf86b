"""Two tables that were stored by different programs, in the same types."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

import estimates
from estimates.errors import InvalidError
from estimates.guess.column_pairs import plain_pair

_BIG = 2**63 + 1


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (pl.Series([_BIG], dtype=pl.UInt64), pl.Series([7]), ([str(_BIG)], ["7"])),
        (pl.Series([_BIG], dtype=pl.UInt64), pl.Series([1.5]), ([float(_BIG)], [1.5])),
        (pl.Series([b"ab"]), pl.Series([b"\xff\x00"]), (["6162"], ["ff00"])),
        (
            pl.Series([datetime(2026, 1, 1)]),
            pl.Series([date(2026, 1, 1)]),
            ([date(2026, 1, 1)], [date(2026, 1, 1)]),
        ),
        (
            pl.Series([datetime(2026, 1, 1)]),
            pl.Series([datetime(2026, 1, 1, 1)]),
            ([datetime(2026, 1, 1, tzinfo=UTC)], [datetime(2026, 1, 1, 1, tzinfo=UTC)]),
        ),
        (
            pl.Series(["2026-01-01 05:00:00"]),
            pl.Series([datetime(2026, 1, 1)]),
            (["2026-01-01 05:00:00"], [datetime(2026, 1, 1, tzinfo=UTC)]),
        ),
    ],
)
def test_pairs(old: pl.Series, new: pl.Series, expected: tuple[list[Any], list[Any]]) -> None:
    """What one table stores decides how the other's column is read, either way round."""
    a, b = plain_pair(old, new, "UTC")
    assert (a.to_list(), b.to_list()) == expected
    b, a = plain_pair(new, old, "UTC")
    assert (a.to_list(), b.to_list()) == expected


def test_decimal_keys() -> None:
    """Whole decimals are integers, others text with the digits they are stored with."""
    old, new = pl.Series([Decimal("1.00")]), pl.Series([Decimal("250.10")])
    a, b = plain_pair(old, new, "UTC", is_key=True)
    assert (a.to_list(), b.to_list()) == (["1.00"], ["250.10"])


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (pl.Series([[1], [2]]), "column_type"),
        (pl.Series([{"a": 1}, {"a": 2}]), "column_type"),
        (pl.Series([1001, 1002], dtype=pl.Datetime("ns", "UTC")), "column_type"),
        (pl.Series([4_000_000, 4_000_001], dtype=pl.Date), "out_of_range"),
    ],
)
def test_a_key_that_no_contract_holds(key: pl.Series, code: str) -> None:
    """What cannot identify a row is an error that names the column."""
    frame = pl.DataFrame({"id": key, "value": [1.0, 2.0]})
    with pytest.raises(InvalidError, match="column 'id'") as caught:
        estimates.diff(frame, frame, key="id")
    assert caught.value.code == code
