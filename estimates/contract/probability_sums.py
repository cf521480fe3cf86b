"""How far the probabilities of all labels may add up to other than 1.

Probabilities that were rounded to d decimals are each off by half a unit of the last one, so the
sum of k of them is off by up to k · 0.5 · 10^-d. Draft, diff, gate and score ask here, so that they
say the same of a table.
"""

from collections.abc import Sequence
from typing import overload

import numpy as np
import polars as pl
from numpy.typing import NDArray

from estimates.contract.contract import Contract

LEAST = 1e-6  # what sums of doubles may be off by
MOST_DECIMALS = 9  # from here on 1e-6 is as much, also for many labels
_LAST_BIT = 1e-12
_BLOCK = 1 << 15  # rows
_SAMPLE = 1000  # rows that show at once that nothing was rounded
_SLACK = 1e-6  # of a unit of the last decimal: what a double is off by


def sum_tolerance(contract: Contract, frame: pl.DataFrame) -> float:
    """What the contract says, else what the rounding of the frame's probabilities explains; the
    frame is a whole version, in the contract's types.
    """
    if contract.sum_tolerance is not None:
        return contract.sum_tolerance
    names = contract.of_role("probability")
    return rounding_tolerance([frame.get_column(name) for name in names])


def rounding_tolerance(columns: Sequence[pl.Series]) -> float:
    """max(1e-6, k · 0.5 · 10^-d) of k columns that have at most d decimals.

    One column adds up to nothing, and whole numbers were not rounded: 1e-6 for both.
    """
    if len(columns) < 2:
        return LEAST
    most = max((decimals(column) for column in columns), default=0)
    return LEAST if most == 0 else max(LEAST, len(columns) * 0.5 * 10.0**-most)


@overload
def beyond(off: pl.Expr, tolerance: float) -> pl.Expr: ...
@overload
def beyond(off: NDArray[np.float64], tolerance: float) -> NDArray[np.bool_]: ...
def beyond(off: pl.Expr | NDArray[np.float64], tolerance: float) -> pl.Expr | NDArray[np.bool_]:
    """Whether sums are off by more than a tolerance; at it they are not, whatever the last bit
    says.
    """
    return off > tolerance + _LAST_BIT


def decimals(column: pl.Series) -> int:
    """The most decimals that a number of a column has; 9 for 9 or more, 0 where there are none."""
    values = column.cast(pl.Float64).drop_nulls().to_numpy()
    values = values[np.isfinite(values)]
    count = _at_least(values[:_SAMPLE], 0)
    return _at_least(values, count)


def _at_least(values: NDArray[np.float64], fewest: int) -> int:
    """The least number of decimals from `fewest` on that all values have; 9 for 9 or more."""
    starts = range(0, len(values), _BLOCK)
    for count in range(fewest, MOST_DECIMALS):
        if all(_fit(values[start : start + _BLOCK], count) for start in starts):
            return count
    return MOST_DECIMALS


def _fit(values: NDArray[np.float64], count: int) -> bool:
    with np.errstate(over="ignore", invalid="ignore"):
        units = values * 10.0**count
        return bool(np.all(np.abs(units - np.rint(units)) <= _SLACK))


def without_decimals(name: str) -> list[pl.Expr]:
    """For each number of decimals below 9 which finite values of a column do not fit them."""
    units = (pl.col(name) * 10.0**count for count in range(MOST_DECIMALS))
    return [((unit - unit.round()).abs() > _SLACK).fill_null(False) for unit in units]
