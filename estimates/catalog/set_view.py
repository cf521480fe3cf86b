"""One set at one moment of the catalog, and what follows from its events. No SQL here."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Hashable, Iterator
from datetime import datetime, timedelta
from functools import cached_property
from itertools import islice
from typing import Any, TypeVar

import msgspec

from estimates.catalog.approval_requests import ApprovalRequest, requests_of
from estimates.catalog.erased_keys import replaced_parts
from estimates.catalog.expiry import expiry_of
from estimates.catalog.records import (
    Alias,
    ContractRevision,
    ErasedPart,
    Erasure,
    Event,
    Expiry,
    LegalHold,
    Version,
    Waiver,
)
from estimates.catalog.ref import PRODUCTION
from estimates.catalog.release_clock import Clock, Moves, Spans, released_moves, spans_of
from estimates.contract.contract import Contract
from estimates.errors import NotFoundError
from estimates.instants import parse_until

# When something changed, and the version it was from then on; oldest first.
Changes = list[tuple[datetime, int | None]]
# The events that say which files a set needs.
CONTENT = ("published", "erased")
VINTAGE = "vintage"  # what a `scored` event calls the vintage that was asked for
T = TypeVar("T")


class SetView(msgspec.Struct, dict=True, eq=False):
    """All that the catalog holds of one set: contracts, versions and events in order, aliases by
    name.

    waivers  those that were not taken back, by id; they may be over
    holds    the legal holds that stand, by id
    erasures what was erased of keys, by id
    """

    contracts: list[ContractRevision]
    versions: list[Version]
    events: list[Event]
    aliases: dict[str, Alias]
    waivers: list[Waiver] = []
    holds: list[LegalHold] = []
    erasures: list[Erasure] = []
    # Contracts by revision, decoded once and handed on to the next view: every read needs one.
    decoded: dict[int, Contract] = {}
    _memoized: dict[Hashable, Any] = {}

    def memoize(self, what: Hashable, make: Callable[[], T]) -> T:
        """What a reader derived from this moment of the set: made once, however many ask."""
        value = self._memoized.get(what)
        if value is None:
            value = self._memoized[what] = make()
        return value

    @cached_property
    def blocks(self) -> dict[int, bool]:
        """Whether the newest verdict of a version blocks; versions without a verdict are absent."""
        return {
            e.version: bool(e.blocks)
            for e in self.events
            if e.kind == "judged" and e.version is not None
        }

    @cached_property
    def scored(self) -> dict[str | None, dict[int, int]]:
        """By the vintage that was asked for (None: the newest values), for each version that was
        scored the event of its newest scores.
        """
        scored: dict[str | None, dict[int, int]] = {}
        for event in self.events:
            if event.kind == "scored" and event.version is not None:
                of_vintage = scored.setdefault(event.details.get(VINTAGE), {})
                of_vintage[event.version] = event.id
        return scored

    @property
    def scored_vintage(self) -> str | None:
        """The vintage whose scores are shown unless another one is asked for: the newest values,
        else the latest vintage that was scored.
        """
        if None in self.scored or not self.scored:
            return None
        vintages = [vintage for vintage in self.scored if vintage is not None]
        return max(vintages, key=parse_until)

    @cached_property
    def expiries(self) -> dict[int, Expiry]:
        """Why the expired versions gave up their files, by number."""
        return {
            e.version: expiry_of(e)
            for e in self.events
            if e.kind == "expired" and e.version is not None
        }

    @cached_property
    def last_content(self) -> int:
        """The newest event that says which files the set needs, 0 before the first."""
        return max((event.id for event in self.events if event.kind in CONTENT), default=0)

    @cached_property
    def erased_keys(self) -> dict[str, Erasure]:
        """What erased each key, by the digest that stands for the key."""
        return {digest: erasure for erasure in self.erasures for digest in erasure.key_digests}

    @cached_property
    def replaced(self) -> dict[str, ErasedPart]:
        """What is read in place of parts from which something was erased, by their digests."""
        return replaced_parts(self.erasures)

    @cached_property
    def rolled_back(self) -> set[int]:
        """Versions that production was rolled back from."""
        return {
            e.from_version
            for e in self.events
            if e.kind == "rolled_back" and e.alias == PRODUCTION and e.from_version is not None
        }

    @cached_property
    def rolled_back_snapshots(self) -> set[str]:
        """Content that some alias was ever rolled back from."""
        left = {
            e.from_version
            for e in self.events
            if e.kind == "rolled_back" and e.from_version is not None
        }
        return {self.versions[version - 1].snapshot_id for version in left}

    @cached_property
    def moves(self) -> dict[str, Moves]:
        """For each alias, when it moved and where to, oldest first; None: it was removed."""
        moves: dict[str, Moves] = {}
        for event in self.events:
            if event.alias is not None:
                moves.setdefault(event.alias, []).append((event.at, event.version))
        return moves

    @cached_property
    def released_moves(self) -> dict[str, Moves]:
        """The same by the clock `released`."""
        return {alias: released_moves(moves, self.versions) for alias, moves in self.moves.items()}

    def removal(self, alias: str, as_of: datetime | None = None) -> Event | None:
        """The event that removed an alias which had not come back by a moment."""
        moves = (
            event
            for event in reversed(self.events)
            if event.alias == alias and (as_of is None or event.at <= as_of)
        )
        last = next(moves, None)
        return last if last is not None and last.kind == "alias_removed" else None

    @cached_property
    def retirement(self) -> Event | None:
        """The event that retired the set; None while it takes versions."""
        kinds = ("retired", "unretired")
        last = next((event for event in reversed(self.events) if event.kind in kinds), None)
        return last if last is not None and last.kind == "retired" else None

    def events_after(self, event: int) -> Iterator[Event]:
        """The events of the set after one."""
        return islice(self.events, bisect_right(self.events, event, key=lambda e: e.id), None)

    @cached_property
    def requests(self) -> list[ApprovalRequest]:
        """What waits, or waited, for approvals, oldest first."""
        return requests_of(self.events)

    def moves_by(self, clock: Clock) -> dict[str, Moves]:
        """The moves of each alias by a clock."""
        return self.moves if clock is None else self.released_moves

    @cached_property
    def ever_production(self) -> set[int]:
        """Versions that production ever pointed to."""
        moves = self.moves.get(PRODUCTION, [])
        return {version for _, version in moves if version is not None}

    @cached_property
    def spans(self) -> Spans:
        """From when to when production pointed to a version; the last end is None while it still
        does.
        """
        return spans_of(self.moves.get(PRODUCTION, []))

    @cached_property
    def released_spans(self) -> Spans:
        """The same by the clock `released`."""
        return spans_of(self.released_moves.get(PRODUCTION, []))

    @cached_property
    def latest(self) -> dict[int | None, Changes]:
        """What `latest` named over time: of all versions under None, of those of one shape under
        its number.
        """
        named: dict[int | None, Changes] = {}
        passing: dict[int | None, list[int]] = {}
        for event in self.events:
            if event.version is None or event.kind not in ("judged", "expired"):
                continue
            version = self.versions[event.version - 1]
            gone = version.expired_at is not None and event.at >= version.expired_at
            for shape in (None, version.shape):
                numbers = passing.setdefault(shape, [])
                _mark(numbers, version.version, passes=not gone and not event.blocks)
                newest, changes = numbers[-1] if numbers else None, named.setdefault(shape, [])
                if newest != (changes[-1][1] if changes else None):
                    changes.append((event.at, newest))
        return named

    def predecessors(self, version: Version, snapshots: int) -> list[Version]:
        """Versions below this one that production ever pointed to, newest first: unexpired, of its
        shape.

        The newest one of each snapshot, and of the newest `snapshots` snapshots only.
        """
        newest: dict[str, Version] = {}  # by snapshot
        numbers = self._ever_production_sorted
        for number in reversed(numbers[: bisect_left(numbers, version.version)]):
            before = self.versions[number - 1]
            if before.shape == version.shape and before.expired_at is None:
                newest.setdefault(before.snapshot_id, before)
                if len(newest) == snapshots:
                    break
        return list(newest.values())

    def former(self, alias: str) -> Iterator[tuple[Version, datetime]]:
        """What an alias pointed to before its present version, newest first, each with the last
        moment it did.

        Expired versions are left out, and content that was rolled back from and not promoted since.
        """
        left: set[str] = set()
        moved: datetime | None = None
        for event in reversed(self.events):
            if event.alias != alias:
                continue
            if event.version is None:  # the alias was removed
                moved = event.at
                continue
            version = self.versions[event.version - 1]
            if moved is not None and version.expired_at is None and version.snapshot_id not in left:
                yield version, moved - timedelta(microseconds=1)
            if event.kind == "rolled_back" and event.from_version is not None:
                left.add(self.versions[event.from_version - 1].snapshot_id)
            moved = event.at

    @cached_property
    def _ever_production_sorted(self) -> list[int]:
        return sorted(self.ever_production)

    def waivers_of(self, version: Version) -> list[Waiver]:
        """The waivers of a version's content that were not taken back, also those that are over."""
        return [waiver for waiver in self.waivers if waiver.snapshot_id == version.snapshot_id]

    def holds_on(self, version: Version) -> list[LegalHold]:
        """The legal holds that keep a version, those of the whole set among them."""
        return [hold for hold in self.holds if hold.version in (None, version.version)]

    @property
    def contract(self) -> Contract:
        """The newest contract."""
        return self.revision(len(self.contracts))

    @property
    def production(self) -> Version | None:
        """The version that production points to."""
        pointed = self.aliases.get(PRODUCTION)
        return None if pointed is None else self.versions[pointed.version - 1]

    @property
    def data_ends(self) -> list[datetime]:
        """Where the data of each version end."""
        return [version.provenance.data_through for version in self.versions]

    @property
    def present_shape(self) -> int:
        """The shape that readers see: production's, before the first promotion the newest
        contract's.
        """
        return (self.production or self.contracts[-1]).shape

    @property
    def present_contract(self) -> Contract:
        """The newest contract of the shape that readers see."""
        return self.revision(self.newest_of(self.present_shape))

    def newest_of(self, shape: int) -> int:
        """The newest contract revision of a shape; raises NotFoundError (`unknown_shape`)."""
        revisions = {contract.shape: contract.revision for contract in self.contracts}
        if shape not in revisions:
            raise NotFoundError(
                "unknown_shape",
                f"{self.contracts[0].set}: there is no shape {shape}",
                remedy=f"shapes: {', '.join(map(str, sorted(revisions)))}",
            )
        return revisions[shape]

    def contract_of(self, version: Version) -> Contract:
        """The contract a version was published under."""
        return self.revision(version.contract_revision)

    def revision(self, number: int) -> Contract:
        """The contract of a revision."""
        if number not in self.decoded:
            body = self.contracts[number - 1].body
            self.decoded[number] = msgspec.json.decode(body, type=Contract)
        return self.decoded[number]


def _mark(numbers: list[int], number: int, *, passes: bool) -> None:
    """Put a number into a sorted list, or take it out."""
    at = bisect_left(numbers, number)
    there = at < len(numbers) and numbers[at] == number
    if passes and not there:
        insort(numbers, number)
    elif there and not passes:
        del numbers[at]
