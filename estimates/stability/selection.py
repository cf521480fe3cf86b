"""Quantiles and largest values of long columns, without sorting what is not asked for."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from estimates.stability.blocks import BLOCK, each

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

_FEW = 1 << 17  # rows below which sorting is as fast
_BINS = 1 << 16
_COUNTED = 1 << 18  # rows at a time: a block's counts take as much room as its bins
# The first 16 bits of doubles, as numbers, in the order of the doubles: negative ones run backwards.
_ASCENDING = np.concatenate([np.arange(_BINS - 1, _BINS // 2 - 1, -1), np.arange(_BINS // 2)])


def quantiles(x: Floats, *at: float) -> list[float]:
    """Quantiles with linear interpolation (type 7, Hyndman and Fan, 1996) of at least one number, none of them NaN."""
    places = [(len(x) - 1) * level for level in at]
    wanted = sorted({end for place in places for end in (math.floor(place), math.ceil(place))})
    values = dict(zip(wanted, _standing_at(np.array(wanted), x), strict=True))
    return [_between(values[math.floor(at)], values[math.ceil(at)], at - math.floor(at)) for at in places]


def largest_values(count: int, x: Floats) -> Floats:
    """The `count` largest numbers, ascending."""
    least = _standing_at(np.array([len(x) - count]), x)[0]
    above = np.concatenate(each(lambda rows: x[rows][x[rows] > least], len(x)))
    return np.concatenate([np.full(count - len(above), least), np.sort(above)])


def largest_first(count: int, *metrics: Floats) -> Rows:
    """The rows with the largest values of the first metric, ties by the next ones, then by row."""
    rows = _candidates(count, metrics[0])
    chosen: list[Rows] = []
    for metric in metrics:
        if len(rows) <= count:
            break
        value = metric[rows]
        cut = np.partition(value, len(value) - count)[len(value) - count]
        chosen.append(rows[value > cut])
        count -= len(chosen[-1])
        rows = rows[value == cut]
    picked = np.concatenate([*chosen, rows[:count]])
    return picked[np.lexsort((picked, *(-metric[picked] for metric in reversed(metrics))))]


def _candidates(count: int, metric: Floats) -> Rows:
    """Rows among which the `count` largest are, and all that are equal to the last of them."""
    largest = np.array(each(lambda rows: metric[rows].max(), len(metric)))
    if len(largest) <= count:
        return np.arange(len(metric))
    least = np.partition(largest, -count)[-count]  # `count` blocks have a value that is no smaller
    found = each(lambda rows: np.flatnonzero(metric[rows] >= least), len(metric))
    return np.concatenate([rows + block * BLOCK for block, rows in enumerate(found)])


def _standing_at(places: Rows, x: Floats) -> list[float]:
    """The values that would stand at these places if x were sorted.

    Values are counted by their first 16 bits: that says which of them have to be sorted, and how many stand before.
    """
    if len(x) <= _FEW:
        return (np.sort(x) if len(places) > 1 else np.partition(x, places))[places].tolist()
    bits = np.ascontiguousarray(x).view(np.int64)
    counts = np.sum(each(lambda rows: np.bincount(_bin(bits[rows]), minlength=_BINS), len(x), _COUNTED), axis=0)
    counts = counts[_ASCENDING]
    at = np.searchsorted(np.cumsum(counts), places, side="right")
    near = np.zeros(_BINS, dtype=bool)
    near[at] = True
    looked_at = np.zeros(_BINS, dtype=bool)
    looked_at[_ASCENDING[at]] = True
    found = np.sort(np.concatenate(each(lambda rows: x[rows][looked_at[_bin(bits[rows])]], len(x))))
    return found[places - np.cumsum(np.where(near, 0, counts))[at]].tolist()


def _bin(bits: NDArray[np.int64]) -> Rows:
    """The first 16 bits of doubles: sign, exponent, and which sixteenth of the way to the next power of 2."""
    return (bits >> 48) & (_BINS - 1)


def _between(low: float, high: float, share: float) -> float:
    if low == high or not share:
        return low
    step = high - low
    return low * (1 - share) + high * share if math.isinf(step) else low + step * share
