"""A version's estimates beside what became of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from estimates.accuracy.accuracy_report import Keys
from estimates.accuracy.actuals import Actuals
from estimates.contract.conform import DTYPES
from estimates.contract.contract import Contract
from estimates.contract.probability_sums import sum_tolerance

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]
Mask = NDArray[np.bool_]
STEP = "\0step"
_TRAJECTORY, _LENGTH = "\0trajectory ", "\0length "
_ROW_A, _ROW_B = "\0a", "\0b"


@dataclass(frozen=True)
class Matched:
    """The estimates that have a row in the actual values, with it, sorted by key.

    rows  columns of the version, of the actual values, and STEP where the contract has a dated
          target: the position of the target among the version's targets after `data_through`, from
          1
    sum_tolerance  how far the version's probabilities may add up to other than 1
    draws  what was made of columns of samples, by name
    """

    rows: pl.DataFrame
    key: list[str]
    target: str | None
    keys: Keys
    sum_tolerance: float
    _read: dict[str, Floats] = field(default_factory=dict, init=False, compare=False)
    draws: dict[str, Any] = field(default_factory=dict, init=False, compare=False)

    def numbers(self, column: str) -> Floats:
        """A column as doubles; NaN where it has no value. Read once, however many ask."""
        if column not in self._read:
            values = self.rows.get_column(column)
            values = values if values.dtype == pl.Float64 else values.cast(pl.Float64)
            full = values.fill_null(float("nan")) if values.null_count() else values
            self._read[column] = full.to_numpy()
        return self._read[column]

    def texts(self, column: str) -> pl.Series:
        """A column as text."""
        return self.rows.get_column(column).cast(pl.String)


def match(
    frame: pl.DataFrame, actuals: Actuals, contract: Contract, through: datetime | None
) -> Matched:
    """Join a version's frame with actual values; keys whose target its run had seen are left out.

    A target is seen when it is at or before `through`; a date counts as its first moment in UTC.
    """
    key, target = list(contract.key), dated_target(contract)
    allowed = sum_tolerance(contract, frame)
    n = frame.height
    if target is not None and through is not None:
        frame = frame.filter(moment_of(frame.schema[target], target) > through)
        frame = frame.with_columns(pl.col(target).rank("dense").cast(pl.Int64).alias(STEP))
    frame = _with_trajectories(frame, contract)
    rows = frame.join(actuals.rows, on=actuals.by, how="inner", maintain_order="left").sort(key)
    keys = Keys(frame.height, n - frame.height, rows.height, frame.height - rows.height)
    return Matched(rows, key, target if STEP in rows.columns else None, keys, allowed)


def _with_trajectories(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """The frame with the trajectory that each row is in, and how many rows that has, for columns of
    samples whose draws go along keys.
    """
    for name in contract.samples:
        joint = contract.columns[name].joint
        apart = [part for part in contract.key if part not in joint]
        if joint:
            number = pl.struct(apart).rank("dense") if apart else pl.lit(1, pl.UInt32)
            frame = frame.with_columns(number.alias(f"{_TRAJECTORY}{name}"))
            length = pl.len().over(f"{_TRAJECTORY}{name}")
            frame = frame.with_columns(length.alias(f"{_LENGTH}{name}"))
    return frame


def trajectory_rows(matched: Matched, samples: str) -> list[tuple[Rows, int]]:
    """The rows of each trajectory of a column of samples, in key order, and how many rows it has in
    the version; none where its draws do not go along keys.
    """
    number, length = f"{_TRAJECTORY}{samples}", f"{_LENGTH}{samples}"
    if number not in matched.rows.columns or not matched.rows.height:
        return []
    numbers = matched.rows.get_column(number).to_numpy()
    order = np.argsort(numbers, kind="stable")
    starts = np.flatnonzero(np.diff(numbers[order], prepend=-1))
    lengths = matched.rows.get_column(length).to_numpy()
    pieces = np.split(order, starts[1:])
    return [(rows.astype(np.intp), int(lengths[rows[0]])) for rows in pieces]


def dated_target(contract: Contract) -> str | None:
    """The target column if it is a date or a timestamp."""
    target = contract.target
    return None if target is None or contract.key[target].type == "integer" else target


def moment_of(dtype: pl.DataType, column: str) -> pl.Expr:
    """A dated target as an instant: a date is its first moment in UTC."""
    if dtype == pl.Date:
        return pl.col(column).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    return pl.col(column).cast(DTYPES["timestamp"])


def shared(ours: Matched, theirs: Matched) -> tuple[Rows, Rows]:
    """The rows of the keys that both have, in key order."""
    left = ours.rows.select(ours.key).with_row_index(_ROW_A)
    right = theirs.rows.select(theirs.key).with_row_index(_ROW_B)
    both = left.join(right, on=ours.key, how="inner", maintain_order="left")
    return both[_ROW_A].to_numpy().astype(np.intp), both[_ROW_B].to_numpy().astype(np.intp)


def mean(values: Floats) -> float | None:
    """The mean in fixed order; scaled first when the sum overflows; None when a value or the mean
    does not fit.
    """
    if not len(values) or not np.isfinite(values).all():
        return None
    with np.errstate(over="ignore"):
        total = float(values.sum())
        if not np.isfinite(total):
            largest = float(np.abs(values).max())
            total = float((values / largest).sum()) / len(values) * largest
            return total if np.isfinite(total) else None
    return total / len(values) + 0.0  # −0.0 is 0.0


def weighted_mean(values: Floats, weights: Floats | None) -> float | None:
    """The mean with each value times its weight; values whose weight is no number above 0 are left
    out. None without weights, and where the mean does not fit.
    """
    if weights is None:
        return None
    counts = np.isfinite(weights) & (weights > 0)
    with np.errstate(over="ignore"):
        whole, total = mean(weights[counts]), mean(weights[counts] * values[counts])
    return None if not whole or total is None else total / whole


def weight_of(weights: Floats | None) -> float | None:
    """Σ of the weights that are numbers above 0; None without weights, and where it does not fit a
    double.
    """
    if weights is None:
        return None
    with np.errstate(over="ignore"):
        total = float(weights[np.isfinite(weights) & (weights > 0)].sum())
    return total if np.isfinite(total) else None


def root_mean_square(values: Floats) -> float | None:
    """√ of the mean of squares; scaled by the largest, so that squares do not overflow."""
    if not len(values) or not np.isfinite(values).all():
        return None
    largest = float(np.abs(values).max())
    if largest == 0.0:
        return 0.0
    square = mean((values / largest) ** 2)
    return None if square is None else float(np.sqrt(square)) * largest
