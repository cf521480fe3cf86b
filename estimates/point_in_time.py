"""For each row of a frame the estimate that production gave at the row's time: what a back-test of decisions needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from estimates import instants
from estimates.absent_keys import AbsentKeys, ReadColumns
from estimates.catalog import PRODUCTION, Clock
from estimates.catalog.released import Moves, check_clock
from estimates.contract import Contract
from estimates.errors import InvalidError
from estimates.frame import DTYPES, as_frame, cast_column, schema
from estimates.reader import Reader
from estimates.records import Version
from estimates.version_reader import selection

_NONE = 0  # stands for no version; versions count from 1
_INSTANT = DTYPES["timestamp"]
_STATUS, _WHY = "\x01status", "\x01why"  # no column of a contract can have these names
# Microseconds a unit of a timestamp column: (multiplied by, divided by).
_UNITS = {"ms": (1000, 1), "us": (1, 1), "ns": (1, 1000)}
Numbers = np.ndarray[Any, np.dtype[np.int64]]


class _Asked(NamedTuple):
    """What is asked of every version.

    columns  of the contract, without the key
    claims   whether answers say which versions are imported
    """

    read: ReadColumns
    absent: AbsentKeys
    contract: Contract
    shape: int
    columns: list[str]
    claims: bool


def as_of_join(
    reader: Reader,
    read: ReadColumns,
    name: str,
    frame: Any,
    time: str,
    fields: Sequence[str] | None = None,
    clock: Clock = None,
) -> pl.DataFrame:
    """The rows of `frame` in their order, each with the estimate that production gave at its time (inclusive).

    frame   what `frame.as_frame` takes, with the key columns in the contract's types, and `time`, a timestamp with zone
    read    some columns of a version, of the rows that fulfil a condition; called for one version after the other
    fields  columns of the contract; default: all but the key

    Adds these columns, `version`, `published_at` and `status`, with clock `released` also `released_at` and `imported`
    (whether the version's time of release is a claim). `status` is `ok`; a status of `VersionReader.get_many`;
    `before_first` (production named nothing yet) or `nothing_promoted`; `expired` (the version's files are gone);
    `other_shape` (the version does not have the present columns). All but `ok` have null estimates, never those of
    another version. No version is named that was published, or by the clock `released` released, after the row's time.
    Raises InvalidError: `no_table`, `columns` (missing, or in the way of what is added), `column_type`, `null_key`,
    `bad_time` (the time column), `as_of_in_future`, `unknown_field`, `bad_clock`; CorruptError.
    """
    check_clock(name, clock, asks_alias=True)
    frame = as_frame(frame)
    found = reader.view.set(name)
    contract = found.present_contract
    selection(name, contract, fields)
    wanted = [column for column in contract.columns if fields is None or column in fields]
    claims = clock is not None
    _check_names(frame, contract, [*wanted, *_facts(claims)], time)
    moments, keys = _moments(name, frame, time), _keys(frame, contract)
    asked = _Asked(read, AbsentKeys(reader, keys, read), contract, found.present_shape, wanted, claims)
    if frame.height and moments.max() > instants.micros(reader.view.present):
        latest = frame.get_column(time).max()
        raise InvalidError("as_of_in_future", f"{name}: {time} {latest} lies in the future: nothing is known of it")
    moves = found.moves_by(clock).get(PRODUCTION, [])
    in_force = _in_force(moves, moments)
    order = np.argsort(in_force, kind="stable")
    numbers, counts = np.unique(in_force, return_counts=True)
    by_version, start, parts = keys[order], 0, [_empty(asked)]
    for number, count in zip(numbers.tolist(), counts.tolist(), strict=True):
        here, start = by_version[start : start + count], start + count
        if number == _NONE:
            parts.append(_without(here, asked, None, "before_first" if moves else "nothing_promoted"))
        else:
            parts.append(_answers(here, asked, found.versions[number - 1]))
    back = np.empty(len(order), np.int64)
    back[order] = np.arange(len(order))
    return pl.concat([frame, pl.concat(parts)[back]], how="horizontal")


def _in_force(moves: Moves, moments: Numbers) -> Numbers:
    """The version in force at each moment."""
    starts = np.array([instants.micros(at) for at, _ in moves], np.int64)
    named = np.array([_NONE, *(number for _, number in moves)], np.int64)
    return named[np.searchsorted(starts, moments, side="right")]


def _check_names(frame: pl.DataFrame, contract: Contract, added: list[str], time: str) -> None:
    missing = [name for name in (*contract.key, time) if name not in frame.columns]
    if missing:
        raise InvalidError(
            "columns", f"{contract.name}: the frame lacks {', '.join(missing)}; it has {', '.join(frame.columns)}"
        )
    twice = sorted({name for name in added if name in frame.columns or added.count(name) > 1})
    if twice:
        raise InvalidError(
            "columns",
            f"{contract.name}: there would be two columns {', '.join(twice)} in what the join gives; "
            "rename those of the frame, or choose other columns of the set with fields=",
        )


def _keys(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """The key columns in the contract's types."""
    keys = frame.select(cast_column(frame, name, column.type, contract.name) for name, column in contract.key.items())
    nulls = [name for name in keys.columns if keys[name].null_count()]
    if nulls:
        raise InvalidError("null_key", f"{contract.name}: the frame has null keys (in {', '.join(nulls)}); drop them")
    return keys


def _moments(name: str, frame: pl.DataFrame, time: str) -> Numbers:
    """The times in microseconds; what is finer is cut, so that no row sees what came after it."""
    times = frame.get_column(time)
    if not isinstance(times.dtype, pl.Datetime) or times.dtype.time_zone is None:
        naive = isinstance(times.dtype, pl.Datetime)
        hint = "; use .dt.replace_time_zone('UTC') if that is what it is" if naive else ""
        raise InvalidError("bad_time", f"{name}: column {time!r} is {times.dtype}, no timestamp with time zone{hint}")
    if times.null_count():
        raise InvalidError("bad_time", f"{name}: column {time!r} is null in {times.null_count()} rows; drop them")
    multiply, divide = _UNITS[times.dtype.time_unit]
    return times.to_physical().to_numpy() * multiply // divide


def _answers(keys: pl.DataFrame, asked: _Asked, version: Version) -> pl.DataFrame:
    """What one version says of keys, in their order."""
    if version.shape != asked.shape:
        return _without(keys, asked, version, "other_shape")
    if version.expired_at is not None:
        return _without(keys, asked, version, "expired")
    key, contract = list(asked.contract.key), asked.contract
    status = pl.when(pl.all_horizontal(pl.col(contract.judged).is_null())).then(pl.lit("no_estimate"))
    rows = asked.read(version, [*key, *dict.fromkeys((*asked.columns, *contract.judged))], None)
    estimates = rows.select(*key, *asked.columns, status.otherwise(pl.lit("ok")).alias(_STATUS))
    joined = keys.join(estimates, on=key, how="left", maintain_order="left")
    absent = joined.filter(pl.col(_STATUS).is_null()).select(key).unique(maintain_order=True)
    if absent.height:
        why = absent.with_columns(asked.absent.statuses(version, absent).alias(_WHY))
        joined = joined.join(why, on=key, how="left", maintain_order="left").with_columns(
            pl.coalesce(_STATUS, _WHY).alias(_STATUS)
        )
    return _with_version(joined, asked, version)


def _without(keys: pl.DataFrame, asked: _Asked, version: Version | None, status: str) -> pl.DataFrame:
    """No estimates, and why."""
    return _with_version(keys.with_columns(pl.lit(status).alias(_STATUS)), asked, version)


def _with_version(found: pl.DataFrame, asked: _Asked, version: Version | None) -> pl.DataFrame:
    """The columns that the join adds; those that are not there are null."""
    facts: dict[str, object] = {"version": None, "published_at": None, "released_at": None, "imported": None}
    if version is not None:
        facts |= {"version": version.version, "published_at": version.published_at}
        facts |= {"released_at": version.released_at, "imported": version.released_at is not None}
    cells = {name: pl.lit(fact) for name, fact in facts.items()} | {"status": pl.col(_STATUS)}
    columns = {name: pl.col(name) if name in found.columns else pl.lit(None) for name in asked.columns}
    return found.select((columns | cells)[name].cast(dtype).alias(name) for name, dtype in _schema(asked).items())


def _schema(asked: _Asked) -> dict[str, pl.DataType]:
    """The columns that the join adds."""
    types = schema(asked.contract)
    return {name: types[name] for name in asked.columns} | _facts(asked.claims)


def _facts(claims: bool) -> dict[str, pl.DataType]:
    told = {"released_at": _INSTANT, "imported": pl.Boolean()} if claims else {}
    return {"version": pl.Int64(), "published_at": _INSTANT} | told | {"status": pl.String()}


def _empty(asked: _Asked) -> pl.DataFrame:
    return pl.DataFrame(schema=_schema(asked))
