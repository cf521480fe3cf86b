"""An as-of join before and after the versions are asked: which rows go to which version, and back.

It needs polars and no NumPy, so that a client with frames can join too.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import polars as pl

from estimates import instants
from estimates.catalog.records import VersionInTime
from estimates.catalog.release_clock import Clock, Moves, check_clock
from estimates.contract.columns import key_text
from estimates.contract.conform import DTYPES, as_frame, schema, typed_keys
from estimates.contract.contract import Contract
from estimates.errors import InvalidError
from estimates.reading.deadline import DEADLINE, with_deadlines
from estimates.reading.field_selection import selection

NONE = 0  # stands for no version; versions count from 1
STATUS = "\x01status"  # no column of a contract can have this name
CARRIED = "\x01carried"
_MARK = "carried_over"
_INSTANT = DTYPES["timestamp"]
# Microseconds a unit of a timestamp column: (multiplied by, divided by).
_UNITS = {"ms": (1000, 1), "us": (1, 1), "ns": (1, 1000)}


class AsOfPlan:
    """A frame whose rows are put to the versions in force at their times, and back into their
    order.

    columns  of the contract, without the key, that are asked for
    groups   for each version in force the keys of its rows; `NONE` stands for no version
    Whoever has the versions makes a table for each group, in order, by `refusal` or `answer`, and
    calls `joined` with them. Raises as `as_of_join` does.
    """

    def __init__(
        self,
        contract: Contract,
        frame: Any,
        time: str | None,
        fields: Sequence[str] | None,
        clock: Clock,
        moves: Moves,
        present: datetime,
        deadline: str | None = None,
    ) -> None:
        name = contract.name
        check_clock(name, clock, asks_alias=True)
        self.frame = as_frame(frame)
        if (time is None) == (deadline is None):
            raise InvalidError(
                "bad_time",
                f"{name}: a join is at moments of a column, or at a deadline before each target",
                remedy="give one of time and deadline",
            )
        if deadline is not None:
            self.frame, time = with_deadlines(self.frame, contract, deadline), DEADLINE
        self._time = str(time)
        assert time is not None
        self.contract = contract
        selection(name, contract, fields)
        self.columns = [column for column in contract.columns if fields is None or column in fields]
        self.claims = clock is not None
        _check_names(self.frame, contract, [*self.columns, *_added(self.claims)], time)
        moments, keys = _moments(name, self.frame, time), keys_of(self.frame, contract)
        if moments.filter(moments > instants.micros(present)).len():
            latest = self.frame.get_column(time).max()
            raise InvalidError(
                "as_of_in_future",
                f"{name}: {time} {latest} lies in the future: nothing is known of it",
                remedy="ask for moments that are past",
            )
        self._before = "before_first" if moves else "nothing_promoted"
        rows = pl.DataFrame({"version": _in_force(moves, moments)}).with_row_index("row")
        rows = rows.sort("version", maintain_order=True)
        self._order = rows["row"]
        by_version = keys[self._order]
        counts = rows.group_by("version", maintain_order=True).len()
        starts = counts["len"].cum_sum() - counts["len"]
        self.groups = [
            (number, by_version[start : start + count])
            for (number, count), start in zip(counts.iter_rows(), starts, strict=True)
        ]

    def refusal(
        self, keys: pl.DataFrame, version: VersionInTime | None, shape: int
    ) -> pl.DataFrame | None:
        """The answer where no version can be read: none is in force, it has another shape, or its
        files are gone; else None.
        """
        if version is None:
            return self._without(keys, None, self._before)
        if version.shape != shape:
            return self._without(keys, version, "other_shape")
        return self._without(keys, version, "expired") if version.expired_at is not None else None

    def answer(self, rows: pl.DataFrame, version: VersionInTime | None) -> pl.DataFrame:
        """The columns that the join adds, of rows that have the columns asked for and STATUS, and
        CARRIED where some of the version's are carried over; others are null.
        """
        released_at = None if version is None else version.released_at
        cells = {
            "version": pl.lit(None if version is None else version.version),
            "published_at": pl.lit(None if version is None else version.published_at),
            "released_at": pl.lit(released_at),
            "imported": pl.lit(None if version is None else released_at is not None),
            "status": pl.col(STATUS),
        }
        columns = {
            name: pl.col(name) if name in rows.columns else pl.lit(None) for name in self.columns
        }
        marks = [pl.col(CARRIED).alias(_MARK)] if CARRIED in rows.columns else []
        return rows.select(
            *(
                (columns | cells)[name].cast(dtype).alias(name)
                for name, dtype in self._schema().items()
            ),
            *marks,
        )

    def joined(self, answers: Sequence[pl.DataFrame]) -> pl.DataFrame:
        """The frame beside the answers to its groups."""
        rows = pl.concat([pl.DataFrame(schema=self._schema()), *answers], how="diagonal")
        if _MARK in rows.columns and _MARK not in self.columns:
            _check_names(self.frame, self.contract, [_MARK], self._time)
            rows = rows.with_columns(pl.col(_MARK).fill_null(value=False))
        return pl.concat([self.frame, rows[self._order.arg_sort()]], how="horizontal")

    def _without(
        self, keys: pl.DataFrame, version: VersionInTime | None, status: str
    ) -> pl.DataFrame:
        return self.answer(keys.select(pl.repeat(status, pl.len()).alias(STATUS)), version)

    def _schema(self) -> dict[str, pl.DataType]:
        types = schema(self.contract)
        return {name: types[name] for name in self.columns} | _added(self.claims)


def _in_force(moves: Moves, moments: pl.Series) -> pl.Series:
    """The version in force at each moment."""
    starts = pl.Series([instants.micros(at) for at, _ in moves], dtype=pl.Int64)
    versions = pl.Series([NONE, *(number or NONE for _, number in moves)], dtype=pl.Int64)
    return versions.gather(starts.search_sorted(moments, side="right"))


def _check_names(frame: pl.DataFrame, contract: Contract, added: list[str], time: str) -> None:
    missing = [name for name in (*contract.key, time) if name not in frame.columns]
    if missing:
        raise InvalidError(
            "columns",
            f"{contract.name}: the frame lacks {', '.join(missing)}",
            remedy=f"it has {', '.join(frame.columns)}",
        )
    twice = sorted({name for name in added if name in frame.columns or added.count(name) > 1})
    if twice:
        raise InvalidError(
            "columns",
            f"{contract.name}: there would be two columns {', '.join(twice)} in what the join "
            "gives",
            remedy="rename those of the frame, or choose other columns of the set with fields=",
        )


def carried_mark(by: str, groups: Sequence[str]) -> pl.Expr:
    """Whether a row is of one of the groups that keep the rows of an earlier version.

    groups  as text, times too: see `key_text`
    """

    def is_carried(column: pl.Series) -> pl.Series:
        values = column.unique().drop_nulls()
        kept = [value for value in values if key_text(value) in groups]
        return column.is_in(pl.Series(kept, dtype=column.dtype).implode())

    mark = pl.col(by).map_batches(is_carried, return_dtype=pl.Boolean)
    return mark.fill_null(value=False).alias(CARRIED)


def keys_of(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """The key columns in the contract's types; raises InvalidError (`null_key`)."""
    keys = typed_keys(frame, contract)
    nulls = [name for name in keys.columns if keys[name].null_count()]
    if nulls:
        raise InvalidError(
            "null_key",
            f"{contract.name}: the frame has null keys (in {', '.join(nulls)})",
            remedy="drop them",
        )
    return keys


def _moments(name: str, frame: pl.DataFrame, time: str) -> pl.Series:
    """The times in microseconds; what is finer is cut, so that no row sees what came after it."""
    times = frame.get_column(time)
    if not isinstance(times.dtype, pl.Datetime) or times.dtype.time_zone is None:
        naive = isinstance(times.dtype, pl.Datetime)
        hint = (
            "its times name no zone: write them in UTC, as timestamps with a zone"
            if naive
            else "cast it to one"
        )
        raise InvalidError(
            "bad_time",
            f"{name}: column {time!r} is {times.dtype}, no timestamp with time zone",
            remedy=hint,
        )
    if times.null_count():
        raise InvalidError(
            "bad_time",
            f"{name}: column {time!r} is null in {times.null_count()} rows",
            remedy="drop them",
        )
    multiply, divide = _UNITS[times.dtype.time_unit]
    return times.to_physical() * multiply // divide


def _added(claims: bool) -> dict[str, pl.DataType]:
    """The columns beside those of the contract."""
    release = {"released_at": _INSTANT, "imported": pl.Boolean()} if claims else {}
    return {"version": pl.Int64(), "published_at": _INSTANT} | release | {"status": pl.String()}
