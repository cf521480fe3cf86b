"""Which rows of two sorted frames have the same key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.stability.kernels.key_join import matching_rows

NAMES = st.integers(0, 6).map(lambda i: "aéz"[i % 3] * (i // 3))
DAYS = st.integers(-5, 5).map(lambda i: date(2026, 11, 20) + timedelta(days=i))
WHOLE = st.one_of(st.integers(-3, 3), st.sampled_from([-(2**63), 2**63 - 1]))
KEYS = {
    "string": st.tuples(NAMES),
    "integer": st.tuples(WHOLE),
    "string, integer": st.tuples(NAMES, WHOLE),
    "string, string": st.tuples(NAMES, NAMES),
    "date, string": st.tuples(DAYS, NAMES),
    "string, integer, date": st.tuples(NAMES, st.integers(0, 3), DAYS),
}


def frame(keys: Sequence[tuple[Any, ...]]) -> pl.DataFrame:
    """The keys in order, a column for each part."""
    names = [f"part {i}" for i in range(len(keys[0]) if keys else 1)]
    return pl.DataFrame(keys, schema=names, orient="row").sort(names)


@pytest.mark.parametrize("kind", KEYS)
@given(data=st.data())
def test_equal_keys_are_matched_in_order(kind: str, data: st.DataObject) -> None:
    """Every key of both frames is matched with itself, in key order; no other is."""
    some = st.lists(KEYS[kind], unique=True, min_size=1, max_size=40)
    a, b = frame(data.draw(some)), frame(data.draw(some))
    rows_a, rows_b = matching_rows(a, b, a.columns)
    assert a[rows_a].rows() == b[rows_b].rows() == sorted(set(a.rows()) & set(b.rows()))


def test_long_frames_are_matched_block_by_block() -> None:
    """Keys of many blocks, some in one frame only at either end and between, are matched as short
    ones are.
    """
    whole = pl.DataFrame(
        {"name": [f"{i // 7:06d}" for i in range(200_000)], "step": [i % 7 for i in range(200_000)]}
    )
    number = pl.int_range(pl.len())
    a, b = (
        whole.filter(number % 11 > 0, number < 199_000),
        whole.filter(number % 5 > 0, number > 70_000),
    )
    rows_a, rows_b = matching_rows(a, b, whole.columns)
    assert a[rows_a].equals(b[rows_b])
    assert a[rows_a].equals(
        whole.filter(number % 11 > 0, number % 5 > 0, number < 199_000, number > 70_000)
    )


def test_runs_of_one_frame_alone_stand_between() -> None:
    """Names that the other frame lacks, one or several after each other, match nothing and hide
    nothing.
    """
    rows = 300_000
    whole = pl.DataFrame(
        {"name": [f"{i // 10:06d}" for i in range(rows)], "step": [i % 10 for i in range(rows)]}
    )
    name = pl.int_range(pl.len()) // 10
    in_a, in_b = (name * 7 % 13).is_in([0, 1, 2, 5, 9]), (name * 7 % 13).is_in([1, 2, 3, 4, 8, 9])
    a, b = whole.filter(in_a), whole.filter(in_b)
    for old, new in ((a, b), (b, a)):
        rows_a, rows_b = matching_rows(old, new, whole.columns)
        assert old[rows_a].equals(new[rows_b])
        assert old[rows_a].equals(whole.filter(in_a, in_b))


def test_a_frame_without_rows_matches_nothing() -> None:
    """No key is in both when one frame has none."""
    some = frame([("a", 1)])
    assert [len(rows) for rows in matching_rows(some, some.clear(), some.columns)] == [0, 0]
