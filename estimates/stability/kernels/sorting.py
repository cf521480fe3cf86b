"""The rows of a long column in the order of its values."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from estimates.stability.kernels.blocks import count_rows, each_block
from estimates.stability.kernels.memory import empty_column

Floats = NDArray[np.float64]
Rows = NDArray[np.int32 | np.intp]


def sorted_with_rows(x: Floats) -> tuple[Floats, Rows]:
    """The values of a column in order, and the row of each, like a stable `argsort`; −0.0 before
    0.0.

    Rows are numbers of 32 bits where these suffice: a long column's order is as large as itself.

    Whole numbers made of the first bits of a value and its row are sorted, which takes a third of
    the time. Only values that have the same first bits and are out of order need another look.
    NumPy's own sort would be three times as slow on processors whose AVX-512 stores compressed
    vectors slowly.
    """
    n, bits = len(x), len(x).bit_length()
    x = np.ascontiguousarray(x)
    packed = empty_column(n, np.int64)

    def pack(rows: slice) -> None:
        number = x[rows].view(np.int64)
        if number.min() < 0:
            # whole numbers in the order of the doubles
            number = number ^ ((number >> 63) & np.int64(2**63 - 1))
        np.bitwise_and(number, -1 << bits, out=packed[rows])
        packed[rows] |= np.arange(rows.start, rows.stop)

    each_block(pack, n)
    values = packed.view(np.float64)  # in the memory of what was sorted, which is as large
    packed = pl.Series(packed).sort(multithreaded=False).to_numpy()
    ascending = empty_column(n, np.int32 if bits < 32 else np.intp)

    def unpack(rows: slice) -> None:
        # from and up to where other first bits begin: no order goes over that
        start, stop = (_next_bits(packed, at, bits) for at in (rows.start, rows.stop))
        if start == stop:
            return
        np.bitwise_and(packed[start:stop], (1 << bits) - 1, out=ascending[start:stop])
        members = ascending[start:stop]
        of_members = values[start:stop]
        np.take(x, members, out=of_members, mode="clip")
        if (of_members[1:] < of_members[:-1]).any():
            first = packed[start:stop] >> bits
            alike = np.zeros(len(first) + 1, dtype=bool)
            np.equal(first[1:], first[:-1], out=alike[1:-1])
            near = np.flatnonzero(alike[1:] | alike[:-1])
            order = near[np.argsort(of_members[near], kind="stable")]
            members[near], of_members[near] = members[order], of_members[order]

    each_block(unpack, n)
    return values, ascending


def _next_bits(packed: NDArray[np.int64], at: int, bits: int) -> int:
    """The first place from one on where the first bits are others than before it."""
    if at == 0 or at == len(packed):
        return at
    following = ((int(packed[at - 1]) >> bits) + 1) << bits
    return int(np.searchsorted(packed, following)) if following < 1 << 63 else len(packed)


def any_equal(ascending: NDArray[Any]) -> bool:
    """Whether any two values of a column in order are equal."""
    pairs = max(0, len(ascending) - 1)
    equal = count_rows(
        lambda rows: ascending[rows] == ascending[rows.start + 1 : rows.stop + 1], pairs
    )
    return equal > 0


def repeated(values: pl.Series) -> pl.Series:
    """The values of a column without nulls that appear more than once."""
    ordered = values.sort(multithreaded=False)
    return ordered.filter(ordered == ordered.shift(1)).unique()
