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
        "very many numbers": pl.Series(random.integers(0, 3000, ROWS)),
        "very many texts": pl.Series(random.integers(0, 2000, ROWS)).cast(pl.String),
        "texts": pl.Series(random.integers(0, 70, ROWS)).cast(pl.String),
        "with nulls": numbers.set(numbers == 2, None),
    }


@pytest.mark.parametrize("name", columns())
def test_groups_are_those_of_polars(name: str) -> None:
    """Every group has the rows that polars gives it."""
    values = columns()[name]
    groups = grouping(values)
    wanted = dict(values.alias("by").value_counts(name="n").iter_rows())
    sizes = zip(groups.shown, groups.sizes().tolist(), strict=True)
    assert {value: n for value, n in sizes if n} == wanted
    assert groups.shown.is_sorted()
    own = groups.shown.gather(pl.Series(groups.group.astype(np.intp)))
    assert own.equals(values, check_names=False)
    assert (groups.blocks is None) == (len(groups.shown) > 1024)


def test_rows_of_a_block_stand_group_by_group() -> None:
    """Inside each block the rows of one group follow those of the one before, in their order."""
    groups = grouping(columns()["few numbers"])
    assert groups.blocks is not None
    size = block_size(ROWS)
    for start in range(0, ROWS, size):
        block = groups.group[start : start + size]
        assert np.array_equal(
            groups.blocks.within[start : start + size], np.argsort(block, kind="stable")
        )
