"""Some of the changes: those whose values lie within bounds, such as the keys of one bar of a
histogram.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import polars as pl

from estimates.compare.horizon_targets import HorizonTargets
from estimates.errors import InvalidError

HORIZON = "horizon"  # in bounds, as in a report
_ADVICE = (
    'write JSON such as [["value.r", -0.02, -0.01], ["ticker", "AAPL"]]: metrics of the changes '
    "with lower and upper bounds, null for none, and columns with what they are"
)


def check_bounds(text: str | None) -> str:
    """Bounds as they are kept in a query; "" for none. Raises InvalidError (`bad_bounds`)."""
    if not text:
        return ""
    return msgspec.json.encode(_read(text)).decode()


Targets = Callable[[], HorizonTargets | None]


def within(changes: pl.DataFrame, bounds: str, targets: Targets = lambda: None) -> pl.DataFrame:
    """The rows of `stability.changes` within bounds, in their order.

    targets  which targets horizons stand for; None where there are no horizons

    Of a number [low, high) holds, and (low, high] where both are at most 0: an r counts with the
    sign of its d, as bars do. Other columns are compared as text, of the old or the new version;
    `horizon`, where no column is called so, is that of the report.
    Raises InvalidError (`bad_bounds`: no such column).
    """
    if not bounds:
        return changes
    conditions = [
        _of_horizon(changes, limits, targets)
        if name == HORIZON and not _named(changes, name)
        else _condition(changes, name, limits)
        for name, *limits in _read(bounds)
    ]
    return changes.filter(pl.all_horizontal(conditions)) if conditions else changes


def _read(text: str) -> list[list[Any]]:
    try:
        bounds = msgspec.json.decode(text, type=list[list[str | float | None]])
    except msgspec.MsgspecError:
        raise _bad("it is no list of lists") from None
    for each in bounds:
        numbers = len(each) == 3 and all(not isinstance(limit, str) for limit in each[1:])
        word = len(each) == 2 and not isinstance(each[1], float)
        if not (each and isinstance(each[0], str) and (numbers or word)):
            raise _bad(f"{msgspec.json.encode(each).decode()} is no bound")
    return bounds


def _condition(changes: pl.DataFrame, name: str, limits: list[Any]) -> pl.Expr:
    if len(limits) == 1:
        return _equal(changes, name, limits[0])
    if name not in changes.columns or not changes.schema[name].is_numeric():
        raise _bad(f"no number of the changes is called {name!r}")
    low, high = limits
    value = _signed(changes, name)
    if (low or 0) <= 0 and high is not None and high <= 0:  # bars left of 0 are mirrored
        return (value > low if low is not None else pl.lit(value=True)) & (value <= high)
    conditions = [value >= low] if low is not None else []
    conditions += [value < high] if high is not None else []
    return pl.all_horizontal(conditions) if conditions else value.is_not_null()


def _signed(changes: pl.DataFrame, name: str) -> pl.Expr:
    column, _, metric = name.rpartition(".")
    if metric != "r" or f"{column}.d" not in changes.columns:
        return pl.col(name)
    return pl.col(name).abs() * pl.col(f"{column}.d").sign()


def _equal(changes: pl.DataFrame, name: str, text: str | None) -> pl.Expr:
    columns = _named(changes, name)
    if not columns:
        raise _bad(f"no column of the changes is called {name!r}")
    return pl.any_horizontal(
        pl.col(column).cast(pl.String).eq_missing(pl.lit(text, pl.String)) for column in columns
    )


def _named(changes: pl.DataFrame, name: str) -> list[str]:
    """The columns of the changes that say what a key or a column of the contract is."""
    return [c for c in (name, f"{name}.a", f"{name}.b") if c in changes.columns]


def _of_horizon(changes: pl.DataFrame, limits: list[Any], targets: Targets) -> pl.Expr:
    """The changes at a horizon: those of the target that it stands for."""
    known = targets()
    if known is None:
        raise _bad("these versions have no horizons")
    text = known.text(str(limits[0])) if len(limits) == 1 else None
    return pl.lit(value=False) if text is None else _equal(changes, known.column, text)


def _bad(why: str) -> InvalidError:
    return InvalidError("bad_bounds", f"within: {why}"[:300], remedy=_ADVICE)
