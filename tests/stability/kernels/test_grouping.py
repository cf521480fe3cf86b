"""Rows by the value that each has, beside what polars groups."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from estimates.stability.kernels.blocks import BLOCK, block_size
from estimates.stability.kernels.grouping import grouping

ROWS = 5 * BLOCK + 7


def columns() -> dict[str, pl.Series]:
    """Long columns of few and many values."""
    random = np.random.default_rng(4)
    numbers = pl.Series(random.integers(-3, 7, ROWS))
    return {
        "few numbers": numbers,
        "many numbers": pl.Series(random.integers(0, 400, ROWS) ** 2 // 400),
        "far numbers": pl.Series(random.choice([1, 2**61, -(2**61)], ROWS)),
        "texts": pl.Series(random.integers(0, 70, ROWS)).cast(pl.String),
        "with nulls": numbers.set(numbers == 2, None),
    }


@pytest.mark.parametrize("name", columns())
def test_groups_are_those_of_polars(name: str) -> None:
    """The 50 largest groups have the rows that polars gives them; the rest is one group more."""
    values = columns()[name]
    groups = grouping(values)
    sizes = groups.counts.sum(axis=0)
    counted = values.alias("by").value_counts(name="n").sort(["n", "by"], descending=[True, False])
    wanted = dict(counted.head(50).iter_rows())
    shown = {v: int(n) for v, n in zip(groups.shown, sizes[:-1], strict=True) if n}
    assert shown == wanted
    assert int(sizes[-1]) == ROWS - sum(wanted.values())
    assert groups.shown.is_sorted()
    places = pl.Series(groups.group.astype(np.intp))
    is_shown = places < len(groups.shown)
    own = groups.shown.gather(places.filter(is_shown))
    assert own.equals(values.filter(is_shown), check_names=False)


def test_rows_of_a_block_stand_group_by_group() -> None:
    """Inside each block the rows of one group follow those of the one before, in their order."""
    groups = grouping(columns()["few numbers"])
    size = block_size(ROWS)
    for start in range(0, ROWS, size):
        block = groups.group[start : start + size]
        assert np.array_equal(groups.within[start : start + size], np.argsort(block, kind="stable"))
