"""Stability through time: what each move of production changed, one row a move."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

import msgspec
from cachetools import LRUCache, cached

from estimates.catalog.at import At
from estimates.catalog.records import Event, Version
from estimates.catalog.ref import PRODUCTION
from estimates.catalog.set_view import SetView
from estimates.catalog.view import View
from estimates.compare.diff_measure import digest_of, fields_digest, measure_for
from estimates.compare.frozen_versions import Window, windows
from estimates.compare.series_report import DEFAULT_LAST, MAX_LAST, ColumnMove, PairMove, Series
from estimates.compare.shared_versions import VersionRows
from estimates.compare.two_versions import Comparison, ReadFrame, beside
from estimates.errors import ConflictError, CorruptError
from estimates.reading.page_cursor import check_limit
from estimates.render.digits import rounded
from estimates.stability.report import ColumnReport, Report
from estimates.stability.through_time.revision_report import FrozenReport
from estimates.storage.report_cache import ReportCache

_REMEMBERED_ROWS = 10_000_000
_FROZEN_REASONS = ("too_few_versions", "no_comparable_keys", "expired")
# Gives the headline of a comparison: computes it, or has it.
Headline = Callable[[Comparison], Report]
# The same for what stands still.
Frozen = Callable[[Window], FrozenReport]


class ComparedMove(NamedTuple):
    """A move of production, and the comparison of its versions or the reason why there is none.

    window  the versions whose estimates should not all be the same; None where the contract does
            not ask
    """

    event: Event
    second: Version
    comparison: Comparison | None
    reason: str | None
    window: Window | None

    def inputs(self) -> tuple[object, ...]:
        """What decides about the numbers of its row."""
        window = None if self.window is None else self.window.cache_name()
        if self.comparison is None:
            return self.event.id, self.second.data_through, self.reason, window
        return self.event.id, self.comparison.cache_name("headline"), window


class ComparedMoves(NamedTuple):
    """The last moves of production, oldest first, of so many in all."""

    set: str
    total: int
    last: int
    moves: list[ComparedMove]
    read: ReadFrame

    def cache_name(self) -> str:
        """The name under which the series is cached: a digest of all that it depends on, programs
        included.
        """
        inputs = [move.inputs() for move in self.moves]
        return digest_of(fields_digest(Series), self.set, self.total, self.last, inputs)


def compared_moves(
    view: View,
    name: str,
    read: ReadFrame,
    *,
    last: int = DEFAULT_LAST,
    as_of: datetime | None = None,
) -> ComparedMoves:
    """The last moves of production from one version to another, rollbacks too, as known at a
    moment.

    read  all rows of a version; called when a report is computed
    Raises InvalidError (`bad_limit`), and those of `View.resolve` for production.
    """
    check_limit(last, MAX_LAST, name="last")
    view.resolve(name, At(as_of=as_of))
    as_of = None if as_of is None else view.time_of(as_of)
    of_set = view.set(name)
    events = [
        event
        for event in of_set.events
        if event.alias == PRODUCTION
        and event.version is not None
        and event.from_version is not None
        and (as_of is None or event.at <= as_of)
    ]
    count = of_set.contract.stability.frozen_after
    rows = max(version.rows for version in of_set.versions)
    read = cached_reads(read, count or 2, rows)
    in_a_row = {} if count is None else windows(of_set, count)
    moves = [_compared(of_set, event, read, in_a_row.get(event.id)) for event in events[-last:]]
    return ComparedMoves(name, len(events), last, moves, read)


def series_of(moves: ComparedMoves, headline: Headline, frozen: Frozen) -> Series:
    """The series; headlines are computed one after the other, oldest first."""
    rows = [_row(move, headline, frozen) for move in moves.moves]
    return Series(moves.set, moves.total, moves.last, rows)


def cached_series(moves: ComparedMoves, reports: ReportCache, headline: Headline) -> Series:
    """The same series, put together only if it is not in the cache.

    One that a file could not be read for is not cached.
    """
    content = reports.get(moves.cache_name())
    if content is not None:
        return msgspec.msgpack.decode(content, type=Series)

    def row_of(move: ComparedMove) -> PairMove:
        # a batch asks for a hundred moves with each version, of which one is new
        return reports.remembered(
            (moves.set, move.inputs()),
            lambda: _row(move, headline, lambda window: window.cached_report(reports, moves.read)),
            lambda row: _is_whole(row, move),
        )

    series = Series(moves.set, moves.total, moves.last, [row_of(move) for move in moves.moves])
    if all(_is_whole(row, move) for row, move in zip(series.pairs, moves.moves, strict=True)):
        reports.put(moves.cache_name(), msgspec.msgpack.encode(series))
    return series


def cached_reads(read: ReadFrame, count: int = 2, rows: int = 0) -> ReadFrame:
    """The same, remembering the last `count` frames: in a series each version is read once.

    rows  of the largest version: of large ones fewer are remembered, but always two
    """
    size = max(2, min(count, _REMEMBERED_ROWS // max(rows, 1)))
    remember = cached(LRUCache(size), key=attrgetter("snapshot_id"))
    return read.remembering(remember) if isinstance(read, VersionRows) else remember(read)


def _is_whole(row: PairMove, move: ComparedMove) -> bool:
    """Whether nothing in a row is missing because a file could not be read."""
    return row.reason == move.reason and row.frozen_reason in (None, *_FROZEN_REASONS)


def _compared(
    view: SetView, event: Event, read: ReadFrame, versions: list[Version] | None
) -> ComparedMove:
    assert event.version is not None
    assert event.from_version is not None
    first = view.versions[event.from_version - 1]
    second = view.versions[event.version - 1]
    count, window = view.contract.stability.frozen_after, None
    if versions is not None and count is not None:
        window = Window(versions, count, measure_for(second, view))
    if first.expired_at is not None or second.expired_at is not None:
        return ComparedMove(event, second, None, "expired", window)
    try:
        return ComparedMove(event, second, beside(first, second, view, read), None, window)
    except ConflictError as error:
        return ComparedMove(event, second, None, error.code, window)


def _row(move: ComparedMove, headline: Headline, frozen: Frozen) -> PairMove:
    row = _headline_row(move, headline)
    if move.window is None:
        return row
    try:
        report = frozen(move.window)
    except CorruptError as error:
        return msgspec.structs.replace(row, frozen_reason=error.code)
    return msgspec.structs.replace(
        row,
        frozen_n=report.n,
        frozen_share=rounded(report.frozen_share),
        frozen_reason=report.reason,
    )


def _headline_row(move: ComparedMove, headline: Headline) -> PairMove:
    event, report, reason = move.event, None, move.reason
    assert event.from_version is not None
    if move.comparison is not None:
        try:
            report = headline(move.comparison)
        except CorruptError as error:  # one damaged file is no reason to tell nothing of the others
            reason = error.code
    row = PairMove(
        event.from_version,
        move.second.version,
        "rolled_back" if event.kind == "rolled_back" else "promoted",
        event.at,
        move.second.data_through,
        reason,
    )
    if report is None:
        return row
    keys = report.keys
    return msgspec.structs.replace(
        row,
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
    r, plain = (None, None) if scalar is None else (scalar.r, scalar.plain)
    return ColumnMove(
        column.n,
        rounded(column.coverage),
        None if r is None else rounded(r.p50),
        None if r is None else rounded(r.p95),
        None if scalar is None else rounded(scalar.material_share),
        None if scalar is None else rounded(scalar.mean_revision),
        None if scalar is None else rounded(scalar.sign_flip_share),
        None if column.label is None else rounded(column.label.churn),
        None if plain is None else plain.measure,
        None if plain is None else rounded(plain.p50),
        None if plain is None else rounded(plain.p95),
    )
