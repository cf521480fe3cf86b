"""Quantiles, means and largest values of long columns, in one pass and without sorting all.

A column is a formula: the values of some rows, a slice or an array of row numbers. It is computed
block by block, so that a column which nothing else needs takes no memory.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from estimates.stability.kernels.blocks import (
    Floats,
    Rows,
    count_rows,
    each_block,
    exact_sum,
    fill_column,
    mean_rows,
    run_parallel,
)

Formula = Callable[[Any], Floats]  # of a slice or an array of rows
# columns, or masks, that are looked at one after the other
Named = Iterator[tuple[str, NDArray[Any]]]

_FEW = 1 << 14  # rows below which sorting all is as fast
_HIGH = 0.8  # the level from which on a block is cut down to the values above
_STRETCH = 1 << 8  # rows whose largest value says whether to look closer
# standard deviations that a place in the sample may be off before a second look is needed
_SPREAD = 3.0


class Summary(NamedTuple):
    """What one pass says of a column: its length, its sum (not finite where it does not fit a
    double) and its mean; where they were asked for, the quantiles or the sum of the largest values,
    and the largest of all. When this one is not finite the rest is NaN or missing.
    """

    rows: int
    total: float
    mean: float
    largest: float
    quantiles: list[float]
    top: float


def summaries(
    formula: Callable[[Any], Named],
    rows: int,
    at: Mapping[str, Sequence[float]],
    top: Mapping[str, int] | None = None,
) -> dict[str, Summary]:
    """Summarise several columns of at least one row that are computed together, none of them NaN;
    of a mask the mean is the share of true.

    at   the quantiles by name; of a column that is not there, none
    top  by name, how many of the largest values are to be added up
    """
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        sample = dict(formula(sampled(rows)))
    columns = {
        name: _Column(
            partial(_named, formula, name), rows, at.get(name, ()), (top or {}).get(name), x
        )
        for name, x in sample.items()
    }

    def of_block(block: slice) -> dict[str, _Block]:
        return {name: columns[name].of_block(x) for name, x in formula(block)}

    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        blocks = each_block(of_block, rows)
        tasks = [
            partial(column.of_blocks, [block[name] for block in blocks])
            for name, column in columns.items()
        ]
        return dict(zip(columns, run_parallel(tasks, rows), strict=True))


def _named(formula: Callable[[Any], Named], name: str, rows: Any) -> NDArray[Any]:
    return next(column for other, column in formula(rows) if other == name)


class _Block(NamedTuple):
    """What is kept of one block of a column."""

    total: float
    largest: float = 0.0
    between: Sequence[Between] = ()
    top: Floats | None = None


class _Column:
    """One of the columns that are summarised together."""

    def __init__(
        self, formula: Formula, rows: int, at: Sequence[float], top: int | None, sample: Floats
    ) -> None:
        self._formula, self._rows = formula, rows
        self._quantiles = Quantiles(formula, rows, *at, sample=sample) if at else None
        self._top = None if top is None else Largest(formula, rows, top, sample=sample)

    def of_block(self, x: NDArray[Any]) -> _Block:
        """What is to be kept of a block."""
        if x.dtype == bool:
            return _Block(float(np.count_nonzero(x)))
        total = float(x.sum())
        if not (self._quantiles or self._top):
            return _Block(total)
        between = self._quantiles.of_block(x) if self._quantiles else []
        return _Block(total, float(x.max()), between, self._top.of_block(x) if self._top else None)

    def of_blocks(self, blocks: list[_Block]) -> Summary:
        """The summary, from what was kept of the blocks in the order of the rows."""
        sums, maxima, between, top = zip(*blocks, strict=True)
        largest = float(np.max(maxima))  # NaN when one is
        if not math.isfinite(largest):
            return Summary(self._rows, math.nan, math.nan, largest, [], math.nan)
        total = exact_sum(sums)
        return Summary(
            self._rows,
            total,
            total / self._rows if math.isfinite(total) else mean_rows(self._formula, self._rows),
            largest,
            self._quantiles.of_blocks(between) if self._quantiles else [],
            self._top.total(top) if self._top else math.nan,
        )


def quantiles(x: Floats, *levels: float) -> list[float]:
    """Quantiles with linear interpolation (type 7, Hyndman and Fan, 1996) of at least one number,
    none of them NaN; in the order of `levels`, each from 0 to 1.
    """
    column = pl.Series(x)
    return [_quantile(column, level) for level in levels]


def _quantile(column: pl.Series, level: float) -> float:
    value = column.quantile(level, "linear")
    assert value is not None, "there is a number"
    if math.isfinite(value):
        return value
    # beside an infinite value, or a step that does not fit a double
    low, high = (float(column.quantile(level, end) or 0.0) for end in ("lower", "higher"))
    return _interpolated(low, high, (len(column) - 1) * level % 1)


class Between(NamedTuple):
    """Of a block, how many values are below the lower end of a bracket, how many not above it, and
    those inside.

    below  counted where the sample has the lower end more than once; else as many as `upto`
    """

    below: int
    upto: int
    inside: Floats


class Quantiles:
    """Quantiles of type 7 of a column that is looked at block by block, once.

    A sample of the rows says between which two values each quantile lies, the bracket; of each
    block the values in the brackets are kept, and those below are counted. A sample that misled
    shows in the counts, and the whole column is looked at. Which rows are in the sample changes no
    result.
    """

    def __init__(
        self, formula: Formula, rows: int, *at: float, sample: Floats | None = None
    ) -> None:
        self._formula, self._rows = formula, rows
        self._places = [(rows - 1) * level for level in at]
        self.sample = _ascending(formula(sampled(rows)) if sample is None else sample)
        self._brackets = [_bracket(self.sample, place, rows) for place in self._places]
        lows = [low for low, _ in self._brackets]
        self._repeated = [
            np.searchsorted(self.sample, low, "right") - np.searchsorted(self.sample, low) > 1
            for low in lows
        ]
        # after these only the few values above are looked at
        self._cuts = [
            place > _HIGH * rows and low < min(lows[number + 1 :], default=low)
            for number, (place, low) in enumerate(zip(self._places, lows, strict=True))
        ]

    def of_block(self, x: Floats) -> list[Between]:
        """What is to be kept of a block, for each quantile."""
        if self._rows <= _FEW:  # the sample is the column
            return []
        parts, cut_off = list[Between](), 0
        for (low, high), repeated, cut in zip(
            self._brackets, self._repeated, self._cuts, strict=True
        ):
            above = x > low
            upto = cut_off + len(x) - int(np.count_nonzero(above))
            below = cut_off + int(np.count_nonzero(x < low)) if repeated else upto
            if cut:
                x, cut_off = x.compress(above), upto
                parts.append(Between(below, upto, x.compress(x < high)))
            else:
                parts.append(Between(below, upto, x.compress(above & (x < high))))
        return parts

    def of_blocks(self, blocks: Any) -> list[float]:
        """The quantiles, from what was kept of the blocks in the order of the rows."""
        if self._rows <= _FEW:
            return [
                _interpolated(self.sample[math.floor(p)], self.sample[math.ceil(p)], p % 1)
                for p in self._places
            ]
        return [
            self._quantile(place, low, parts)
            for place, (low, _), parts in zip(
                self._places, self._brackets, zip(*blocks, strict=True), strict=True
            )
        ]

    def _quantile(self, place: float, low: float, parts: Sequence[Between]) -> float:
        first, last = math.floor(place), math.ceil(place)
        upto = sum(part.upto for part in parts)
        if sum(part.below for part in parts) <= first and last < upto:
            return low
        inside = np.concatenate([part.inside for part in parts])
        if not upto <= first <= last < upto + len(inside):  # the sample misled
            upto, inside = 0, fill_column(self._formula, self._rows)
        inside = np.partition(inside, (first - upto, last - upto))
        return _interpolated(inside[first - upto], inside[last - upto], place % 1)


class Largest:
    """The sum of the largest values of a column that is looked at block by block, once; by a
    sample, as `Quantiles`.
    """

    def __init__(
        self, formula: Formula, rows: int, number: int, sample: Floats | None = None
    ) -> None:
        self._formula, self._rows, self._number = formula, rows, number
        sample = _ascending(formula(sampled(rows)) if sample is None else sample)
        self._least = _bracket(sample, rows - number, rows)[0]

    def of_block(self, x: Floats) -> Floats:
        """What is to be kept of a block."""
        return x.compress(x > self._least)

    def total(self, blocks: Any) -> float:
        """The sum, from what was kept of the blocks in the order of the rows."""
        kept = np.concatenate(blocks)
        equal = self._number - len(kept)  # to the least, which was not kept
        if equal > 0:
            ties = count_rows(lambda rows: self._formula(rows) == self._least, self._rows)
            if equal <= ties:
                return float(np.sort(kept).sum()) + equal * self._least
            kept = fill_column(self._formula, self._rows)  # the sample misled
        return float(np.sort(kept)[len(kept) - self._number :].sum())


def largest_first(number: int, rows: int, *metrics: Formula) -> Rows:
    """The rows with the largest values of the first metric, ties by the next ones, then by row."""
    left = _candidates(number, rows, metrics[0])
    chosen: list[Rows] = []
    for metric in metrics:
        if len(left) <= number:
            break
        value = metric(left)
        cut = np.partition(value, len(value) - number)[len(value) - number]
        chosen.append(left[value > cut])
        number -= len(chosen[-1])
        left = left[value == cut]
    picked = np.concatenate([*chosen, left[:number]])
    return picked[np.lexsort((picked, *(-metric(picked) for metric in reversed(metrics))))]


def _candidates(number: int, rows: int, metric: Formula) -> Rows:
    """Rows among which the `number` largest are, and all that are equal to the last of them."""

    def of_block(block: slice) -> Floats:
        return np.maximum.reduceat(metric(block), np.arange(0, block.stop - block.start, _STRETCH))

    largest = np.concatenate(each_block(of_block, rows))
    if len(largest) <= number:
        return np.arange(rows)
    # `number` stretches have a value that is no smaller
    least = np.partition(largest, -number)[-number]
    stretches = np.flatnonzero(largest >= least)
    rows_near = (stretches[:, None] * _STRETCH + np.arange(_STRETCH)).ravel()
    rows_near = rows_near[rows_near < rows]  # the last one may be short
    return rows_near[metric(rows_near) >= least]


@lru_cache(maxsize=32)
def sampled(rows: int) -> Any:
    """Rows of a sample: all of a short column, else one of each stretch, picked in the same way
    each time.
    """
    if rows <= _FEW:
        return slice(0, rows)
    size = max(_FEW // 4, int(0.7 * rows ** (2 / 3)))
    starts = np.arange(size) * rows // size
    return starts + (np.random.default_rng(0).random(size) * (rows // size)).astype(np.intp)


def _ascending(x: Floats) -> Floats:
    """Sorted by polars, which takes two thirds of NumPy's time where that stumbles over AVX-512."""
    return pl.Series(np.ascontiguousarray(x)).sort(multithreaded=False).to_numpy()


def _bracket(sample: Floats, place: float, rows: int) -> tuple[float, float]:
    """Two values of a sorted sample between which a place of the column almost certainly lies."""
    last = len(sample) - 1
    share = place / max(1, rows - 1)
    middle, off = share * last, 2 + _SPREAD * math.sqrt(share * (1 - share) * len(sample))
    low, high = math.floor(middle - off), math.ceil(middle + off)
    return -math.inf if low < 0 else float(sample[low]), math.inf if high > last else float(
        sample[high]
    )


def _interpolated(low: float, high: float, share: float) -> float:
    low, high = float(low), float(high)
    if low == high or not share:
        return low
    step = high - low
    return low * (1 - share) + high * share if math.isinf(step) else low + step * share
