"""Stability through time: what each move of production changed, one row a move."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from typing import Literal, NamedTuple

import msgspec
import polars as pl

from estimates.catalog.records import Event, Version
from estimates.catalog.ref import PRODUCTION
from estimates.catalog.view import SetView, View
from estimates.compare import frozen_versions
from estimates.compare.frozen_versions import Window
from estimates.compare.two_versions import Comparison, ReadFrame, beside, measure_for
from estimates.errors import ConflictError, CorruptError, InvalidError
from estimates.render.digits import rounded
from estimates.stability.report import METRICS_REVISION, ColumnReport, Report
from estimates.stability.through_time.frozen import FrozenReport
from estimates.storage.report_cache import KeptReports

DEFAULT_LAST = 30
MOVES_JUDGED = 100  # moves of production that say to the gate what is usual
MAX_LAST = 10_000
_REMEMBERED_ROWS = 10_000_000
_FROZEN_REASONS = ("too_few_versions", "no_comparable_keys", "expired")
# Gives the headline of a comparison: computes it, or has it.
Headline = Callable[[Comparison], Report]
# The same for what stands still.
Frozen = Callable[[Window], FrozenReport]
Move = Literal["promoted", "rolled_back"]


class ColumnMove(msgspec.Struct, frozen=True):
    """How one estimate column moved; the names and formulas are those of the report.

    n, coverage  keys that have a value in both versions, and their share of the common keys
    r_p50, r_p95, material_share, mean_revision, sign_flip_share  of a number
    churn        of a label
    """

    n: int
    coverage: float | None
    r_p50: float | None
    r_p95: float | None
    material_share: float | None
    mean_revision: float | None
    sign_flip_share: float | None
    churn: float | None


class PairMove(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """What changed when production moved from one version (`from`) to another (`to`).

    move          `promoted`, also to an older version; `rolled_back`: somebody took production back
    promoted_at   when production moved
    data_through  of the version it moved to
    reason        why nothing can be told, and all that follows is null: `other_shape`, `expired`,
                  or the code of the error that reading a file gave
    identical     the snapshots have the same content; identical_share: of the rows
    columns       the estimates but for what belongs to a point: interval ends and quantiles
    frozen_share  K4, where the contract says `frozen_after`: of the `frozen_n` keys that so many
                  versions in production have, this one the last, those whose estimates are the same
                  in all of them
    frozen_reason why frozen_share is null: `too_few_versions`, `no_comparable_keys`, or as `reason`
    """

    from_: int
    to: int
    move: Move
    promoted_at: datetime
    data_through: datetime
    reason: str | None = None
    identical: bool | None = None
    identical_share: float | None = None
    common: int | None = None
    added: int | None = None
    removed: int | None = None
    elapsed: int | None = None
    advanced: int | None = None
    columns: dict[str, ColumnMove] = {}
    headline: str | None = None
    frozen_n: int | None = None
    frozen_share: float | None = None
    frozen_reason: str | None = None


class Series(msgspec.Struct, frozen=True):
    """How stable a set was from each version in production to the next, oldest first.

    total  how many moves there were in all; `last` of them were asked for
    """

    set: str
    total: int
    last: int
    pairs: list[PairMove]
    metrics_revision: int = METRICS_REVISION

    @property
    def json(self) -> bytes:
        """The bytes that HTTP sends; numbers have 12 significant digits."""
        return msgspec.json.encode(self)

    def frame(self) -> pl.DataFrame:
        """A row a move: the fields of `PairMove` in order, in place of `columns` such as
        `close.r_p95`.
        """
        schema: dict[str, pl.DataType] = {
            name: kind for name, kind in _FACTS.items() if name != "headline"
        }
        names = dict.fromkeys(name for pair in self.pairs for name in pair.columns)
        schema |= {f"{name}.{part}": kind for name in names for part, kind in _MEASURES.items()}
        return pl.DataFrame(
            [_flat(pair) for pair in self.pairs], schema=schema | {"headline": pl.String()}
        )


class Pair(NamedTuple):
    """A move of production, and the comparison of its versions or the reason why there is none."""

    event: Event
    second: Version
    comparison: Comparison | None
    reason: str | None
    window: Window | None

    @property
    def rows(self) -> int:
        """Rows of both versions, for what it costs to compare them."""
        return (
            0
            if self.comparison is None
            else self.comparison.first.rows + self.comparison.second.rows
        )

    def facts(self) -> tuple[object, ...]:
        """What decides about the numbers of its row."""
        frozen = None if self.window is None else self.window.name()
        if self.comparison is None:
            return self.event.id, self.second.data_through, self.reason, frozen
        return self.event.id, self.comparison.report_name(headline_only=True), frozen


class Pairs(NamedTuple):
    """The last moves of production, oldest first, of so many in all."""

    set: str
    total: int
    last: int
    pairs: list[Pair]
    read: ReadFrame

    def name(self) -> str:
        """The name under which the series is kept: a digest of all that it depends on, programs
        included.
        """
        facts = [pair.facts() for pair in self.pairs]
        content = msgspec.json.encode(
            [_fields(), self.set, self.total, self.last, METRICS_REVISION, facts]
        )
        return hashlib.blake2b(content, digest_size=20).hexdigest()


def promoted_pairs(
    view: View,
    name: str,
    read: ReadFrame,
    *,
    last: int = DEFAULT_LAST,
    as_of: datetime | None = None,
) -> Pairs:
    """The last moves of production from one version to another, rollbacks too, as known at a
    moment.

    Raises InvalidError (`bad_limit`), and those of `View.resolve` for production.
    """
    if not 1 <= last <= MAX_LAST:
        raise InvalidError("bad_limit", f"last {last} is not between 1 and {MAX_LAST}")
    view.resolve(name, PRODUCTION, as_of)
    found = view.set(name)
    moves = [
        event
        for event in found.events
        if event.alias == PRODUCTION
        and event.version is not None
        and event.from_version is not None
        and (as_of is None or event.at <= as_of)
    ]
    in_a_row = found.contract.stability.frozen_after
    once = last_read(read, in_a_row or 2)
    windows = {} if in_a_row is None else frozen_versions.windows(found, in_a_row)
    pairs = [_pair(found, event, once, windows.get(event.id)) for event in moves[-last:]]
    return Pairs(name, len(moves), last, pairs, once)


def told(pairs: Pairs, headline: Headline, frozen: Frozen) -> Series:
    """The series, of headlines asked for one after the other, oldest first."""
    return Series(
        pairs.set, pairs.total, pairs.last, [_told(pair, headline, frozen) for pair in pairs.pairs]
    )


def kept_series(pairs: Pairs, kept: KeptReports, headline: Headline) -> Series:
    """The same series, put together only if it is not kept yet; one that a file could not be read
    for is not kept.
    """
    content = kept.get(pairs.name())
    if content is not None:
        return msgspec.msgpack.decode(content, type=Series)
    series = told(pairs, headline, lambda window: window.kept_report(kept, pairs.read))
    if all(_whole(row, pair) for row, pair in zip(series.pairs, pairs.pairs, strict=True)):
        kept.put(pairs.name(), msgspec.msgpack.encode(series))
    return series


def production_moves(events: Iterable[Event]) -> int:
    """How often production was promoted, rollbacks left out."""
    return sum(event.kind == "promoted" and event.alias == PRODUCTION for event in events)


def promoted_material(series: Series) -> dict[str, list[float]]:
    """Each column's share of materially changed keys in the promotions of a series, oldest first.

    With the digits that a service tells: the gate says the same wherever it judges.
    """
    found: dict[str, list[float]] = {}
    for pair in series.pairs:
        for name, column in pair.columns.items() if pair.move == "promoted" else ():
            if column.material_share is not None:
                found.setdefault(name, []).append(rounded(column.material_share))
    return found


def last_read(read: ReadFrame, count: int = 2) -> ReadFrame:
    """The same, remembering the last `count` frames: in a series each version is read once.

    Of large frames two are remembered, whatever the count.
    """
    frames: OrderedDict[str, pl.DataFrame] = OrderedDict()

    def once(version: Version) -> pl.DataFrame:
        if version.snapshot_id not in frames:
            frames[version.snapshot_id] = read(version)
        frames.move_to_end(version.snapshot_id)
        while len(frames) > 2 and (
            len(frames) > count or sum(f.height for f in frames.values()) > _REMEMBERED_ROWS
        ):
            frames.popitem(last=False)
        return frames[version.snapshot_id]

    return once


@cache
def _fields() -> str:
    """A digest of what a series has to say."""
    return hashlib.sha256(msgspec.json.encode(msgspec.json.schema(Series))).hexdigest()


def _whole(row: PairMove, pair: Pair) -> bool:
    """Whether nothing in a row is missing because a file could not be read."""
    return row.reason == pair.reason and row.frozen_reason in (None, *_FROZEN_REASONS)


def _pair(view: SetView, event: Event, read: ReadFrame, versions: list[Version] | None) -> Pair:
    assert event.version is not None
    assert event.from_version is not None
    first, second = view.versions[event.from_version - 1], view.versions[event.version - 1]
    wanted = view.contract.stability.frozen_after
    window = (
        None
        if versions is None or wanted is None
        else Window(versions, wanted, measure_for(second, view))
    )
    if first.expired_at is not None or second.expired_at is not None:
        return Pair(event, second, None, "expired", window)
    try:
        return Pair(event, second, beside(first, second, view, read), None, window)
    except ConflictError as error:
        return Pair(event, second, None, error.code, window)


def _told(pair: Pair, headline: Headline, frozen: Frozen) -> PairMove:
    row = _moved(pair, headline)
    if pair.window is None:
        return row
    try:
        found = frozen(pair.window)
    except CorruptError as error:
        return msgspec.structs.replace(row, frozen_reason=error.code)
    return msgspec.structs.replace(
        row, frozen_n=found.n, frozen_share=rounded(found.frozen_share), frozen_reason=found.reason
    )


def _moved(pair: Pair, headline: Headline) -> PairMove:
    event, report, reason = pair.event, None, pair.reason
    assert event.from_version is not None
    if pair.comparison is not None:
        try:
            report = headline(pair.comparison)
        except CorruptError as error:  # one damaged file is no reason to tell nothing of the others
            reason = error.code
    facts = (
        event.from_version,
        pair.second.version,
        "rolled_back" if event.kind == "rolled_back" else "promoted",
        event.at,
        pair.second.data_through,
        reason,
    )
    if report is None:
        return PairMove(*facts)
    keys = report.keys
    return PairMove(
        *facts,
        identical=report.identical,
        identical_share=rounded(keys.identical_share),
        common=keys.common,
        added=keys.added,
        removed=keys.removed,
        elapsed=keys.elapsed,
        advanced=keys.advanced,
        columns={name: _column(column) for name, column in report.columns.items()},
        headline=report.headline,
    )


def _column(column: ColumnReport) -> ColumnMove:
    scalar = column.scalar
    r = None if scalar is None else scalar.r
    return ColumnMove(
        column.n,
        rounded(column.coverage),
        None if r is None else rounded(r.p50),
        None if r is None else rounded(r.p95),
        None if scalar is None else rounded(scalar.material_share),
        None if scalar is None else rounded(scalar.mean_revision),
        None if scalar is None else rounded(scalar.sign_flip_share),
        None if column.label is None else rounded(column.label.churn),
    )


def _flat(pair: PairMove) -> dict[str, object]:
    facts: dict[str, object] = {
        name: getattr(pair, "from_" if name == "from" else name)
        for name in _FACTS
        if name != "headline"
    }
    for name, column in pair.columns.items():
        facts |= {f"{name}.{part}": getattr(column, part) for part in _MEASURES}
    return facts | {"headline": pair.headline}


_TIME = pl.Datetime("us", "UTC")
_FACTS: dict[str, pl.DataType] = {
    "from": pl.Int64(),
    "to": pl.Int64(),
    "move": pl.String(),
    "promoted_at": _TIME,
    "data_through": _TIME,
    "reason": pl.String(),
    "identical": pl.Boolean(),
    "identical_share": pl.Float64(),
    "common": pl.Int64(),
    "added": pl.Int64(),
    "removed": pl.Int64(),
    "elapsed": pl.Int64(),
    "advanced": pl.Int64(),
    "frozen_n": pl.Int64(),
    "frozen_share": pl.Float64(),
    "frozen_reason": pl.String(),
    "headline": pl.String(),
}
_MEASURES: dict[str, pl.DataType] = {
    "n": pl.Int64(),
    **{name: pl.Float64() for name in ColumnMove.__struct_fields__ if name != "n"},
}
