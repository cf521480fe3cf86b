"""Which versions stand one after the other in production, and which of their estimates stand still
(K4).
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import takewhile
from typing import NamedTuple, Protocol, TypeVar

import msgspec
import polars as pl

from estimates.catalog.records import Event, Version
from estimates.catalog.ref import PRODUCTION
from estimates.catalog.view import SetView
from estimates.compare.two_versions import Measure
from estimates.stability.report import METRICS_REVISION
from estimates.stability.through_time.frozen import FrozenReport, frozen
from estimates.storage.report_cache import KeptReports


class Window(NamedTuple):
    """Versions one after the other in production, newest last, whose estimates should not all be
    the same.

    wanted  how many there have to be, before which nothing can be said
    """

    versions: list[Version]
    wanted: int
    measure: Measure

    @property
    def rows(self) -> int:
        """Rows of all versions, for what it costs to compare them."""
        return 0 if self.reason else sum(version.rows for version in self.versions)

    @property
    def reason(self) -> str | None:
        """Why nothing can be said: `too_few_versions` of this shape, or one of them has `expired`."""
        if len(self.versions) < self.wanted:
            return "too_few_versions"
        return (
            "expired" if any(version.expired_at is not None for version in self.versions) else None
        )

    def name(self) -> str:
        """The name under which the report is kept: a digest of all that it depends on, programs
        included.
        """
        snapshots = [version.snapshot_id for version in self.versions]
        facts = [
            METRICS_REVISION,
            "frozen",
            snapshots,
            self.wanted,
            self.measure.digest,
            self.reason,
        ]
        return hashlib.blake2b(msgspec.json.encode(facts), digest_size=20).hexdigest()

    def report(self, read: Callable[[Version], pl.DataFrame]) -> FrozenReport:
        """K4 of these versions; raises CorruptError."""
        if self.reason is not None:
            return FrozenReport(len(self.versions), 0, None, [], self.reason)
        return frozen((read(version) for version in self.versions), self.measure.contract)

    def kept_report(
        self, kept: KeptReports, read: Callable[[Version], pl.DataFrame]
    ) -> FrozenReport:
        """The same report, computed only if it is not kept yet; raises CorruptError."""
        content = kept.get_or_make(self.name(), lambda: msgspec.msgpack.encode(self.report(read)))
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
    moves = deque(_held(events), maxlen=1)
    return _last(versions, moves[0][1], shape, count) if moves else []


def windows(view: SetView, count: int) -> dict[int, list[Version]]:
    """For each move of production, by the id of its event, what `last_in_production` said right
    after it.
    """
    return {
        event.id: _last(view.versions, held, view.versions[event.version - 1].shape, count)
        for event, held in _held(view.events)
        if event.version is not None
    }


def _held(events: Iterable[Event]) -> Iterator[tuple[Event, dict[int, None]]]:
    """The moves of production, and what it had pointed to after each of them, in order."""
    held: dict[int, None] = {}
    for event in events:
        if event.alias == PRODUCTION and event.version is not None:
            if event.kind == "rolled_back" and event.from_version is not None:
                held.pop(event.from_version, None)
            held.pop(event.version, None)
            held[event.version] = None
            yield event, held


def _last(versions: Sequence[V], held: dict[int, None], shape: int, count: int) -> list[V]:
    found: list[V] = []
    for version in takewhile(
        lambda one: one.shape == shape, (versions[n - 1] for n in reversed(held))
    ):
        if len(found) == count:
            break
        found.append(version)
    return found[::-1]
