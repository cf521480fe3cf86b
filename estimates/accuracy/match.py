"""A version's estimates beside what became of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from estimates.accuracy.accuracy_report import Keys
from estimates.accuracy.actuals import Actuals
from estimates.contract.columns import key_text
from estimates.contract.conform import DTYPES
from estimates.contract.contract import Contract
from estimates.stability.alignment import dated_target
from estimates.stability.kernels.blocks import Floats, Rows
from estimates.stability.kernels.key_join import joined

STEP = "\0step"


@dataclass(frozen=True)
class Matched:
    """The estimates that have a row in the actual values, with it, sorted by key.

    rows  columns of the version, of the actual values, and STEP where the contract has a dated
          target: the position of the target among the version's targets after `data_through`, from
          1
    """

    rows: pl.DataFrame
    key: list[str]
    target: str | None
    keys: Keys

    def numbers(self, column: str) -> Floats:
        """A column as doubles; NaN where it has no value."""
        return self.rows.get_column(column).cast(pl.Float64).fill_null(float("nan")).to_numpy()

    def by_step(self, rows: Rows) -> Iterator[tuple[str, str, Rows]]:
        """Each step of the target that some of the rows have, what it stands for, and the places of
        these rows among them; nothing without a dated target.
        """
        if self.target is None:
            return
        steps, targets = self.rows[STEP].to_numpy()[rows], self.rows[self.target]
        for step in np.unique(steps):
            places = np.flatnonzero(steps == step)
            yield str(step), key_text(targets[int(rows[places[0]])]), places

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
    n = frame.height
    if target is not None and through is not None:
        frame = frame.filter(moment_of(frame.schema[target], target) > through)
        frame = frame.with_columns(pl.col(target).rank("dense").cast(pl.Int64).alias(STEP))
    rows = frame.join(actuals.rows, on=actuals.by, how="inner", maintain_order="left").sort(key)
    keys = Keys(frame.height, n - frame.height, rows.height, frame.height - rows.height)
    return Matched(rows, key, target if STEP in rows.columns else None, keys)


def moment_of(dtype: pl.DataType, column: str) -> pl.Expr:
    """A dated target as an instant: a date is its first moment in UTC."""
    if dtype == pl.Date:
        return pl.col(column).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    return pl.col(column).cast(DTYPES["timestamp"])


def shared(ours: Matched, theirs: Matched) -> tuple[Rows, Rows]:
    """The rows of the keys that both have, in key order."""
    return joined(ours.rows, theirs.rows, ours.key)


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


def root_mean_square(values: Floats) -> float | None:
    """√ of the mean of squares; scaled by the largest, so that squares do not overflow."""
    if not len(values) or not np.isfinite(values).all():
        return None
    largest = float(np.abs(values).max())
    if largest == 0.0:
        return 0.0
    square = mean((values / largest) ** 2)
    return None if square is None else float(np.sqrt(square)) * largest
