"""What a first contract says of the target and of the domain, from the times of a table's keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

import msgspec
import polars as pl

from estimates.contract.columns import ColumnType, key_text
from estimates.guess.target import first_and_last, present_of, target_of
from estimates.render.wording import toml_key, toml_text

if TYPE_CHECKING:
    from estimates_jobs.run.calendars import Calendar

_CALENDARS = ("daily", "weekdays", "weekly", "monthly", "hourly")
_MOST_VALUES = 500  # of a key column that a contract lists


class Targets(msgspec.Struct, frozen=True):
    """What can be said of the times in a key.

    column   the key column that may be the target
    beyond   whether its range runs beyond the data's present, so that it is one
    present  the last day of data
    domain   the lines of a rolling domain that the table keeps; empty where there is none
    now      whether a version published now keeps it
    """

    column: str | None
    beyond: bool = False
    present: date | None = None
    domain: tuple[str, ...] = ()
    now: bool = False


def targets_of(
    frame: pl.DataFrame, key: Sequence[str], types: dict[str, ColumnType], now: datetime
) -> Targets:
    """Look at a table in the types that were guessed; `now` is when."""
    column = target_of(types, key)
    if column is None:
        return Targets(None)
    present = present_of(frame, column, now.date())
    first, last = first_and_last(frame.get_column(column))
    if present is None or last <= present:
        return Targets(column)
    calendar, domain = _domain(frame, key, column, now) if first > present else (None, [])
    if calendar is None:
        return Targets(column, beyond=True, present=present)
    steps = _steps(frame.get_column(column))
    return Targets(
        column,
        beyond=True,
        present=present,
        domain=tuple(domain),
        now=_follow(calendar, steps, now),
    )


def _domain(
    frame: pl.DataFrame, key: Sequence[str], target: str, now: datetime
) -> tuple[Calendar | None, list[str]]:
    """The calendar whose next steps the targets are, and the lines of a domain that has exactly the
    table's keys.
    """
    from estimates_jobs.run.calendars import calendar_of

    steps = _steps(frame.get_column(target))
    values = {name: _values(frame.get_column(name)) for name in key if name != target}
    combinations = len(steps)
    for few in values.values():
        combinations *= len(few)
    known = [calendar_of(name) for name in _CALENDARS]
    fitting = [each for each in known if _moments(each.steps(steps[0], steps[-1])) == steps]
    most = max(map(len, values.values()), default=0)
    # of a single target nobody knows the next one
    if combinations != frame.height or not fitting or len(steps) < 2 or most > _MOST_VALUES:
        return None, []
    # five days of a week are steps of two calendars
    calendar = next((each for each in fitting if _follow(each, steps, now)), fitting[0])
    lines = [
        "[domain]",
        'kind = "rolling"',
        f'calendar = "{calendar.name}"  # guessed from {len(steps)} targets',
        f"steps = {len(steps)}",
    ]
    lines += [
        f"values.{toml_key(name)} = [{', '.join(map(toml_text, few))}]"
        for name, few in values.items()
    ]
    return calendar, lines


def _follow(calendar: Calendar, steps: list[datetime], now: datetime) -> bool:
    """Whether the targets are the calendar's next steps."""
    return _moments(calendar.next_steps(now, len(steps))) == steps


def _steps(times: pl.Series) -> list[datetime]:
    """The targets as moments, each once, in order."""
    return _moments(times.drop_nulls().unique().sort().to_list())


def _moments(steps: Sequence[date]) -> list[datetime]:
    return [
        step if isinstance(step, datetime) else datetime.combine(step, time(), UTC)
        for step in steps
    ]


def _values(series: pl.Series) -> list[object]:
    values = series.drop_nulls().unique().sort()
    if values.dtype.is_temporal():
        return [key_text(value) for value in values]
    return values.to_list()
