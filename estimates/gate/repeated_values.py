"""Values that a column has more than once: whether there are any, and how often the commonest
appears.

0.0 and -0.0 are one value, and so are all NaN. Columns of floats are long and nearly all of them
repeat no value, so both questions are put to a hash of the bits first.
"""

import math

import numpy as np
import polars as pl
from numpy.typing import NDArray

from estimates.stability.kernels.blocks import each_block, run_parallel
from estimates.stability.kernels.sorting import any_equal

# bits of the hash; so many that the buckets of a column without a common value hold a 4,000th each
_BUCKETS = 12
# 2⁶⁴ / φ, odd (Knuth, 1973, 6.4): the first bits depend on all bits
_MULTIPLIER = np.int64(-7046029254386353131)
_SAMPLE = 1 << 16  # rows
Bits = NDArray[np.int64]


def commonest(values: pl.Series, part: float) -> int:
    """How often the commonest value of a column without nulls appears; 0 where none fills this part
    of the rows.
    """
    least = fewest(part, len(values))
    if values.dtype.is_float() and len(values):
        values = _in_large_buckets(values, least)
    largest = values.alias("value").value_counts(name="rows")["rows"].max() if len(values) else 0
    assert isinstance(largest, int)
    return largest if largest >= least else 0


def fewest(part: float, rows: int) -> int:
    """The least number that fills a part of some rows."""
    return math.ceil(part * rows - 1e-9)  # 0.001 of 9,000 is 9, whatever the last bit says


def repeats(values: pl.Series) -> bool:
    """Whether a column of floats without nulls has any value twice."""
    n = len(values)
    # numbers that are rounded repeat soon
    if _any_equal(_bits(values, slice(0, min(n, _SAMPLE)))):
        return True
    bits, half = np.empty(n, dtype=np.int64), np.empty(n, dtype=bool)

    def read(rows: slice) -> None:
        bits[rows] = _bits(values, rows)
        half[rows] = _hashed(bits[rows], 1) == 0

    each_block(read, n)
    # equal values are in the same half
    return any(
        run_parallel(
            [lambda: _any_equal(bits.compress(half)), lambda: _any_equal(bits.compress(~half))], n
        )
    )


def _bits(values: pl.Series, rows: slice) -> Bits:
    """The bits of some numbers as whole numbers; equal numbers have equal bits."""
    # -0.0 becomes 0.0
    x = values.slice(rows.start, rows.stop - rows.start).cast(pl.Float64).to_numpy() + 0.0
    if math.isnan(x.max(initial=0.0)):
        x[np.isnan(x)] = np.nan
    return x.view(np.int64)


def _hashed(bits: Bits, length: int) -> Bits:
    """A hash of so many bits."""
    return ((bits * _MULTIPLIER) >> (64 - length)) & ((1 << length) - 1)


def _in_large_buckets(values: pl.Series, least: int) -> pl.Series:
    """The bits of the numbers whose bucket has at least so many; a number that appears as often is
    among them.
    """
    n, buckets = len(values), 1 << _BUCKETS
    counts = each_block(
        lambda rows: np.bincount(_hashed(_bits(values, rows), _BUCKETS), minlength=buckets), n
    )
    large = np.sum(counts, axis=0) >= least
    if not large.any():
        return pl.Series(dtype=pl.Int64)

    def of_large_buckets(rows: slice) -> Bits:
        bits = _bits(values, rows)
        return bits.compress(large.take(_hashed(bits, _BUCKETS)))

    return pl.Series(np.concatenate(each_block(of_large_buckets, n)))


def _any_equal(bits: Bits) -> bool:
    return any_equal(pl.Series(bits).sort(multithreaded=False).to_numpy())
