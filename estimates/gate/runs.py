"""How often the values of a column appear: equal values become neighbours, whatever their order."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from estimates.stability.blocks import count


class Runs(NamedTuple):
    """Of a column: how many different values it has, and how often the commonest one appears."""

    distinct: int
    longest: int


def runs(values: pl.Series) -> Runs:
    """Count the values of a column without nulls; 0.0 and -0.0 are one value, and so are all NaN."""
    if not values.dtype.is_float():
        rows = values.value_counts(name="rows")["rows"].to_numpy()
        return Runs(len(rows), int(rows.max(initial=0)))
    sorted_bits = _sorted_bits(values.cast(pl.Float64).to_numpy())
    n = len(sorted_bits)
    # nearly all columns of floats repeat no value
    if not count(lambda rows: sorted_bits[rows] == sorted_bits[rows.start + 1 : rows.stop + 1], max(0, n - 1)):
        return Runs(n, min(n, 1))
    starts = np.flatnonzero(np.concatenate(([True], sorted_bits[1:] != sorted_bits[:-1])))
    return Runs(len(starts), int(np.diff(starts, append=n).max()))


def _sorted_bits(x: NDArray[np.float64]) -> NDArray[np.int64]:
    """The bits of each number as a whole number, sorted: that takes half the time of sorting numbers."""
    x = x + 0.0  # -0.0 becomes 0.0
    if np.isnan(x).any():
        x[np.isnan(x)] = np.nan
    return pl.Series(x.view(np.int64)).sort(multithreaded=False).to_numpy()
