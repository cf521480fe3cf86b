"""The catalog in memory: one immutable moment of it, and what names mean in it. No SQL here."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from heapq import merge
from itertools import islice
from operator import attrgetter
from typing import NamedTuple

import msgspec

from estimates import instants
from estimates.catalog.at import NOW, At
from estimates.catalog.law import Law
from estimates.catalog.records import Event, LogHead, State, Version
from estimates.catalog.ref import LATEST, PRODUCTION
from estimates.catalog.release_clock import check_clock
from estimates.catalog.set_view import SetView
from estimates.errors import InvalidError, NotFoundError
from estimates.render.wording import did_you_mean

# How long after its time an event may be committed, the differences between machines' clocks
# included.
SETTLED = timedelta(minutes=1)
_NAMED = 10  # members of a family that a message names


class Fallback(NamedTuple):
    """What an alias is answered from while the version it points to cannot be read here.

    moment  the last one at which the alias meant this version: as_of=moment gives the same answers
    fault   code of the error that the alias's version cannot be read for; None while it is being
            opened
    """

    version: Version
    moment: datetime
    fault: str | None


class View(msgspec.Struct, dict=True, eq=False):
    """One moment of the catalog.

    moment   time of the newest event; as_of=moment gives these answers for ever
    read_at  the clock when it was read
    head        where the log ends
    of_store    the events that are about no set but the store as a whole
    corrected   the times that these changed: for each recorded one the time that counts
    law         who may do what, and what was done against it: none of that is in the view
    fallbacks   by set and alias; empty unless a reader composed the view so
    """

    sets: dict[str, SetView]
    moment: datetime
    read_at: datetime
    head: LogHead
    fallbacks: Mapping[tuple[str, str], Fallback] = {}
    of_store: list[Event] = []
    corrected: Mapping[datetime, datetime] = {}
    law: Law = Law()

    @property
    def last_event(self) -> int:
        """Id of the newest event."""
        return self.head.event

    @property
    def present(self) -> datetime:
        """Now, by the later of this machine's clock and the newest event: a writer's clock may be
        ahead of ours.

        as_of=present is no as_of. An earlier as_of, also one that our clock has not reached, is the
        past: what a view of that moment answered.
        """
        return max(instants.now(), self.moment)

    def time_of(self, as_of: datetime) -> datetime:
        """What a moment means: the recorded time of an event that a repair of the clock moved means
        that event, so that it gives the same answer for ever; any other moment means itself.
        """
        return self.corrected.get(as_of, as_of)

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
            what = f"there is no set {name!r}{did_you_mean(name, self.sets)}"
            raise NotFoundError("unknown_set", what, remedy=f"sets: {known}") from None

    def events(self, name: str | None = None, after: int = 0) -> Iterator[Event]:
        """The events with a higher id, of one set or of all, in order; raises NotFoundError
        (`unknown_set`).
        """
        key = attrgetter("id")
        later = (islice(log, bisect_right(log, after, key=key), None) for log in self._logs(name))
        return merge(*later, key=key)

    def events_before(self, name: str | None = None, before: int | None = None) -> Iterator[Event]:
        """The events with a lower id, of one set or of all, the newest first; raises NotFoundError
        (`unknown_set`).
        """
        logs, key = self._logs(name), attrgetter("id")
        ends = (len(log) if before is None else bisect_left(log, before, key=key) for log in logs)
        return merge(*map(_backwards, logs, ends), key=key, reverse=True)

    def _logs(self, name: str | None) -> list[list[Event]]:
        if name is not None:
            return [self.set(name).events]
        return [self.of_store, *(of_set.events for of_set in self.sets.values())]

    def resolve(self, name: str, at: At = NOW) -> Version:
        """The version that `at` names; as_of is inclusive.

        Without as_of an alias that has a fallback names that.
        Raises NotFoundError (`unknown_set`, `unknown_version`, `unknown_alias`, `nothing_promoted`,
        `before_first`), InvalidError (`as_of_with_number`, `as_of_in_future`, `shape_with_number`,
        `bad_clock`, `bad_ref`).
        """
        view = self.set(name)
        if not view.versions and view.contract.family is not None:
            raise self._only_members(name)
        if at.as_of is not None and at.as_of in self.corrected:
            at = msgspec.structs.replace(at, as_of=self.time_of(at.as_of))
        number = at.number
        by_name = number is None and at.ref != LATEST
        check_clock(name, at.clock, asks_alias=at.as_of is not None and by_name)
        if number is not None:
            return _by_number(name, view, number, at)
        if at.as_of is not None and at.as_of > self.present:
            raise InvalidError(
                "as_of_in_future",
                f"as_of {instants.text(at.as_of)} lies in the future",
                remedy="leave it out to ask for now",
            )
        fallback = self.fallback(name, at)
        if fallback is not None:
            return fallback.version
        version = _pointed_to(name, view, at) if by_name else _latest(view, at)
        if version is None:
            raise _nothing(name, view, at)
        return version

    def _only_members(self, family: str) -> NotFoundError:
        """Nothing is ever published under a family's own name."""
        members = sorted(
            name
            for name, of_set in self.sets.items()
            if (member := of_set.contract.member) is not None and member.of == family
        )
        shown = ", ".join(members[:_NAMED])
        more = f" and {len(members) - _NAMED:,} more" if len(members) > _NAMED else ""
        return NotFoundError(
            "nothing_promoted",
            f"{family}: it is a family, whose estimates are those of its members",
            remedy=f"name one: {shown}{more}"
            if members
            else f"nothing was published to any yet: estimates publish {family} FOLDER",
        )

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
        if version.expired_at is not None:
            return "expired"
        production = view.production
        if production is not None and production.version == number:
            return "production"
        if number in view.rolled_back:
            return "rolled_back"
        if number in view.ever_production:
            return "superseded"
        if number not in view.blocks:
            return "unjudged"
        return "refused" if view.blocks[number] else "candidate"


def _backwards(log: Sequence[Event], end: int) -> Iterator[Event]:
    """The first `end` events, the last of them first."""
    return (log[i] for i in range(end - 1, -1, -1))


def _nothing(name: str, view: SetView, at: At) -> NotFoundError:
    of_shape = "" if at.shape is None else f" of shape {at.shape}"
    first = _first(view, at)
    if first is not None and at.as_of is not None and at.as_of < first:
        return NotFoundError(
            "before_first",
            f"{name}: {at.ref}{of_shape} named nothing yet at {instants.text(at.as_of)}",
            remedy=f"the first time it did is {instants.text(first)}",
            first=instants.text(first),
        )
    if at.ref == LATEST:
        return NotFoundError(
            "nothing_promoted",
            f"{name}: no version{of_shape} passes the gate",
            remedy="read one by its number, or see what blocks it with `estimates gate`",
        )
    removal = view.removal(str(at.ref), at.as_of)
    if removal is not None:
        return _removed(name, removal)
    return NotFoundError(
        "nothing_promoted",
        f"{name}: nothing{of_shape} was promoted yet",
        remedy="promote a version, or read one by its number",
    )


def _removed(name: str, removal: Event) -> NotFoundError:
    """The error for an alias that was removed."""
    because = f": {removal.reason}" if removal.reason else ""
    when = instants.text(removal.at)
    return NotFoundError(
        "nothing_promoted" if removal.alias == PRODUCTION else "unknown_alias",
        f"{name}: {removal.alias} was removed at {when} by {removal.actor}{because}",
        remedy=f"`estimates promote {name} {removal.from_version} --alias {removal.alias} "
        "--reason …` brings it back; `as_of` reads what it meant before",
    )


def _first(view: SetView, at: At) -> datetime | None:
    """When a ref first named something."""
    if at.ref == LATEST:
        return next((when for when, _ in view.latest.get(at.shape, [])), None)
    moves = view.moves_by(at.clock).get(str(at.ref), [])
    return next(
        (
            when
            for when, number in moves
            if number and at.shape in (None, view.versions[number - 1].shape)
        ),
        None,
    )


def _by_number(name: str, view: SetView, number: int, at: At) -> Version:
    if at.as_of is not None:
        raise InvalidError(
            "as_of_with_number",
            f"{name}: as_of asks what a name meant at a time; version {number} means the same at "
            "all times",
            remedy="leave one of them out",
        )
    if not 1 <= number <= len(view.versions):
        have = (
            f"versions 1 to {len(view.versions)} exist"
            if view.versions
            else "it has no versions yet"
        )
        raise NotFoundError("unknown_version", f"{name}: there is no version {number}", remedy=have)
    version = view.versions[number - 1]
    if at.shape is not None and version.shape != at.shape:
        raise InvalidError(
            "shape_with_number",
            f"{name}: version {number} has shape {version.shape}, not {at.shape}",
            remedy="leave one of them out",
        )
    return version


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
        names = [PRODUCTION, LATEST, *sorted(set(view.aliases) - {PRODUCTION})]
        meant, known = did_you_mean(alias, names), ", ".join(names)
        raise NotFoundError(
            "unknown_alias",
            f"{name}: there is no alias {alias!r}{meant}",
            remedy=f"a ref is a version number or one of {known}",
        )
    for i in range(_until(moves, at.as_of) - 1, -1, -1):
        number = moves[i][1]
        if number is None:
            return None
        version = view.versions[number - 1]
        if at.shape in (None, version.shape):
            return version
    return None


def _until(changes: Sequence[tuple[datetime, int | None]], as_of: datetime | None) -> int:
    """How many changes, oldest first, were made up to a moment (inclusive)."""
    if as_of is None:
        return len(changes)
    return bisect_right(changes, as_of, key=lambda change: change[0])
