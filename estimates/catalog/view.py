"""The catalog in memory: one immutable moment of it, and what names mean in it. No SQL here."""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime
from functools import cached_property

import msgspec

from estimates import instants
from estimates.contract import Contract
from estimates.errors import InvalidError, NotFoundError
from estimates.records import Alias, ContractRevision, Event, State, Version

Ref = int | str
PRODUCTION = "production"
LATEST = "latest"


class SetView:
    """All that the catalog holds of one set: contracts, versions and events in order, aliases by name."""

    def __init__(
        self,
        contracts: list[ContractRevision],
        versions: list[Version],
        events: list[Event],
        aliases: dict[str, Alias],
        decoded: dict[int, Contract] | None = None,
    ) -> None:
        self.contracts = contracts
        self.versions = versions
        self.events = events
        self.aliases = aliases
        # Contracts by revision, decoded once and handed on to the next view: every read needs one.
        self.decoded = {} if decoded is None else decoded

    @cached_property
    def blocks(self) -> dict[int, bool]:
        """Whether the newest verdict of a version blocks; versions without a verdict are absent."""
        return {e.version: bool(e.blocks) for e in self.events if e.kind == "judged" and e.version is not None}

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
        left = {e.from_version for e in self.events if e.kind == "rolled_back" and e.from_version is not None}
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
    def ever_production(self) -> set[int]:
        """Versions that production ever pointed to."""
        return {version for _, version in self.moves.get(PRODUCTION, [])}

    @property
    def contract(self) -> Contract:
        """The newest contract."""
        return self.revision(len(self.contracts))

    def contract_of(self, version: Version) -> Contract:
        """The contract a version was published under."""
        return self.revision(version.contract_revision)

    def revision(self, number: int) -> Contract:
        """The contract of a revision."""
        found = self.decoded.get(number)
        if found is None:
            found = self.decoded[number] = msgspec.json.decode(self.contracts[number - 1].body, type=Contract)
        return found


class View:
    """One moment of the catalog.

    moment   time of the newest event; as_of=moment gives these answers for ever
    read_at  the clock when it was read: questions about later moments need a newer view
    last_event  id of the newest event
    """

    def __init__(self, sets: dict[str, SetView], moment: datetime, read_at: datetime, last_event: int) -> None:
        self.sets = sets
        self.moment = moment
        self.read_at = read_at
        self.last_event = last_event

    def set(self, name: str) -> SetView:
        """The set's part of the view; raises NotFoundError (`unknown_set`)."""
        try:
            return self.sets[name]
        except KeyError:
            known = ", ".join(sorted(self.sets)[:10]) or "none; register one with `estimates define CONTRACT.toml`"
            raise NotFoundError("unknown_set", f"there is no set {name!r}; sets: {known}") from None

    def resolve(
        self, name: str, ref: Ref = PRODUCTION, as_of: datetime | None = None, shape: int | None = None
    ) -> Version:
        """The version a ref names, now or as of a moment (inclusive); `shape` picks among versions of that shape.

        Raises NotFoundError (`unknown_set`, `unknown_version`, `unknown_alias`, `nothing_promoted`, `before_first`),
        InvalidError (`as_of_with_number`, `as_of_in_future`, `shape_with_number`).
        """
        view = self.set(name)
        number = _number(ref)
        if number is not None:
            return _by_number(name, view, number, as_of, shape)
        # An event may be ahead of this machine's clock: its moment can be asked about all the same.
        if as_of is not None and as_of > max(instants.now(), self.moment):
            raise InvalidError(
                "as_of_in_future", f"as_of {instants.text(as_of)} lies in the future; leave it out to ask for now"
            )
        latest = ref == LATEST
        found = _latest(view, as_of, shape) if latest else _pointed_to(name, view, str(ref), as_of, shape)
        if found is None:
            raise self._nothing(name, view, str(ref), as_of, shape)
        return found

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
        """From when to when production pointed to a version; the last end is None while it still does."""
        moves = self.sets[name].moves.get(PRODUCTION, [])
        ends = [at for at, _ in moves[1:]] + [None]
        return [(at, end) for (at, pointed), end in zip(moves, ends, strict=False) if pointed == version]

    def _nothing(self, name: str, view: SetView, ref: str, as_of: datetime | None, shape: int | None) -> NotFoundError:
        of_shape = "" if shape is None else f" of shape {shape}"
        first = self._first(view, ref, shape)
        if first is not None and as_of is not None:
            return NotFoundError(
                "before_first",
                f"{name}: {ref}{of_shape} named nothing yet at {instants.text(as_of)}; "
                f"the first time it did is {instants.text(first)}",
                first=instants.text(first),
            )
        if ref == LATEST:
            return NotFoundError("nothing_promoted", f"{name}: no version{of_shape} has passed the gate yet")
        return NotFoundError(
            "nothing_promoted",
            f"{name}: nothing{of_shape} was promoted yet; promote a version, or read one by its number",
        )

    def _first(self, view: SetView, ref: str, shape: int | None) -> datetime | None:
        """When a ref first named something."""
        if ref == LATEST:
            passed = [e for e in view.events if e.kind == "judged" and not e.blocks and e.version is not None]
            moments = [(e.at, e.version) for e in passed if e.version is not None]
        else:
            moments = view.moves.get(ref, [])
        return next((at for at, number in moments if shape in (None, view.versions[number - 1].shape)), None)


def _number(ref: Ref) -> int | None:
    if isinstance(ref, int):
        return ref
    return int(ref) if ref.isascii() and ref.isdigit() and len(ref) < 20 else None


def _by_number(name: str, view: SetView, number: int, as_of: datetime | None, shape: int | None) -> Version:
    if as_of is not None:
        raise InvalidError(
            "as_of_with_number",
            f"{name}: as_of asks what a name meant at a time; version {number} means the same at all times: "
            "leave one of them out",
        )
    if not 1 <= number <= len(view.versions):
        have = f"versions 1 to {len(view.versions)} exist" if view.versions else "it has no versions yet"
        raise NotFoundError("unknown_version", f"{name}: there is no version {number}; {have}")
    version = view.versions[number - 1]
    if shape is not None and version.shape != shape:
        raise InvalidError("shape_with_number", f"{name}: version {number} has shape {version.shape}, not {shape}")
    return version


def _latest(view: SetView, as_of: datetime | None, shape: int | None) -> Version | None:
    """The newest version whose newest verdict does not block, both as known then."""
    blocks = view.blocks
    if as_of is not None:
        known = [e for e in view.events if e.kind == "judged" and e.at <= as_of]
        blocks = {e.version: bool(e.blocks) for e in known if e.version is not None}
    passed = (v for v in reversed(view.versions) if blocks.get(v.version) is False)
    return next((v for v in passed if shape in (None, v.shape)), None)


def _pointed_to(name: str, view: SetView, alias: str, as_of: datetime | None, shape: int | None) -> Version | None:
    moves = view.moves.get(alias)
    if moves is None and alias != PRODUCTION:
        known = ", ".join([PRODUCTION, LATEST, *sorted(set(view.aliases) - {PRODUCTION})])
        raise NotFoundError(
            "unknown_alias", f"{name}: there is no alias {alias!r}; a ref is a version number or one of {known}"
        )
    count = len(moves or ()) if as_of is None else bisect_right(moves or [], as_of, key=lambda move: move[0])
    versions = (view.versions[number - 1] for _, number in reversed((moves or [])[:count]))
    return next((version for version in versions if shape in (None, version.shape)), None)
