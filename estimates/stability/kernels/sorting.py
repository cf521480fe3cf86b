"""The rows of a long column in the order of its values."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from estimates.stability.kernels.blocks import each_block

Floats = NDArray[np.float64]
Rows = NDArray[np.int32 | np.intp]


def ascending_rows(x: Floats) -> Rows:
    """The rows of a column in the order of its values, like a stable `argsort`; −0.0 before 0.0.

    They are numbers of 32 bits where these suffice: a long column's order is as large as itself.

    Whole numbers made of the first bits of a value and its row are sorted, which takes a third of
    the time. Only rows whose values have the same first bits need another look. NumPy's own sort
    would be three times as slow on processors whose AVX-512 stores compressed vectors slowly.
    """
    n, bits = len(x), len(x).bit_length()
    x = np.ascontiguousarray(x)
    packed = np.empty(n, dtype=np.int64)

    def pack(rows: slice) -> None:
        number = x[rows].view(np.int64)
        if number.min() < 0:
            # whole numbers in the order of the doubles
            number = number ^ ((number >> 63) & np.int64(2**63 - 1))
        np.bitwise_and(number, -1 << bits, out=packed[rows])
        packed[rows] |= np.arange(rows.start, rows.stop)

    each_block(pack, n)
    packed = pl.Series(packed).sort(multithreaded=False).to_numpy()
    alike = np.zeros(n + 1, dtype=bool)

    def compare(rows: slice) -> None:
        first = packed[rows.start : rows.stop + 1] >> bits
        alike[rows.start + 1 : rows.start + len(first)] = first[1:] == first[:-1]

    each_block(compare, n)
    near = np.flatnonzero(alike[1:] | alike[:-1])
    ascending = np.empty(n, dtype=np.int32 if bits < 32 else np.intp)

    def unpack(rows: slice) -> None:
        np.bitwise_and(packed[rows], (1 << bits) - 1, out=ascending[rows])

    each_block(unpack, n)
    members = ascending[near]
    ascending[near] = members[np.argsort(x[members], kind="stable")]
    return ascending
