"""For each row of a frame the estimate that production gave at the row's time: what a back-test of
decisions needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from estimates import instants
from estimates.catalog.records import Version, VersionFacts
from estimates.catalog.ref import PRODUCTION
from estimates.catalog.released import Clock, Moves, check_clock
from estimates.contract.conform import DTYPES, as_frame, cast_column, schema
from estimates.contract.contract import Contract
from estimates.errors import InvalidError
from estimates.reading.absent_keys import AbsentKeys, ReadColumns
from estimates.reading.reader import Reader
from estimates.reading.selection import selection

NONE = 0  # stands for no version; versions count from 1
_INSTANT = DTYPES["timestamp"]
STATUS, _WHY = "\x01status", "\x01why"  # no column of a contract can have these names
# Microseconds a unit of a timestamp column: (multiplied by, divided by).
_UNITS = {"ms": (1000, 1), "us": (1, 1), "ns": (1, 1000)}
Numbers = np.ndarray[Any, np.dtype[np.int64]]


class AsOfJoin:
    """A frame whose rows are put to the versions in force at their times, and back into their
    order.

    columns  of the contract, without the key, that are asked for
    groups   for each version in force the keys of its rows; `NONE` stands for no version
    Whoever has the versions answers each group, in order, with `answered` or `without`. Raises as
    `as_of_join` does.
    """

    def __init__(
        self,
        contract: Contract,
        frame: Any,
        time: str,
        fields: Sequence[str] | None,
        clock: Clock,
        moves: Moves,
        present: datetime,
    ) -> None:
        name = contract.name
        check_clock(name, clock, asks_alias=True)
        self.frame = as_frame(frame)
        self.contract = contract
        selection(name, contract, fields)
        self.columns = [column for column in contract.columns if fields is None or column in fields]
        self.claims = clock is not None
        _check_names(self.frame, contract, [*self.columns, *_facts(self.claims)], time)
        moments, keys = _moments(name, self.frame, time), keys_of(self.frame, contract)
        if self.frame.height and moments.max() > instants.micros(present):
            latest = self.frame.get_column(time).max()
            raise InvalidError(
                "as_of_in_future",
                f"{name}: {time} {latest} lies in the future: nothing is known of it",
            )
        in_force = _in_force(moves, moments)
        self._order = np.argsort(in_force, kind="stable")
        self._before = "before_first" if moves else "nothing_promoted"
        numbers, counts = np.unique(in_force, return_counts=True)
        by_version, start = keys[self._order], 0
        self.groups: list[tuple[int, pl.DataFrame]] = []
        for number, count in zip(numbers.tolist(), counts.tolist(), strict=True):
            self.groups.append((number, by_version[start : start + count]))
            start += count

    def refused(
        self, keys: pl.DataFrame, version: VersionFacts | None, shape: int
    ) -> pl.DataFrame | None:
        """The answer where no version can be asked: none is in force, of another shape, its files
        are gone; or None.
        """
        if version is None:
            return self._without(keys, None, self._before)
        if version.shape != shape:
            return self._without(keys, version, "other_shape")
        return self._without(keys, version, "expired") if version.expired_at is not None else None

    def answered(self, found: pl.DataFrame, version: VersionFacts | None) -> pl.DataFrame:
        """The columns that the join adds, of rows that have the columns asked for and STATUS;
        others are null.
        """
        facts: dict[str, object] = {
            "version": None,
            "published_at": None,
            "released_at": None,
            "imported": None,
        }
        if version is not None:
            facts |= {"version": version.version, "published_at": version.published_at}
            facts |= {
                "released_at": version.released_at,
                "imported": version.released_at is not None,
            }
        cells = {name: pl.lit(fact) for name, fact in facts.items()} | {"status": pl.col(STATUS)}
        columns = {
            name: pl.col(name) if name in found.columns else pl.lit(None) for name in self.columns
        }
        return found.select(
            (columns | cells)[name].cast(dtype).alias(name)
            for name, dtype in self._schema().items()
        )

    def put_together(self, answers: Sequence[pl.DataFrame]) -> pl.DataFrame:
        """The frame with the answers to its groups."""
        back = np.empty(len(self._order), np.int64)
        back[self._order] = np.arange(len(self._order))
        told = pl.concat([pl.DataFrame(schema=self._schema()), *answers])
        return pl.concat([self.frame, told[back]], how="horizontal")

    def _without(
        self, keys: pl.DataFrame, version: VersionFacts | None, status: str
    ) -> pl.DataFrame:
        return self.answered(keys.select(pl.repeat(status, pl.len()).alias(STATUS)), version)

    def _schema(self) -> dict[str, pl.DataType]:
        types = schema(self.contract)
        return {name: types[name] for name in self.columns} | _facts(self.claims)


def as_of_join(
    reader: Reader,
    read: ReadColumns,
    name: str,
    frame: Any,
    time: str,
    fields: Sequence[str] | None = None,
    clock: Clock = None,
) -> pl.DataFrame:
    """The rows of `frame` in their order, each with the estimate that production gave at its time
    (inclusive).

    frame   what `frame.as_frame` takes, with the key columns in the contract's types, and `time`, a
            timestamp with zone
    read    some columns of a version, of the rows that fulfil a condition; called for one version
            after the other
    fields  columns of the contract; default: all but the key

    Adds these columns, `version`, `published_at` and `status`, with clock `released` also
    `released_at` and `imported` (whether the version's time of release is a claim). `status` is
    `ok`; a status of `VersionReader.get_many`; `before_first` (production named nothing yet) or
    `nothing_promoted`; `expired` (the version's files are gone); `other_shape` (the version does
    not have the present columns). All but `ok` have null estimates, never those of another version.
    No version is named that was published, or by the clock `released` released, after the row's
    time.
    Raises InvalidError: `no_table`, `columns` (missing, or in the way of what is added),
    `column_type`, `null_key`, `bad_time` (the time column), `as_of_in_future`, `unknown_field`,
    `bad_clock`; CorruptError.
    """
    view = reader.view.set(name)
    check_clock(name, clock, asks_alias=True)
    moves = view.moves_by(clock).get(PRODUCTION, [])
    join = AsOfJoin(view.present_contract, frame, time, fields, clock, moves, reader.view.present)
    absent = AbsentKeys(reader, keys_of(join.frame, join.contract), read)
    answers: list[pl.DataFrame] = []
    for number, keys in join.groups:
        version = None if number == NONE else view.versions[number - 1]
        answer = join.refused(keys, version, view.present_shape)
        if answer is None:
            assert version is not None
            answer = join.answered(_estimates(keys, join, version, read, absent), version)
        answers.append(answer)
    return join.put_together(answers)


def _estimates(
    keys: pl.DataFrame, join: AsOfJoin, version: Version, read: ReadColumns, absent: AbsentKeys
) -> pl.DataFrame:
    """What one version says of keys, in their order."""
    key, judged = keys.columns, join.contract.judged
    status = (
        pl.when(pl.all_horizontal(pl.col(judged).is_null()))
        .then(pl.lit("no_estimate"))
        .otherwise(pl.lit("ok"))
    )
    rows = read(version, [*key, *dict.fromkeys((*join.columns, *judged))], None)
    estimates = rows.select(*key, *join.columns, status.alias(STATUS))
    joined = keys.join(estimates, on=key, how="left", maintain_order="left")
    missing = joined.filter(pl.col(STATUS).is_null()).select(key).unique(maintain_order=True)
    if not missing.height:
        return joined
    why = missing.with_columns(absent.statuses(version, missing).alias(_WHY))
    joined = joined.join(why, on=key, how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce(STATUS, _WHY).alias(STATUS))


def _in_force(moves: Moves, moments: Numbers) -> Numbers:
    """The version in force at each moment."""
    starts = np.array([instants.micros(at) for at, _ in moves], np.int64)
    named = np.array([NONE, *(number for _, number in moves)], np.int64)
    return named[np.searchsorted(starts, moments, side="right")]


def _check_names(frame: pl.DataFrame, contract: Contract, added: list[str], time: str) -> None:
    missing = [name for name in (*contract.key, time) if name not in frame.columns]
    if missing:
        raise InvalidError(
            "columns",
            f"{contract.name}: the frame lacks {', '.join(missing)}; it has "
            f"{', '.join(frame.columns)}",
        )
    twice = sorted({name for name in added if name in frame.columns or added.count(name) > 1})
    if twice:
        raise InvalidError(
            "columns",
            f"{contract.name}: there would be two columns {', '.join(twice)} in what the join "
            "gives; "
            "rename those of the frame, or choose other columns of the set with fields=",
        )


def keys_of(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """The key columns in the contract's types."""
    keys = frame.select(
        cast_column(frame, name, column.type, contract.name)
        for name, column in contract.key.items()
    )
    nulls = [name for name in keys.columns if keys[name].null_count()]
    if nulls:
        raise InvalidError(
            "null_key",
            f"{contract.name}: the frame has null keys (in {', '.join(nulls)}); drop them",
        )
    return keys


def _moments(name: str, frame: pl.DataFrame, time: str) -> Numbers:
    """The times in microseconds; what is finer is cut, so that no row sees what came after it."""
    times = frame.get_column(time)
    if not isinstance(times.dtype, pl.Datetime) or times.dtype.time_zone is None:
        naive = isinstance(times.dtype, pl.Datetime)
        hint = "; use .dt.replace_time_zone('UTC') if that is what it is" if naive else ""
        raise InvalidError(
            "bad_time",
            f"{name}: column {time!r} is {times.dtype}, no timestamp with time zone{hint}",
        )
    if times.null_count():
        raise InvalidError(
            "bad_time", f"{name}: column {time!r} is null in {times.null_count()} rows; drop them"
        )
    multiply, divide = _UNITS[times.dtype.time_unit]
    return times.to_physical().to_numpy() * multiply // divide


def _facts(claims: bool) -> dict[str, pl.DataType]:
    told = {"released_at": _INSTANT, "imported": pl.Boolean()} if claims else {}
    return {"version": pl.Int64(), "published_at": _INSTANT} | told | {"status": pl.String()}
