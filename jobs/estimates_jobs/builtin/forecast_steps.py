"""Observations on the steps of the contract's calendar: what is missing leaves its place."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl

from estimates.contract.columns import key_text
from estimates_jobs.run.calendars import first_moment

if TYPE_CHECKING:
    from estimates_jobs.run.calendars import Calendar, Step

STEP = "step"  # number of a step of the calendar: 0, 1, …


class Steps:
    """The steps of a calendar from the first observation on, numbered from 0.

    target  the number of the first target
    """

    def __init__(self, calendar: Calendar, observed: pl.Series, first_target: Step) -> None:
        target = first_moment(first_target)
        oldest, newest = observed.min(), observed.max()
        oldest = min(oldest, target) if isinstance(oldest, datetime) else target
        newest = max(newest, target) if isinstance(newest, datetime) else target
        self.calendar = calendar.name
        # a target may be a timestamp although the calendar has dates
        self._unit = "1h" if isinstance(calendar.steps(target, target)[0], datetime) else "1d"
        begin = oldest.replace(minute=0, second=0, microsecond=0)
        self._steps: list[Step] = list(calendar.steps(begin, newest))
        self.target = [first_moment(step) for step in self._steps].index(target)

    def numbered(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame with the number of the step in which its `time` lies; null off the calendar."""
        moments = pl.Series("moment", [first_moment(step) for step in self._steps])
        numbers = moments.cast(pl.Datetime("us", "UTC")).to_frame().with_row_index(STEP)
        rows = frame.with_columns(pl.col("time").dt.truncate(self._unit).alias("moment"))
        joined = rows.join(numbers, on="moment", how="left", maintain_order="left")
        return joined.with_columns(pl.col(STEP).cast(pl.Int64)).drop("moment")

    def text(self, number: int) -> str:
        """A step as a key has it."""
        return key_text(self._steps[number])
