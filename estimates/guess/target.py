"""The key column that says which time an estimate is about, and how far the data behind it go."""

from collections.abc import Collection, Iterable
from datetime import date

import polars as pl

from estimates.contract.columns import ColumnType
from estimates.guess.guesses import is_observed
from estimates.guess.name_parts import words

_ABOUT = frozenset(("target", "end", "for", "forecast", "valid", "ds"))
_MAY_BE = frozenset(("for", "forecast"))
# when an estimate was made, or what it was made from
_MADE = frozenset(
    (
        "cutoff",
        "origin",
        "reference",
        "made",
        "issue",
        "issued",
        "created",
        "published",
        "run",
        "through",
    )
)


def target_of(types: dict[str, ColumnType], key: Iterable[str]) -> str | None:
    """The key column that may say which time an estimate is about."""
    times = [
        name
        for name in key
        if types[name] in ("date", "timestamp") and not (words(name) & _MADE - _ABOUT)
    ]
    named = [name for name in times if words(name) & _ABOUT]
    # of `forecast_date` and `target_end_date` the first says when it was made
    plainly = [name for name in named if words(name) & (_ABOUT - _MAY_BE)]
    return next(iter([*plainly, *named, *times]), None)


def present_of(frame: pl.DataFrame, target: str, today: date) -> date | None:
    """The last day of data that a table of estimates rests on; None where it has several.

    A column that says when all of it was made; else the last target that has an observed value
    beside it; else today.
    """
    for name in _made(frame, target):
        days = _days(frame.get_column(name)).unique()
        return None if len(days) > 1 else days[0]
    for name in frame.columns:
        if is_observed(name) and name != target:
            seen = frame.filter(pl.col(name).is_not_null()).get_column(target)
            if 0 < len(seen) < frame.height:
                return _last(_days(seen))
    return today


def first_and_last(times: pl.Series) -> tuple[date, date]:
    """The days between which times lie."""
    days = _days(times).sort()
    return days[0], days[-1]


def _made(frame: pl.DataFrame, target: str) -> Collection[str]:
    return [
        name
        for name, dtype in frame.schema.items()
        if name != target and dtype.is_temporal() and words(name) & (_MADE | _MAY_BE)
    ]


def _days(times: pl.Series) -> pl.Series:
    return times.drop_nulls().dt.date()


def _last(days: pl.Series) -> date:
    return days.sort()[-1]
