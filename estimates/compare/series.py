"""Stability through time: what each move of production changed, one row a move."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import NamedTuple

import msgspec
import polars as pl

from estimates.catalog.at import At
from estimates.catalog.records import Event, Version
from estimates.catalog.ref import PRODUCTION
from estimates.catalog.view import SetView, View
from estimates.compare import frozen_versions
from estimates.compare.frozen_versions import Window
from estimates.compare.series_report import DEFAULT_LAST, MAX_LAST, ColumnMove, PairMove, Series
from estimates.compare.two_versions import Comparison, ReadFrame, beside, measure_for
from estimates.errors import ConflictError, CorruptError, InvalidError
from estimates.render.digits import rounded
from estimates.stability.report import METRICS_REVISION, ColumnReport, Report
from estimates.stability.through_time.frozen import FrozenReport
from estimates.storage.report_cache import KeptReports

_REMEMBERED_ROWS = 10_000_000
_FROZEN_REASONS = ("too_few_versions", "no_comparable_keys", "expired")
# Gives the headline of a comparison: computes it, or has it.
Headline = Callable[[Comparison], Report]
# The same for what stands still.
Frozen = Callable[[Window], FrozenReport]


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
    view.resolve(name, At(as_of=as_of))
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
