"""Quantiles and largest values of columns long enough to be looked at in blocks."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from estimates.stability.kernels.blocks import BLOCK, block_size, each_block, run_parallel
from estimates.stability.kernels.selection import (
    Largest,
    Named,
    Quantiles,
    largest_first,
    quantiles,
    sampled,
    summaries,
)

ROWS = 5 * BLOCK + 7
LEVELS = (0.0, 0.01, 0.25, 0.5, 0.9, 0.99, 1.0)
EDGES = np.array(
    [0.0, -0.0, 5e-324, -5e-324, 1e-310, 1.0, -1.0, 1.5, 1.7e308, -1.7e308, np.inf, -np.inf]
)


def columns(seed: int) -> dict[str, NDArray[np.float64]]:
    """Long columns of many kinds."""
    random = np.random.default_rng(seed)
    normal = random.standard_normal(ROWS)
    return {
        "normal": normal,
        "narrow": 1 + normal * 1e-12,
        "equal": np.full(ROWS, 2.5),
        "wide": np.exp(100 * normal),
        "rounded": np.round(normal, 1),
        "mostly zero": np.where(normal > 1.5, normal, 0.0),
        "edges": random.choice(EDGES[:-2], ROWS),
        "negative": -np.exp(normal),
    }


def quantiles_by_blocks(x: NDArray[np.float64], *levels: float) -> list[float]:
    """What `quantiles` says, of a column that is looked at block by block."""
    wanted = Quantiles(x.__getitem__, len(x), *levels)
    return wanted.of_blocks(each_block(lambda rows: wanted.of_block(x[rows]), len(x)))


either_way = pytest.mark.parametrize("find", [quantiles, quantiles_by_blocks])
Find = Callable[..., list[float]]


@either_way
@pytest.mark.parametrize("seed", range(3))
def test_quantiles_of_long_columns_are_those_of_the_sorted_column(seed: int, find: Find) -> None:
    """Any level of any column is interpolated between the two values that stand there once it is
    sorted.
    """
    for name, column in columns(seed).items():
        ordered = np.sort(column)
        for level, got in zip(LEVELS, find(column, *LEVELS), strict=True):
            place = (ROWS - 1) * level
            low, high = float(ordered[int(place)]), float(ordered[min(int(place) + 1, ROWS - 1)])
            wanted = low * (1 - place % 1) + high * (place % 1)
            assert got == pytest.approx(
                wanted, rel=1e-12, abs=max(1e-300, 1e-15 * max(abs(low), abs(high)))
            ), (
                name,
                level,
            )


@either_way
def test_quantiles_among_infinite_values(find: Find) -> None:
    """Values that are infinite stand at the ends, in short columns as in long ones."""
    for times in (1, ROWS):
        column = np.repeat([np.inf, 1.0, -np.inf, 1.0, np.inf], times)
        assert find(column, 0.0, 0.5, 1.0) == [-np.inf, 1.0, np.inf]
        assert find(np.repeat(column, 2), 0.85) == [np.inf]


@pytest.mark.parametrize("count", [1, 3, 200])
def test_largest_of_long_columns(count: int) -> None:
    """The largest come first, ties go by the next column, then by row."""
    result = columns(count)
    for name in result:
        by = [result[name], result["rounded"]]
        wanted = np.lexsort((np.arange(ROWS), -by[1], -by[0]))[:count]
        assert (
            largest_first(count, ROWS, *(metric.__getitem__ for metric in by)).tolist()
            == wanted.tolist()
        ), name


def test_blocks_of_long_columns_are_longer_and_change_no_result() -> None:
    """Blocks stay powers of two; quantiles and the largest are those of the sorted column at any
    length.
    """
    assert [
        block_size(rows) // BLOCK for rows in (0, 4 * BLOCK - 1, 4 * BLOCK, 8 * BLOCK, 10**9)
    ] == [1, 1, 1, 2, 4]
    for rows in (8 * BLOCK - 1, 8 * BLOCK + 1, 17 * BLOCK + 7):
        x = np.round(np.random.default_rng(rows).standard_normal(rows), 5)
        wanted = np.lexsort((np.arange(rows), -x))[:20]
        assert largest_first(20, rows, x.__getitem__).tolist() == wanted.tolist()
        for find in (quantiles, quantiles_by_blocks):
            assert find(x, 0.01, 0.5, 0.99) == pytest.approx(
                np.quantile(x, [0.01, 0.5, 0.99]), rel=1e-12
            )


def test_blocks_are_worked_through_in_order() -> None:
    """Results stand in the order of the rows, every row in one block, and an error in any block
    reaches the caller.
    """
    blocks = each_block(lambda rows: (rows.start, rows.stop), ROWS)
    assert [start for start, _ in blocks] == [0, *(stop for _, stop in blocks[:-1])]
    assert blocks[-1][1] == ROWS
    assert each_block(lambda rows: rows, 0) == []

    def fail() -> None:
        raise ValueError("block")

    for at in range(5):
        with pytest.raises(ValueError, match="block"):
            run_parallel([fail if task == at else lambda: None for task in range(5)], ROWS)


def misleading(rows: int) -> NDArray[np.float64]:
    """A column whose values in either sample are not at all those of its other rows."""
    column = np.exp(np.random.default_rng(rows).standard_normal(rows))
    column[sampled(rows)] = -1.0

    return column


def test_a_misleading_sample_changes_no_result() -> None:
    """Quantiles and the sum of the largest are exact when the sampled rows say nothing about the
    column.
    """
    column = misleading(ROWS)
    ordered = np.sort(column)
    for find in (quantiles, quantiles_by_blocks):
        for level, got in zip(LEVELS, find(column, *LEVELS), strict=True):
            assert got == pytest.approx(np.quantile(ordered, level), rel=1e-12), level
    for name, x in {**columns(7), "misleading": column, "its negative": -column}.items():
        if name in ("edges", "wide"):  # their sums do not fit a double
            continue
        for number in (1, ROWS // 100, ROWS - 1):
            largest = Largest(x.__getitem__, ROWS, number)
            total = largest.total(
                each_block(lambda rows, x=x, by=largest: by.of_block(x[rows]), ROWS)
            )
            wanted = math.fsum(np.sort(x)[ROWS - number :] / ROWS)
            assert total / ROWS == pytest.approx(
                wanted, rel=1e-12, abs=1e-12 * float(np.abs(x / ROWS).max())
            ), name


@either_way
def test_levels_may_stand_in_any_order(find: Find) -> None:
    """Each level gets its own quantile, whichever was asked for before."""
    column = columns(5)["normal"]
    levels = (0.99, 0.5, 0.95, 0.9, 0.9)
    assert find(column, *levels) == [find(column, level)[0] for level in levels]


def test_columns_computed_together_are_summarised_each() -> None:
    """Means, largest values and quantiles of several columns in one pass; a mask's mean is its
    share of true.
    """
    x = columns(3)["normal"]

    def named(rows: slice) -> Named:
        yield "x", x[rows]
        yield "up", x[rows] > 0
        yield "far", x[rows] * 1e308

    result = summaries(named, ROWS, {"x": (0.1, 0.9)})
    assert result["x"].mean == pytest.approx(math.fsum(x) / ROWS, rel=1e-12)
    assert (result["x"].largest, result["x"].quantiles) == (x.max(), quantiles(x, 0.1, 0.9))
    assert result["up"].mean == np.count_nonzero(x > 0) / ROWS
    assert result["far"].largest == np.inf
    assert result["far"].quantiles == []
