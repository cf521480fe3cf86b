"""The catalog in memory: one immutable moment of it, and what names mean in it. No SQL here."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

import msgspec

from estimates import instants
from estimates.catalog.at import NOW, At
from estimates.catalog.records import Alias, ContractRevision, Event, State, Version, Waiver
from estimates.catalog.ref import LATEST, PRODUCTION
from estimates.catalog.released import Clock, Moves, Spans, check_clock, released_moves, spans_of
from estimates.contract.contract import Contract
from estimates.errors import InvalidError, NotFoundError

# How long after its time an event may be committed, the differences between machines' clocks
# included.
SETTLED = timedelta(minutes=1)
# When something changed, and the version it was from then on; oldest first.
Changes = list[tuple[datetime, int | None]]
T = TypeVar("T")


class SetView:
    """All that the catalog holds of one set: contracts, versions and events in order, aliases by
    name.

    waivers  those that were not taken back, by id; they may be over
    """

    def __init__(
        self,
        contracts: list[ContractRevision],
        versions: list[Version],
        events: list[Event],
        aliases: dict[str, Alias],
        waivers: list[Waiver] | None = None,
        decoded: dict[int, Contract] | None = None,
    ) -> None:
        self.contracts = contracts
        self.versions = versions
        self.events = events
        self.aliases = aliases
        self.waivers = waivers or []
        # Contracts by revision, decoded once and handed on to the next view: every read needs one.
        self.decoded = {} if decoded is None else decoded
        self._memoized: dict[Hashable, Any] = {}

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
    def scored(self) -> dict[int, int]:
        """For each version that was scored, the event of its newest scores."""
        return {
            e.version: e.id for e in self.events if e.kind == "scored" and e.version is not None
        }

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
    def moves(self) -> dict[str, list[tuple[datetime, int]]]:
        """For each alias, when it moved and where to, oldest first."""
        moves: dict[str, list[tuple[datetime, int]]] = {}
        for event in self.events:
            if event.alias is not None and event.version is not None:
                moves.setdefault(event.alias, []).append((event.at, event.version))
        return moves

    @cached_property
    def released_moves(self) -> dict[str, Moves]:
        """The same by the clock `released`."""
        return {alias: released_moves(moves, self.versions) for alias, moves in self.moves.items()}

    def moves_by(self, clock: Clock) -> dict[str, Moves]:
        """The moves of each alias by a clock."""
        return self.moves if clock is None else self.released_moves

    @cached_property
    def ever_production(self) -> set[int]:
        """Versions that production ever pointed to."""
        return {version for _, version in self.moves.get(PRODUCTION, [])}

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
        held = self._held
        found: dict[str, Version] = {}
        for at in range(bisect_left(held, version.version) - 1, -1, -1):
            before = self.versions[held[at] - 1]
            if before.shape == version.shape and before.expired_at is None:
                found.setdefault(before.snapshot_id, before)
                if len(found) == snapshots:
                    break
        return list(found.values())

    def former(self, alias: str) -> Iterator[tuple[Version, datetime]]:
        """What an alias pointed to before its present version, newest first, each with the last
        moment it did.

        Expired versions are left out, and content that was rolled back from and not promoted since.
        """
        left: set[str] = set()
        moved: datetime | None = None
        for event in reversed(self.events):
            if event.alias != alias or event.version is None:
                continue
            version = self.versions[event.version - 1]
            if moved is not None and version.expired_at is None and version.snapshot_id not in left:
                yield version, moved - timedelta(microseconds=1)
            if event.kind == "rolled_back" and event.from_version is not None:
                left.add(self.versions[event.from_version - 1].snapshot_id)
            moved = event.at

    @cached_property
    def _held(self) -> list[int]:
        return sorted(self.ever_production)

    def waivers_of(self, version: Version) -> list[Waiver]:
        """The waivers of a version's content that were not taken back, also those that are over."""
        return [waiver for waiver in self.waivers if waiver.snapshot_id == version.snapshot_id]

    @property
    def contract(self) -> Contract:
        """The newest contract."""
        return self.revision(len(self.contracts))

    @property
    def present_shape(self) -> int:
        """The shape that readers see: production's, before the first promotion the newest
        contract's.
        """
        pointed = self.aliases.get(PRODUCTION)
        return (
            self.contracts[-1].shape
            if pointed is None
            else self.versions[pointed.version - 1].shape
        )

    @property
    def present_contract(self) -> Contract:
        """The newest contract of the shape that readers see."""
        return self.revision(self.newest_of(self.present_shape))

    def newest_of(self, shape: int) -> int:
        """The newest contract revision of a shape; raises NotFoundError (`unknown_shape`)."""
        found = [one.revision for one in self.contracts if one.shape == shape]
        if not found:
            known = ", ".join(map(str, sorted({one.shape for one in self.contracts})))
            raise NotFoundError(
                "unknown_shape",
                f"{self.contracts[0].set}: there is no shape {shape}; shapes: {known}",
            )
        return found[-1]

    def contract_of(self, version: Version) -> Contract:
        """The contract a version was published under."""
        return self.revision(version.contract_revision)

    def revision(self, number: int) -> Contract:
        """The contract of a revision."""
        found = self.decoded.get(number)
        if found is None:
            found = self.decoded[number] = msgspec.json.decode(
                self.contracts[number - 1].body, type=Contract
            )
        return found


class Fallback(NamedTuple):
    """What an alias is answered from while the version it points to cannot be read here.

    moment  the last one at which the alias meant this version: as_of=moment gives the same answers
    fault   code of the error that the alias's version cannot be read for; None while it is being
            opened
    """

    version: Version
    moment: datetime
    fault: str | None


class View:
    """One moment of the catalog.

    moment   time of the newest event; as_of=moment gives these answers for ever
    read_at  the clock when it was read
    last_event  id of the newest event
    fallbacks   by set and alias; empty unless a reader composed the view so
    """

    def __init__(
        self,
        sets: dict[str, SetView],
        moment: datetime,
        read_at: datetime,
        last_event: int,
        fallbacks: Mapping[tuple[str, str], Fallback] | None = None,
    ) -> None:
        self.sets = sets
        self.moment = moment
        self.read_at = read_at
        self.last_event = last_event
        self.fallbacks = fallbacks or {}

    @property
    def present(self) -> datetime:
        """Now, by the later of this machine's clock and the newest event: a writer's clock may be
        ahead of ours.

        as_of=present is no as_of. An earlier as_of, also one that our clock has not reached, is the
        past: what a view of that moment answered.
        """
        return max(instants.now(), self.moment)

    def knows(self, as_of: datetime) -> bool:
        """Whether all that happened up to `as_of` is surely in this view; else a newer one has to
        be read.

        An event takes its time before its transaction commits: one that this view could not see yet
        may carry a time shortly before `read_at`.
        """
        return as_of <= max(self.moment, self.read_at - SETTLED)

    def set(self, name: str) -> SetView:
        """The set's part of the view; raises NotFoundError (`unknown_set`)."""
        try:
            return self.sets[name]
        except KeyError:
            known = (
                ", ".join(sorted(self.sets)[:10])
                or "none; register one with `estimates define CONTRACT.toml`"
            )
            raise NotFoundError("unknown_set", f"there is no set {name!r}; sets: {known}") from None

    def resolve(self, name: str, at: At = NOW) -> Version:
        """The version that `at` names; as_of is inclusive.

        Without as_of an alias that has a fallback names that.
        Raises NotFoundError (`unknown_set`, `unknown_version`, `unknown_alias`, `nothing_promoted`,
        `before_first`), InvalidError (`as_of_with_number`, `as_of_in_future`, `shape_with_number`,
        `bad_clock`, `bad_ref`).
        """
        view = self.set(name)
        number = at.number
        by_name = number is None and at.ref != LATEST
        check_clock(name, at.clock, asks_alias=at.as_of is not None and by_name)
        if number is not None:
            return _by_number(name, view, number, at)
        if at.as_of is not None and at.as_of > self.present:
            raise InvalidError(
                "as_of_in_future",
                f"as_of {instants.text(at.as_of)} lies in the future; leave it out to ask for now",
            )
        fallback = self.fallback(name, at)
        if fallback is not None:
            return fallback.version
        version = _pointed_to(name, view, at) if by_name else _latest(view, at)
        if version is None:
            raise _nothing(name, view, at)
        return version

    def fallback(self, name: str, at: At = NOW) -> Fallback | None:
        """The fallback that `resolve` answers from; None nearly always."""
        fallback = self.fallbacks.get((name, str(at.ref))) if at.as_of is None else None
        return (
            fallback
            if fallback is not None and at.shape in (None, fallback.version.shape)
            else None
        )

    def state(self, version: Version) -> State:
        """A version's state, derived: the first that is true."""
        view, number = self.sets[version.set], version.version
        production = view.aliases.get(PRODUCTION)
        if version.expired_at is not None:
            return "expired"
        if production is not None and production.version == number:
            return "production"
        if number in view.rolled_back:
            return "rolled_back"
        if number in view.ever_production:
            return "superseded"
        if number not in view.blocks:
            return "unjudged"
        return "refused" if view.blocks[number] else "candidate"

    def production_spans(self, name: str, version: int) -> list[tuple[datetime, datetime | None]]:
        """From when to when production pointed to a version; the last end is None while it still
        does.
        """
        return self.sets[name].spans.get(version, [])


def _nothing(name: str, view: SetView, at: At) -> NotFoundError:
    of_shape = "" if at.shape is None else f" of shape {at.shape}"
    first = _first(view, at)
    if first is not None and at.as_of is not None and at.as_of < first:
        return NotFoundError(
            "before_first",
            f"{name}: {at.ref}{of_shape} named nothing yet at {instants.text(at.as_of)}; "
            f"the first time it did is {instants.text(first)}",
            first=instants.text(first),
        )
    if at.ref == LATEST:
        return NotFoundError("nothing_promoted", f"{name}: no version{of_shape} passes the gate")
    return NotFoundError(
        "nothing_promoted",
        f"{name}: nothing{of_shape} was promoted yet; promote a version, or read one by its number",
    )


def _first(view: SetView, at: At) -> datetime | None:
    """When a ref first named something."""
    if at.ref == LATEST:
        return next((when for when, _ in view.latest.get(at.shape, [])), None)
    moves = view.moves_by(at.clock).get(str(at.ref), [])
    return next(
        (when for when, number in moves if at.shape in (None, view.versions[number - 1].shape)),
        None,
    )


def _by_number(name: str, view: SetView, number: int, at: At) -> Version:
    if at.as_of is not None:
        raise InvalidError(
            "as_of_with_number",
            f"{name}: as_of asks what a name meant at a time; version {number} means the same at "
            "all times: leave one of them out",
        )
    if not 1 <= number <= len(view.versions):
        have = (
            f"versions 1 to {len(view.versions)} exist"
            if view.versions
            else "it has no versions yet"
        )
        raise NotFoundError("unknown_version", f"{name}: there is no version {number}; {have}")
    version = view.versions[number - 1]
    if at.shape is not None and version.shape != at.shape:
        raise InvalidError(
            "shape_with_number",
            f"{name}: version {number} has shape {version.shape}, not {at.shape}",
        )
    return version


def _mark(numbers: list[int], number: int, *, passes: bool) -> None:
    """Put a number into a sorted list, or take it out."""
    at = bisect_left(numbers, number)
    there = at < len(numbers) and numbers[at] == number
    if passes and not there:
        insort(numbers, number)
    elif there and not passes:
        del numbers[at]


def _latest(view: SetView, at: At) -> Version | None:
    """The newest version whose newest verdict does not block and that has not expired, both as
    known then.
    """
    changes = view.latest.get(at.shape, [])
    number = changes[count - 1][1] if (count := _until(changes, at.as_of)) else None
    return None if number is None else view.versions[number - 1]


def _pointed_to(name: str, view: SetView, at: At) -> Version | None:
    alias = str(at.ref)
    if at.as_of is None and at.shape is None and alias in view.aliases:
        return view.versions[view.aliases[alias].version - 1]
    moves = view.moves_by(at.clock).get(alias, [])
    if not moves and alias != PRODUCTION:
        known = ", ".join([PRODUCTION, LATEST, *sorted(set(view.aliases) - {PRODUCTION})])
        raise NotFoundError(
            "unknown_alias",
            f"{name}: there is no alias {alias!r}; a ref is a version number or one of {known}",
        )
    for i in range(_until(moves, at.as_of) - 1, -1, -1):
        version = view.versions[moves[i][1] - 1]
        if at.shape in (None, version.shape):
            return version
    return None


def _until(changes: Sequence[tuple[datetime, int | None]], as_of: datetime | None) -> int:
    """How many changes, oldest first, were made up to a moment (inclusive)."""
    if as_of is None:
        return len(changes)
    return bisect_right(changes, as_of, key=lambda change: change[0])
