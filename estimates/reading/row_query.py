"""Rows by ranges of the key, of one version or of many: by release, by lag, by a deadline before
each target.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, cast

import msgspec
import polars as pl

from estimates.catalog.at import NOW, At
from estimates.catalog.records import Version
from estimates.catalog.ref import PRODUCTION
from estimates.catalog.set_view import SetView
from estimates.catalog.view import View
from estimates.contract.columns import ColumnType, KeyType, parse_key_part
from estimates.contract.conform import schema
from estimates.contract.contract import Contract
from estimates.errors import InvalidError
from estimates.reading.absent_keys import ReadColumns
from estimates.reading.deadline import deadline_of, deadlines, span_of, start_of
from estimates.reading.field_selection import selection
from estimates.reading.reader import Reader
from estimates.reading.row_request import TO, RowQuery
from estimates.render.wording import did_you_mean

VERSION, PUBLISHED, RELEASED = "version", "published_at", "released_at"
OF_VERSION = (VERSION, PUBLISHED, RELEASED)
_RELEASE = "\x01release"  # no column of a contract has this name
WHICH_RELEASE = "first|latest|[1-9][0-9]{0,8}"  # as text; a number counts from the oldest


def query_rows(
    reader: Reader, read: ReadColumns, name: str, query: RowQuery, at: At = NOW
) -> pl.DataFrame:
    """The rows of a query: the key, the columns asked for; of many versions also `version` and
    `published_at`, null nowhere, and by the clock `released` the claim `released_at`.

    read  some columns of a version, of the rows that fulfil a condition
    at    the version; with `release`, `lag` and `deadline` the moment until which production's
          moves count, and of expired versions and those of another shape nothing is said; with
          the clock `released` they count from the release that versions claim
    Raises InvalidError: `bad_key_range`, `bad_key_part`, `unknown_field`, `bad_release`, `bad_lag`,
    `bad_deadline`, `no_horizon`, `two_releases`; what `View.resolve` raises; CorruptError.
    """
    if query.of_many and at.ref != PRODUCTION:
        raise _two_releases(name)
    version = reader.resolve(name, resolved_at(at, of_many=query.of_many))
    of_set = reader.view.set(name)
    contract = of_set.contract_of(version)
    selection(name, contract, query.fields)
    fields = [c for c in contract.columns if query.fields is None or c in query.fields]
    keys, values = (
        row_condition(
            contract, {n: t for n, t in query.where.items() if (n in contract.key) is key}
        )
        for key in (True, False)
    )
    needed = dict.fromkeys(
        (*contract.key, *fields, *query.where, *_sorted_by(contract, query.order))
    )
    if not query.of_many:
        rows = read(version, [*needed], _all(keys, values))
    else:
        productions = _productions(reader.view, of_set, version, at)
        rows = _of_many(productions, read, [*needed], keys, query)
        rows = rows if values is None else rows.filter(values)
    shown = [*contract.key, *fields, *(_about_version(contract, at) if query.of_many else {})]
    return _ordered(rows, contract, query.order).select(shown)


def resolved_at(at: At, *, of_many: bool) -> At:
    """The moment whose production says which shape is asked for. Rows of many versions go through
    all times, so they may name a clock and no moment; now all clocks say the same.
    """
    by_claims = of_many and at.as_of is None and at.clock == "released"
    return msgspec.structs.replace(at, clock=None) if by_claims else at


class _Productions(msgspec.Struct, frozen=True):
    """What was in production until a moment, and the version whose shape is asked for.

    until      that moment, now where none was asked for: nobody knows what will be said later
    withdrawn  versions that were rolled back and did not return: no releases, though what they said
               was said
    """

    of_set: SetView
    version: Version
    at: At
    until: datetime
    withdrawn: frozenset[int]

    @property
    def contract(self) -> Contract:
        return self.of_set.contract_of(self.version)

    def spans(self) -> list[tuple[Version, datetime, datetime | None]]:
        """Version, start and end of each time in production, oldest first; readable ones alone."""
        moves = self.of_set.moves_by(self.at.clock).get(PRODUCTION, [])
        moves = [move for move in moves if move[0] <= self.until]
        ends = [at for at, _ in moves[1:]] + [None]
        spans = [
            (self.of_set.versions[number - 1], start, end)
            for (start, number), end in zip(moves, ends, strict=True)
            if number is not None
        ]
        return [span for span in spans if self._readable(span[0])]

    def versions(self, *, newest_first: bool = False) -> list[Version]:
        """Each once, in the order in which they first came into production, or from the one that
        is there now back.
        """
        spans = self.spans()[::-1] if newest_first else self.spans()
        versions = {version.version: version for version, _, _ in spans}
        return [v for number, v in versions.items() if number not in self.withdrawn]

    def _readable(self, version: Version) -> bool:
        return version.expired_at is None and version.shape == self.version.shape


def _productions(view: View, of_set: SetView, version: Version, at: At) -> _Productions:
    until = view.present if at.as_of is None else view.time_of(at.as_of)
    withdrawn = {v.version for v in of_set.versions if view.state(v) == "rolled_back"}
    return _Productions(of_set, version, at, until, frozenset(withdrawn))


def _of_many(
    productions: _Productions,
    read: ReadColumns,
    needed: list[str],
    where: pl.Expr | None,
    query: RowQuery,
) -> pl.DataFrame:
    if sum(x is not None for x in (query.release, query.lag, query.deadline)) > 1:
        raise _two_releases(productions.contract.name)

    def part(version: Version, condition: pl.Expr | None) -> pl.DataFrame:
        rows = read(version, needed, _all(where, condition))
        return rows.with_columns(
            pl.lit(getattr(version, name)).cast(dtype).alias(name)
            for name, dtype in _about_version(productions.contract, productions.at).items()
        )

    if query.deadline is not None:
        parts = _by_deadline(productions, part, query.deadline)
    elif query.lag is not None:
        parts = _by_lag(productions, part, query.lag)
    else:
        return _by_release(productions, part, query.release)
    return pl.concat([_empty(productions, needed), *parts])


def _two_releases(name: str) -> InvalidError:
    return InvalidError(
        "two_releases",
        f"{name}: a ref, release, lag and deadline each say which version answers",
        remedy="give one of them",
    )


Part = Callable[[Version, pl.Expr | None], pl.DataFrame]


def _by_deadline(productions: _Productions, part: Part, text: str) -> list[pl.DataFrame]:
    """Of each time in production the rows whose deadline fell into it; of deadlines that lie ahead
    nothing is said.
    """
    moment = deadlines(deadline_of(text), productions.contract)
    until = productions.until
    return [
        part(version, _within(moment, start, end or until, closed_end=end is None))
        for version, start, end in productions.spans()
    ]


def _by_lag(productions: _Productions, part: Part, text: str) -> list[pl.DataFrame]:
    """Of each version the rows of which it is the newest whose data end early enough."""
    try:
        lag = span_of(text)
    except ValueError:
        raise InvalidError(
            "bad_lag", f"{text!r} is no duration", remedy="write 7d, 36h or PT36H"
        ) from None
    deadlines(deadline_of("DT00:00"), productions.contract)  # there is a dated target
    moment = start_of(productions.contract) - lag
    newest = {version.data_through: version for version in productions.versions()}
    ends = sorted(newest)
    following = [*ends[1:], None]
    return [
        part(newest[start], _within(moment, start, end, closed_end=False))
        for start, end in zip(ends, following, strict=True)
    ]


def _all(*conditions: pl.Expr | None) -> pl.Expr | None:
    known = [condition for condition in conditions if condition is not None]
    return pl.all_horizontal(known) if known else None


def _within(moment: pl.Expr, start: datetime, end: datetime | None, *, closed_end: bool) -> pl.Expr:
    after = moment >= start
    if end is None:
        return after
    return after & (moment <= end if closed_end else moment < end)


def _by_release(productions: _Productions, part: Part, release: str | int | None) -> pl.DataFrame:
    """For each key the n-th of the versions that have it, from the oldest or from the newest."""
    number = 1 if release in ("first", "latest") else _number(release)
    versions = productions.versions(newest_first=release == "latest")
    key = [*productions.contract.key]
    parts = [part(version, None) for version in versions]
    if not parts:
        return part(productions.version, pl.lit(False))
    rows = pl.concat(parts)
    counted = pl.int_range(1, pl.len() + 1).over(key).alias(_RELEASE)
    return rows.with_columns(counted).filter(pl.col(_RELEASE) == number).drop(_RELEASE)


def _number(release: str | int | None) -> int:
    text = str(release)
    if re.fullmatch(WHICH_RELEASE, text):
        return int(text)
    raise InvalidError(
        "bad_release",
        f"{text!r} is no release",
        remedy="write first, latest, or a number from 1: 2 is the second that has a key",
    )


def row_condition(contract: Contract, where: dict[str, str]) -> pl.Expr | None:
    """What rows have to fulfil; None for nothing.

    Raises InvalidError (`bad_key_range`, `key_parts`).
    """
    kinds: dict[str, ColumnType] = {name: part.type for name, part in contract.key.items()}
    kinds |= {name: column.kind for name, column in contract.columns.items()}
    unknown = [name for name in where if kinds.get(name) in (None, "numbers")]
    if unknown:
        raise InvalidError(
            "key_parts",
            f"{contract.name}: rows are not chosen by {unknown[0]!r}"
            f"{did_you_mean(unknown[0], kinds)}",
            remedy=f"the key is {', '.join(contract.key)}",
        )
    conditions = [
        condition
        for name, text in where.items()
        for condition in _conditions(name, kinds[name], text)
    ]
    return pl.all_horizontal(conditions) if conditions else None


def _conditions(name: str, kind: ColumnType, text: str) -> list[pl.Expr]:
    column = pl.col(name)
    bracketed = text.startswith("[") and text.endswith("]")
    if kind == "string" and not (bracketed and TO in text):
        return [column == text]
    inside = text[1:-1] if bracketed else text
    first, to, last = inside.partition(TO)
    if not to:
        return [column == pl.lit(_end(name, kind, first))]
    low, high = (_end(name, kind, end) if end else None for end in (first, last))
    if low is None and high is None:
        raise InvalidError(
            "bad_key_range",
            f"{name}={text} has no end",
            remedy=f"write {name}=FROM..TO, {name}=FROM.. or {name}=..TO",
        )
    if low is not None and high is not None and low > high:
        raise InvalidError(
            "bad_key_range",
            f"{name}={text} ends before it begins",
            remedy=f"write {name}=FROM..TO, the lower end first",
        )
    return [
        *([] if low is None else [column >= pl.lit(low)]),
        *([] if high is None else [column <= pl.lit(high)]),
    ]


def _end(name: str, kind: ColumnType, text: str) -> Any:
    try:
        return _value(kind, text)
    except ValueError as error:
        raise InvalidError(
            "bad_key_range",
            f"{name}: {text!r} is no {kind}: {error}",
            remedy=f"write {name}=FROM..TO, both ends as they stand in keys",
        ) from None


def _value(kind: ColumnType, text: str) -> Any:
    """A value in its type; raises ValueError."""
    if kind == "float":
        if "_" in text or (value := float(text)) != value:
            raise ValueError("it is written as in JSON")
        return value
    if kind == "boolean":
        if text not in ("true", "false"):
            raise ValueError("it is true or false")
        return text == "true"
    return parse_key_part(cast("KeyType", kind), text)


def _sorted_by(contract: Contract, order: Sequence[str]) -> list[str]:
    names = [name.removeprefix("-") for name in order]
    selection(contract.name, contract, names)
    return names


def _ordered(rows: pl.DataFrame, contract: Contract, order: Sequence[str]) -> pl.DataFrame:
    """By the columns named, nulls last, then by key and version."""
    names = _sorted_by(contract, order)
    by = [*names, *(name for name in contract.key if name not in names)]
    falling = [name.startswith("-") for name in order] + [False] * (len(by) - len(names))
    return rows.sort(by, descending=falling, nulls_last=True, maintain_order=True)


def _empty(productions: _Productions, names: Sequence[str]) -> pl.DataFrame:
    types = schema(productions.contract)
    more = _about_version(productions.contract, productions.at)
    return pl.DataFrame(schema={name: types[name] for name in names} | more)


def _about_version(contract: Contract, at: At) -> dict[str, pl.DataType]:
    """The columns that say which version a row is of, with their types; the claim by its clock
    alone, and where no column of the set has its name.
    """
    moment = pl.Datetime("us", "UTC")
    is_free = RELEASED not in contract.key and RELEASED not in contract.columns
    claimed = {RELEASED: moment} if at.clock is not None and is_free else {}
    return {VERSION: pl.Int64(), PUBLISHED: moment, **claimed}
