"""Which versions stand one after the other in production, and which of their estimates stand still
(K4).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice, takewhile
from typing import NamedTuple, Protocol, TypeVar

import msgspec
import polars as pl

from estimates.catalog.at import At
from estimates.catalog.records import Event, Version
from estimates.catalog.ref import PRODUCTION
from estimates.catalog.set_view import SetView
from estimates.catalog.view import View
from estimates.compare.diff_measure import Measure, digest_of, measure_for
from estimates.compare.frozen_keys import FrozenKeys
from estimates.reading.page_cursor import check_limit
from estimates.render.digits import rounded
from estimates.stability.through_time.frozen import frozen_report, frozen_rows
from estimates.stability.through_time.revision_report import FrozenReport
from estimates.storage.report_cache import ReportCache

FROZEN_LAST = 5  # versions looked at where neither the request nor the contract says how many
_MOST_VERSIONS = 100


class Window(NamedTuple):
    """Versions one after the other in production, newest last, whose estimates should not all be
    the same.

    needed  how many there have to be, before which nothing can be said
    """

    versions: list[Version]
    needed: int
    measure: Measure

    @property
    def rows(self) -> int:
        """Rows of all versions, for what it costs to compare them."""
        return 0 if self.reason else sum(version.rows for version in self.versions)

    @property
    def reason(self) -> str | None:
        """Why nothing can be said: `too_few_versions` of this shape, or one has `expired`."""
        if len(self.versions) < self.needed:
            return "too_few_versions"
        return (
            "expired" if any(version.expired_at is not None for version in self.versions) else None
        )

    def cache_name(self) -> str:
        """The name under which the report is cached: a digest of all that it depends on, programs
        included.
        """
        snapshots = [version.snapshot_id for version in self.versions]
        return digest_of("frozen", snapshots, self.needed, self.measure.digest, self.reason)

    def report(self, read: Callable[[Version], pl.DataFrame]) -> FrozenReport:
        """K4 of these versions; raises CorruptError."""
        if self.reason is not None:
            return FrozenReport(len(self.versions), 0, None, [], self.reason)
        frames = (read(version) for version in self.versions)
        return frozen_report(frozen_rows(frames, self.measure.contract), self.measure.contract)

    def cached_report(
        self, reports: ReportCache, read: Callable[[Version], pl.DataFrame]
    ) -> FrozenReport:
        """The same report, computed only if it is not in the cache; raises CorruptError."""
        content = reports.get_or_make(
            self.cache_name(), lambda: msgspec.msgpack.encode(self.report(read))
        )
        return msgspec.msgpack.decode(content, type=FrozenReport)


class Shaped(Protocol):
    """A version, as a catalog or a service tells of it."""

    @property
    def shape(self) -> int:
        """The number of its shape."""
        ...


V = TypeVar("V", bound=Shaped)


def last_in_production(
    events: Iterable[Event], versions: Sequence[V], shape: int, count: int
) -> list[V]:
    """The last versions of a shape that production pointed to, newest last, `count` at most;
    expired ones too.

    events, versions  all of the set, oldest first
    Each stands where production last pointed to it; those that production was rolled back from are
    left out, and a version of another shape ends the row.
    """
    history = deque(_production_history(events), maxlen=1)
    return _last(versions, history[0][1], shape, count) if history else []


def frozen_window(
    view: View, name: str, last: int | None = None, *, as_of: datetime | None = None
) -> Window:
    """The last versions of production's shape that production pointed to, as known at a moment.

    last  how many at most; None: as the contract's `frozen_after` says, else FROZEN_LAST
    Raises InvalidError (`bad_limit`), and those of `View.resolve` for production.
    """
    if last is not None:
        check_limit(last, _MOST_VERSIONS, least=2, name="last")
    version = view.resolve(name, At(as_of=as_of))
    as_of = None if as_of is None else view.time_of(as_of)
    of_set = view.set(name)
    events = (event for event in of_set.events if as_of is None or event.at <= as_of)
    promised = of_set.contract.stability.frozen_after
    count = last or promised or FROZEN_LAST
    versions = last_in_production(events, of_set.versions, version.shape, count)
    needed = promised if last is None and promised is not None else 2
    return Window(versions, needed, measure_for(version, of_set))


def frozen_keys(name: str, window: Window, report: FrozenReport) -> FrozenKeys:
    """What a service answers about a window."""
    share = report.frozen_share
    return FrozenKeys(
        name,
        [version.version for version in window.versions],
        report.n,
        None if share is None else round(share * report.n),
        rounded(share),
        report.reason,
        report.keys,
    )


def windows(view: SetView, count: int) -> dict[int, list[Version]]:
    """For each move of production, by the id of its event, what `last_in_production` said right
    after it.
    """
    return {
        event.id: _last(view.versions, numbers, view.versions[event.version - 1].shape, count)
        for event, numbers in _production_history(view.events)
        if event.version is not None
    }


def _production_history(events: Iterable[Event]) -> Iterator[tuple[Event, dict[int, None]]]:
    """The moves of production, and the versions it had pointed to after each of them, in order."""
    numbers: dict[int, None] = {}
    for event in events:
        if event.alias == PRODUCTION and event.version is not None:
            if event.kind == "rolled_back" and event.from_version is not None:
                numbers.pop(event.from_version, None)
            numbers.pop(event.version, None)
            numbers[event.version] = None
            yield event, numbers


def _last(versions: Sequence[V], numbers: dict[int, None], shape: int, count: int) -> list[V]:
    newest_first = (versions[number - 1] for number in reversed(numbers))
    of_shape = takewhile(lambda version: version.shape == shape, newest_first)
    return list(islice(of_shape, count))[::-1]
