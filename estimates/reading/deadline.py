"""A moment before each target: `D-1T06:00`, six in the morning of the day before, or `PT36H`.

It needs polars and no NumPy, so that a client with frames can ask for it too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

import msgspec
import polars as pl

from estimates import instants
from estimates.contract.columns import parse_key_part
from estimates.contract.conform import typed_keys
from estimates.contract.contract import Contract
from estimates.errors import InvalidError
from estimates.keys.key_form import KeyForm

_CALENDAR = re.compile(r"D(?:-(\d{1,4}))?T(\d\d):(\d\d)", re.ASCII)
_ISO = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.ASCII)
# The same for those who ask over HTTP: what `span_of` and `deadline_of` read.
_OF_A_DAY = "T([0-9]+H)?([0-9]+M)?([0-9]+S)?"
SPAN_FORM = "|".join(
    (
        f"P([0-9]+W([0-9]+D)?|[0-9]+D)({_OF_A_DAY})?",
        "PT([0-9]+H([0-9]+M)?([0-9]+S)?|[0-9]+M([0-9]+S)?|[0-9]+S)",
        instants.DURATION_FORM,
    )
)
DEADLINE_FORM = f"D(-[0-9]{{1,4}})?T([01][0-9]|2[0-3]):[0-5][0-9]|{SPAN_FORM}"
_UNITS = ("w", "d", "h", "m", "s")
_HOUR = "1h"
DEADLINE = "deadline"  # the column of the moments


class Deadline(msgspec.Struct, frozen=True):
    """How long before its target, or at what time of how many days before it.

    before  of the target's first moment, where `clock` is None
    days    before the target's day in the contract's time zone; clock: what its clocks show then
    """

    before: timedelta = timedelta()
    days: int = 0
    clock: time | None = None


def deadline_of(text: str) -> Deadline:
    """Read `D-1T06:00`, `DT00:00`, `PT36H`, `P2D` or `36h`.

    Raises InvalidError (`bad_deadline`).
    """
    calendar = _CALENDAR.fullmatch(text)
    if calendar is not None:
        days, hour, minute = (int(part or 0) for part in calendar.groups())
        if hour < 24 and minute < 60:
            return Deadline(days=days, clock=time(hour, minute))
    try:
        return Deadline(before=span_of(text))
    except ValueError:
        raise InvalidError(
            "bad_deadline",
            f"{text!r} is no moment before a target",
            remedy="write D-1T06:00, six o'clock of the day before, or PT36H, 36 hours before",
        ) from None


def span_of(text: str) -> timedelta:
    """A duration as ISO 8601 writes it, `PT36H`, `P7D`, or `36h`, `7d`; raises ValueError."""
    match = _ISO.fullmatch(text)
    if match is not None and any(match.groups()):
        parts = zip(match.groups(), _UNITS, strict=True)
        text = "".join(f"{count}{unit}" for count, unit in parts if count)
    return instants.duration(text)


def deadlines(deadline: Deadline, contract: Contract) -> pl.Expr:
    """The moment for each row, in UTC, of rows that have the contract's target.

    A time of day that the zone skips is an hour later; one that it has twice is the first.
    Raises InvalidError (`no_horizon`) where no key column is a dated target.
    """
    target = contract.target
    if target is None or contract.key[target].type not in ("date", "timestamp"):
        raise InvalidError(
            "no_horizon",
            f"{contract.name}: no part of its keys is a dated target, before which a deadline lies",
            remedy="mark it in the contract: target = true under [key.NAME]",
        )
    zone, day = contract.timezone or "UTC", pl.col(target)
    if deadline.clock is None:
        return start_of(contract) - deadline.before
    if contract.key[target].type == "timestamp":
        day = day.dt.convert_time_zone(zone).dt.date()  # a cast would give the day in UTC
    local = day.dt.offset_by(f"-{deadline.days}d").dt.combine(deadline.clock)
    local = local.cast(pl.Datetime("us"))

    def moment(of: pl.Expr) -> pl.Expr:
        there = of.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
        return there.dt.convert_time_zone("UTC")

    return pl.coalesce(moment(local), moment(local.dt.offset_by(_HOUR)))


def start_of(contract: Contract) -> pl.Expr:
    """The first moment of each row's target, in UTC: of a date its midnight."""
    target = contract.target
    assert target is not None, "a deadline needs one"
    column = pl.col(target)
    if contract.key[target].type == "timestamp":
        return column
    return column.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def with_deadlines(frame: pl.DataFrame, contract: Contract, text: str) -> pl.DataFrame:
    """The frame with a column DEADLINE, the moment before the target of each of its keys.

    Raises InvalidError: `bad_deadline`, `no_horizon`, `columns` (it has such a column), and what
    `conform.typed_keys` raises.
    """
    moment = deadlines(deadline_of(text), contract)
    if DEADLINE in frame.columns:
        raise InvalidError(
            "columns",
            f"{contract.name}: the frame has a column {DEADLINE!r}, which a deadline would add",
            remedy="rename it",
        )
    return frame.with_columns(typed_keys(frame, contract).select(moment.alias(DEADLINE)))


def deadline_of_key(contract: Contract, key: Sequence[Any], text: str) -> datetime:
    """The moment before the target of one key, as text or typed; raises as `with_deadlines`."""
    moment = deadlines(deadline_of(text), contract)
    target = str(contract.target)
    part = KeyForm(contract).texts(key)[list(contract.key).index(target)]
    typed = parse_key_part(contract.key[target].type, part)
    return pl.DataFrame({target: [typed]}).select(moment).item()
