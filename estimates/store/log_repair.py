"""Mending the copies of a log: each is what a chain says that proves it, or it is reported.

A chain is that of the catalog or of a backup, and it proves all events up to the newest one that it
has in common with the copies here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

import msgspec

from estimates.catalog.audit import Fault
from estimates.catalog.catalog import Catalog
from estimates.catalog.event_chain import BEGINNING, Entry
from estimates.catalog.law import Law
from estimates.catalog.records import Erasure
from estimates.catalog.seal import Link
from estimates.errors import CorruptError, NotFoundError
from estimates.storage.log_copies import copied_events, name_of, read_all, read_copy
from estimates.storage.objects import Objects
from estimates.storage.trash import put_aside
from estimates.store.backup_head import identity_of
from estimates.store.erased_files import bare_entry

_AT_A_TIME = 1000  # entries of a catalog that are in memory
_WRONG = {
    "log_gap": "missing, and nothing has what belongs there",
    "log_damaged": "damaged, and nothing has what belongs there",
    "log_differs": "not what the catalog holds of this event: where `estimates audit` finds no "
    "fault it is of another history, else rebuild the catalog",
    "other_log": "of another log, since it does not continue the one before, and nothing has what "
    "belongs there",
}


class _Proof(NamedTuple):
    """What a chain says of an event: its digest and its signature, and whether that is known to be
    one that makes it lawful.
    """

    digest: str
    signature: str | None
    is_lawful: bool

    def fits(self, entry: Entry) -> bool:
        """Whether an entry is what is proven; the chain does not cover signatures."""
        is_signed_so = not self.is_lawful or self.signature == entry.signature
        return self.digest == entry.digest and is_signed_so


class Mended(msgspec.Struct, frozen=True):
    """A file that was mended: its name below the root, and what proved it."""

    file: str
    by: str


class Repaired(msgspec.Struct):
    """What a repair did, and what is still wrong.

    discarded  damaged read files, which are made again by whoever needs them
    """

    mended: list[Mended] = []
    discarded: list[str] = []
    left: list[Fault] = []

    def replace(self, objects: Objects, name: str, content: bytes, by: str) -> None:
        """Write what belongs in the place of a file, which goes to the trash."""
        put_aside(objects, name)
        objects.put_if_absent(name, content)
        self.mended.append(Mended(name, by))


class LogRepair:
    """The copies of a root's log, and what may have what they lack.

    sound  after `mend`: up to this event every copy is there and continues the one before
    """

    def __init__(
        self,
        repaired: Repaired,
        objects: Objects,
        source: Objects | None,
        catalog: Catalog | None,
        store_id: str,
    ) -> None:
        self.sound = 0
        self._repaired = repaired
        self._objects = objects
        self._source = source
        self._catalog = catalog
        self._store_id = store_id
        self._erasures: list[Erasure] = []
        self._proven: dict[int, _Proof] = {}
        self._wrong: list[tuple[int, str, Entry | None]] = []

    def mend(self) -> None:
        """Write each copy that is missing, damaged, or of another log, oldest first."""
        copied = copied_events(self._objects)
        last = max(copied, default=0)
        if self._catalog is not None:
            last = max(last, self._catalog.last_event())
        self._erasures = self._find_erasures()
        self._proven = self._prove(copied)
        there = set(copied)
        before: str | None = BEGINNING
        for event in range(1, last + 1):
            copy = self._without_erased(event)
            if not self._fits(copy, before):
                copy = self._mend_copy(event, before, copy, event in there)
            before = None if copy is None else copy.digest
            if before is not None and self.sound == event - 1:
                self.sound = event
        self._repaired.left += self._faults()

    def take_end(self, source: Objects) -> None:
        """Write what a source's log has beyond this one, where no catalog says how it ends; what
        does not continue it by the chain is reported.
        """
        if identity_of(source) is None:
            return
        before = read_copy(self._objects, self.sound).digest if self.sound else BEGINNING
        for event in range(self.sound + 1, max(copied_events(source), default=0) + 1):
            whole = sound_copy(source, event)
            entry = None if whole is None else self._bare(whole)
            if entry is None or entry.previous != before:
                code = "log_gap" if entry is None else "log_differs"
                message = f"{source.root}/{name_of(event)} does not continue the log here"
                what = f"{message}: nothing is taken from there on"
                self._repaired.left.append(Fault("", None, code, what))
                return
            self._replace(entry, source.root)
            self.sound, before = event, entry.digest

    def _prove(self, copied: list[int]) -> dict[int, _Proof]:
        """What is known of events up to the newest that a whole chain has in common with the copies
        here; of the catalog's and the source's chain, the one that proves more. A signature that
        does not hold in it is that of the other one.
        """
        ours = {
            event: copy.digest
            for event, copy in read_all(self._objects, copied)
            if isinstance(copy, Entry)
        }
        proven: dict[int, _Proof] = {}
        chains = [self._follow(self._catalog_entries()), self._follow(self._source_entries())]
        for chain in chains:
            shared = max(
                (e for e, proof in chain.items() if ours.get(e) == proof.digest), default=0
            )
            if shared > len(proven):
                proven = {event: chain[event] for event in range(1, shared + 1)}
        for event, proof in proven.items():
            for other in (chain[event] for chain in chains if event in chain):
                if other.is_lawful and not proof.is_lawful and other.digest == proof.digest:
                    proven[event] = other
        return proven

    def _follow(self, chain: Iterable[Entry]) -> dict[int, _Proof]:
        """What a chain says of its events, as far as it holds."""
        proofs, law, previous = dict[int, _Proof](), Law(), BEGINNING
        for entry in chain:
            if entry.previous != previous or not entry.holds():
                break
            event, previous = entry.event.id, entry.digest
            law = law.follow([Link(entry.event, entry.digest, entry.signature)], self._store_id)
            is_unlawful = bool(law.unlawful) and law.unlawful[-1].event == event
            proofs[event] = _Proof(previous, entry.signature, not (is_unlawful or law.unchecked))
        return proofs

    def _fits(self, copy: Entry | None, before: str | None) -> bool:
        """Whether a copy is what a chain says; where no chain says anything, whether it continues
        the one before. With a catalog what it does not prove is reported, not replaced.
        """
        if copy is None:
            return False
        event = copy.event.id
        if event in self._proven:
            proof = self._proven[event]
            if proof.fits(copy) and proof.signature != copy.signature:
                self._wrong.append((event, "log_differs", copy))
            return proof.fits(copy)
        if self._catalog is None:
            return before in (None, copy.previous)
        if self._catalog.digest_of(event) != copy.digest:
            self._wrong.append((event, "log_differs", copy))
        return True

    def _mend_copy(
        self, event: int, before: str | None, copy: Entry | None, is_there: bool
    ) -> Entry | None:
        """Write the copy of an event from whoever has one that is proven, or fits between its
        neighbours.
        """
        after = sound_copy(self._objects, event + 1)
        for whole, by in self._candidates(event):
            if (entry := self._bare(whole)) is None:
                continue
            is_linked = before is not None or after is not None
            follows = before in (None, entry.previous)
            precedes = after is None or copy is not None or after.previous == entry.digest
            fits = is_linked and follows and precedes
            proof = self._proven.get(event)
            if fits if proof is None else proof.fits(entry):
                self._replace(entry, by)
                return entry
        code = "other_log" if copy is not None else "log_damaged" if is_there else "log_gap"
        self._wrong.append((event, code, copy))
        return None

    def _faults(self) -> Iterator[Fault]:
        """A fault for each copy that is left, one for those missing that follow each other."""
        gap: list[int] = []
        for event, code, copy in [*self._wrong, (0, "", None)]:
            if gap and (code != "log_gap" or event != gap[-1] + 1):
                names = " to ".join(name_of(end) for end in dict.fromkeys((gap[0], gap[-1])))
                verb = "are" if len(gap) > 1 else "is"
                yield Fault("", None, "log_gap", f"{names} {verb} {_WRONG['log_gap']}")
                gap = []
            if code == "log_gap":
                gap.append(event)
            elif code:
                name = ("", None) if copy is None else (copy.event.set, copy.event.version)
                public = "log_differs" if code == "other_log" else code
                yield Fault(*name, public, f"{name_of(event)} is {_WRONG[code]}")

    def _without_erased(self, event: int) -> Entry | None:
        """The copy of an event, if there is a sound one; what was erased goes out of it."""
        copy = sound_copy(self._objects, event)
        if copy is None or (bare := self._bare(copy)) == copy:
            return copy
        if bare is not None:  # not by way of the trash
            self._objects.put(name_of(event), msgspec.json.encode(bare))
            self._repaired.mended.append(Mended(name_of(event), "an erasure"))
        return bare

    def _find_erasures(self) -> list[Erasure]:
        """What was erased, by the catalog, or by the copies of the log that are there."""
        if self._catalog is not None:
            with suppress(CorruptError):
                return self._catalog.erasures()
        erasures: dict[int, Erasure] = {}
        for objects in filter(None, (self._source, self._objects)):
            for event, copy in read_all(objects, copied_events(objects)):
                if isinstance(copy, Entry) and copy.event.kind == "erased":
                    erasures[event] = copy.record(Erasure)
        return [erasures[event] for event in sorted(erasures)]

    def _bare(self, entry: Entry) -> Entry | None:
        """An entry without what was erased from it; None for one that is not what an erasure left
        of it.
        """
        about = str(entry.event.id)
        naming = [erasure for erasure in self._erasures if about in erasure.verdicts]
        if not naming:
            return entry
        return bare_entry(entry, self._store_id, naming)

    def _candidates(self, event: int) -> Iterator[tuple[Entry, str]]:
        if self._catalog is not None:
            for entry in _entries(self._catalog, event - 1, 1):
                if entry.holds():
                    yield entry, "the catalog"
        if self._source is not None and (entry := sound_copy(self._source, event)) is not None:
            yield entry, self._source.root

    def _catalog_entries(self) -> Iterator[Entry]:
        after = 0
        while self._catalog is not None and (some := _entries(self._catalog, after, _AT_A_TIME)):
            yield from some
            after = some[-1].event.id

    def _source_entries(self) -> Iterable[Entry]:
        if self._source is None:
            return
        for _, copy in read_all(self._source, copied_events(self._source)):
            if not isinstance(copy, Entry):
                return
            yield copy

    def _replace(self, entry: Entry, by: str) -> None:
        name = name_of(entry.event.id)
        self._repaired.replace(self._objects, name, msgspec.json.encode(entry), by)


def sound_copy(objects: Objects, event: int) -> Entry | None:
    """The copy of an event, if there is a sound one."""
    try:
        return read_copy(objects, event)
    except (CorruptError, NotFoundError):
        return None


def _entries(catalog: Catalog, after: int, limit: int) -> list[Entry]:
    """What a catalog holds of some events, if it can be read."""
    try:
        return catalog.entries(after, limit)
    except CorruptError:
        return []
