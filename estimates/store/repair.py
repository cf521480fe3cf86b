"""Repair: mend of a store's files what can be proven, by its catalog, its log, or a backup.

Every file is proven by a digest: that in its name, in its manifest, or in the chain. What is sound
is never written; what is damaged is put into the trash, and what belongs there is written instead.
The catalog is not touched: `recover` makes it anew from the log, which proves all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import msgspec

from estimates import instants
from estimates.catalog.audit import Fault
from estimates.catalog.catalog import Catalog
from estimates.catalog.event_chain import BEGINNING, Entry
from estimates.catalog.records import Erasure
from estimates.errors import CorruptError, EstimatesError, NotFoundError
from estimates.render.wording import count
from estimates.storage.copying import Content, Replaced, copy_file, digest_of, files_of
from estimates.storage.log_copies import copied_events, events_beyond, name_of, read_all, read_copy
from estimates.storage.objects import Objects
from estimates.store import identity
from estimates.store.backup import (
    AT_ONCE,
    Contents,
    Progress,
    contents_of,
    contents_of_log,
    replaced_of_log,
)
from estimates.store.erased_files import bare_entry
from estimates.store.identity import Identity, check_belonging, read_identity
from estimates.store.open_store import OpenStore
from estimates.store.publish import TRASH
from estimates.store.recover import LogFiles, find_log
from estimates.store.verify import verify

# Faults of files, which are looked for again one file after the other.
_OF_FILES = ("file_damaged", "file_missing", "manifest_damaged", "manifest_missing", "no_object")
_OF_LOG = ("identity_damaged", "log_damaged", "log_differs", "log_gap", "other_store")


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


def repair(
    store: OpenStore,
    source: Objects | None = None,
    progress: Progress = lambda _what, _n, _all: None,
) -> Repaired:
    """Mend the files of a store whose catalog can be opened.

    source  a backup, or another root with files of this store
    Raises CorruptError: `other_store` where catalog, root and source do not belong together,
    `catalog_behind`.
    """
    mending = _Mending(store.objects, source, store.catalog)
    mending.mend_identity()
    if mending.repaired.left:
        return mending.repaired
    check_belonging(store.objects, store.catalog)
    if source is not None:
        mending.repaired.left += _longer_log(source, store.catalog)
    mending.mend_log()
    verified = iter(range(1 << 62))
    faults = verify(store, lambda _what, total: progress("verifying", next(verified), total))
    of_files = [fault for fault in faults if fault.code in _OF_FILES]
    left = mending.repaired.left
    left += [fault for fault in faults if fault.code not in (*_OF_FILES, *_OF_LOG)]
    if of_files:
        try:
            contents = _contents(store)
        except EstimatesError:  # neither catalog nor log says what there should be
            left += of_files
        else:
            mending.mend_contents(*contents, progress)
    sets = {name.split("/")[1] for name in store.objects.names("sets")}
    mending.repaired.discarded = store.lookups.remove_damaged(sorted(sets))
    return mending.repaired


def repair_root(
    objects: Objects, source: Objects, progress: Progress = lambda _what, _n, _all: None
) -> Repaired:
    """Mend the files of a root that has no catalog, so that one can be rebuilt from its log.

    Raises CorruptError (`other_store`).
    """
    mending = _Mending(objects, source, None)
    mending.mend_identity()
    mending.mend_log()
    if not mending.repaired.left:
        not_taken = mending.take_end_of_log()
        mending.mend_contents(*_contents_of_log(find_log(objects)), progress)
        mending.repaired.left += not_taken
    return mending.repaired


def _contents(store: OpenStore) -> tuple[Contents, Replaced]:
    """What has to be readable, and what of it was erased, by the catalog, or by the log where the
    catalog is damaged.
    """
    try:
        contents = contents_of(store.refresh())
        return contents, store.manifests.replaced
    except CorruptError:
        return _contents_of_log(find_log(store.objects))


def _contents_of_log(log: LogFiles) -> tuple[Contents, Replaced]:
    return contents_of_log(log.entries()), replaced_of_log(log.entries())


class _Mending:
    """A root, what may have what it lacks, and what was done."""

    def __init__(self, objects: Objects, source: Objects | None, catalog: Catalog | None) -> None:
        self.repaired = Repaired()
        self._objects = objects
        self._source = source
        self._catalog = catalog
        self._replaced: Replaced = {}
        self._erasures: list[Erasure] = []
        theirs = None if source is None else read_identity(source)
        expected = self._store_id()
        if theirs is not None and expected not in (None, theirs.id):
            raise CorruptError(
                "other_store",
                f"{source.root if source else ''} has the files of store {theirs.id}, and this is "
                f"store {expected}: nothing is taken from there",
            )

    def mend_identity(self) -> None:
        """Write `store.json` where it is missing or damaged and something says what it was."""
        known, expected = self._identity(), self._store_id()
        if known is not None and (known.id == expected or not self._is_catalogs_log()):
            return  # a root that is another store's is refused, not renamed
        if self._catalog is not None and not self._catalog.last_event():
            return  # a new store claims its root when it is written first
        proven = self._proven_identity()
        if proven is None:
            message = f"{identity.NAME} is missing or damaged, and nothing proves what it was"
            self.repaired.left.append(Fault("", None, "identity_damaged", message))
            return
        content, by = proven
        self._replace(identity.NAME, content, by)

    def mend_log(self) -> None:
        """Write each copy of the log that is missing or damaged, oldest first."""
        copied = copied_events(self._objects)
        last = max(copied, default=0)
        if self._catalog is not None:
            last = max(last, self._catalog.last_event())
        self._erasures = self._find_erasures()
        before: str | None = BEGINNING
        for event in range(1, last + 1):
            copy = _copy(self._objects, event)
            if copy is not None and (bare := self._bare(copy)) != copy:
                copy = bare
                if bare is not None:  # not by way of the trash
                    self._objects.put(name_of(event), msgspec.json.encode(bare))
                    self.repaired.mended.append(Mended(name_of(event), "an erasure"))
            if copy is None:
                copy = self._mend_copy(event, before, event in copied)
            elif self._catalog is not None and self._catalog.digest_of(event) != copy.digest:
                self._leave(copy.event.set, copy.event.version, event, "log_differs")
            before = None if copy is None else copy.digest

    def take_end_of_log(self) -> list[Fault]:
        """Write what the source's log has beyond this one, where no catalog says how it ends; gives
        what does not continue it by the chain.
        """
        if self._source is None or read_identity(self._source) is None:
            return []
        last = max(copied_events(self._objects), default=0)
        before = read_copy(self._objects, last).digest if last else BEGINNING
        for event in range(last + 1, max(copied_events(self._source), default=0) + 1):
            whole = _copy(self._source, event)
            entry = None if whole is None else self._bare(whole)
            if entry is None or entry.previous != before:
                code = "log_gap" if entry is None else "log_differs"
                message = f"{self._source.root}/{name_of(event)} does not continue the log here"
                return [Fault("", None, code, f"{message}: nothing is taken from there on")]
            self._replace(name_of(event), msgspec.json.encode(entry), self._source.root)
            before = entry.digest
        return []

    def mend_contents(self, contents: Contents, replaced: Replaced, progress: Progress) -> None:
        """Write each file that is missing or damaged; what was erased does not come back."""
        self._replaced = replaced
        with ThreadPoolExecutor(AT_ONCE) as pool:
            mended = pool.map(self._mend_content, contents)
            for number, (content, error) in enumerate(zip(contents, mended, strict=True), 1):
                progress("mending", number, len(contents))
                if error is not None:
                    self.repaired.left += [
                        Fault(content.set, version, error.code, error.message)
                        for version in contents[content] or (None,)
                    ]

    def _store_id(self) -> str | None:
        if self._catalog is not None:
            return self._catalog.head().store_id
        known = self._identity()
        return None if known is None else known.id

    def _identity(self) -> Identity | None:
        try:
            return read_identity(self._objects)
        except CorruptError:
            return None

    def _proven_identity(self) -> tuple[bytes, str] | None:
        """The content of `store.json`, and what proves it: the source's, or any copy of the log
        that the catalog has, too.
        """
        expected = self._store_id()
        theirs = None if self._source is None else read_identity(self._source)
        if self._source is not None and theirs is not None:
            is_ours = expected == theirs.id or (expected is None and self._shares_log(self._source))
            if is_ours:
                return self._source.get(identity.NAME), self._source.root
        if expected is None or not self._is_catalogs_log():
            return None
        named = Identity(1, expected, instants.now())
        return msgspec.json.encode(named), "the log, which is the catalog's"

    def _is_catalogs_log(self) -> bool:
        """Whether there is a copy of the log that is the catalog's: one proves all before it."""
        if self._catalog is None:
            return False
        for event in reversed(copied_events(self._objects)):
            copy = _copy(self._objects, event)
            if copy is not None and self._catalog.digest_of(event) == copy.digest:
                return True
        return False

    def _shares_log(self, source: Objects) -> bool:
        """Whether the newest sound copy that both have is the same."""
        theirs = set(copied_events(source))
        for event in reversed(copied_events(self._objects)):
            ours = _copy(self._objects, event) if event in theirs else None
            if ours is not None:
                return ours == _copy(source, event)
        return False

    def _mend_copy(self, event: int, before: str | None, is_damaged: bool) -> Entry | None:
        """Write the copy of an event from whoever has one that fits between its neighbours."""
        after = _copy(self._objects, event + 1)
        for whole, by in self._candidates(event):
            if (entry := self._bare(whole)) is None:
                continue
            is_linked = before is not None or after is not None
            follows = before in (None, entry.previous)
            precedes = after is None or after.previous == entry.digest
            if is_linked and follows and precedes:
                self._replace(name_of(event), msgspec.json.encode(entry), by)
                return entry
        self._leave("", None, event, "log_damaged" if is_damaged else "log_gap")
        return None

    def _find_erasures(self) -> list[Erasure]:
        """What was erased, by the catalog, or by the copies of the log that are there."""
        if self._catalog is not None:
            with suppress(CorruptError):
                return self._catalog.erasures()
        erasures: dict[int, Erasure] = {}
        for objects in filter(None, (self._source, self._objects)):
            for event, copy in read_all(objects, copied_events(objects)):
                if isinstance(copy, Entry) and copy.event.kind == "erased":
                    erasures[event] = msgspec.json.decode(copy.records["erasure"], type=Erasure)
        return [erasures[event] for event in sorted(erasures)]

    def _bare(self, entry: Entry) -> Entry | None:
        """An entry without what was erased from it; None for one that is not what an erasure left
        of it.
        """
        about = str(entry.event.id)
        naming = [erasure for erasure in self._erasures if about in erasure.verdicts]
        if not naming:
            return entry
        return bare_entry(entry, self._store_id() or "", naming)

    def _candidates(self, event: int) -> Iterator[tuple[Entry, str]]:
        if self._catalog is not None:
            for entry in _entries(self._catalog, event):
                if entry.holds():
                    yield entry, "the catalog"
        if self._source is not None and (entry := _copy(self._source, event)) is not None:
            yield entry, self._source.root

    def _leave(self, set_name: str, version: int | None, event: int, code: str) -> None:
        what = {
            "log_gap": "is missing, and nothing has what belongs there",
            "log_damaged": "is damaged, and nothing has what belongs there",
            "log_differs": "is not what the catalog holds of this event: where `estimates audit` "
            "finds no fault it is of another history, else rebuild the catalog",
        }
        self.repaired.left.append(Fault(set_name, version, code, f"{name_of(event)} {what[code]}"))

    def _mend_content(self, content: Content) -> EstimatesError | None:
        """Mend the files of a content; gives what is wrong with one that cannot be."""
        try:
            for name, size, digest in self._files(content):
                self._mend_file(name, size, digest)
        except CorruptError as error:
            return error
        return None

    def _files(self, content: Content) -> Iterable[tuple[str, int, str]]:
        """The files of a content, by its own manifest or, where that is no good, by the source's,
        in an order in which a manifest comes last.
        """
        try:
            return list(files_of(self._objects, content, self._replaced))
        except CorruptError:
            if self._source is None:
                raise
        return list(files_of(self._source, content, self._replaced))

    def _mend_file(self, name: str, size: int, digest: str) -> None:
        fault = _fault(self._objects, name, digest)
        if fault is None:
            return
        if self._source is None:
            raise fault
        if (theirs := _fault(self._source, name, digest)) is not None:
            fault.message += f", and {theirs.message}"
            raise fault
        self._put_aside(name)
        copy_file(self._source, self._objects, name, size, digest)
        self.repaired.mended.append(Mended(name, self._source.root))

    def _replace(self, name: str, content: bytes, by: str) -> None:
        self._put_aside(name)
        self._objects.put_if_absent(name, content)
        self.repaired.mended.append(Mended(name, by))

    def _put_aside(self, name: str) -> None:
        """Move what is damaged into the trash of today; what is not there is no error."""
        self._objects.move(name, f"{TRASH}/{instants.now().date()}/{name}")


def _longer_log(source: Objects, catalog: Catalog) -> list[Fault]:
    """A fault where a source's log goes on after the end of the catalog's, which is an older one:
    what it lacks is only taken when it is out of the way.
    """
    head = catalog.head()
    more = events_beyond(source, head.last_event, head.digest)
    if not more or catalog.last_event() != head.last_event:
        return []
    message = f"{source.root} knows {count(more, 'event')} more than this catalog"
    return [Fault("", None, "catalog_behind", message)]


def _copy(objects: Objects, event: int) -> Entry | None:
    """The copy of an event, if there is a sound one."""
    try:
        return read_copy(objects, event)
    except (CorruptError, NotFoundError):
        return None


def _entries(catalog: Catalog, event: int) -> list[Entry]:
    """What a catalog holds of an event, if it can be read."""
    try:
        return catalog.entries(event - 1, 1)
    except CorruptError:
        return []


def _fault(objects: Objects, name: str, digest: str) -> CorruptError | None:
    """What is wrong with a file."""
    try:
        if digest_of(objects, name) == digest:
            return None
    except NotFoundError:
        return CorruptError("file_missing", f"{objects.root}/{name} is missing")
    return CorruptError("file_damaged", f"{objects.root}/{name} does not match its digest")
