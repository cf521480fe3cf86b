"""Repair: mend of a store's files what can be proven, by its catalog, its log, or a backup.

Every file is proven by a digest: that in its name, in its manifest, or in the chain. What is sound
is never written; what is damaged is put into the trash, and what belongs there is written instead.
The catalog is not touched: `recover` makes it anew from the log, which proves all of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import msgspec

from estimates import instants
from estimates.catalog.audit import Fault
from estimates.catalog.catalog import Catalog
from estimates.errors import CorruptError, EstimatesError, NotFoundError
from estimates.render.wording import count
from estimates.storage.copying import Content, Replaced, copy_file, digest_of, files_of
from estimates.storage.log_copies import copied_events, events_beyond
from estimates.storage.objects import Objects
from estimates.storage.trash import put_aside
from estimates.store import identity
from estimates.store.backup import (
    AT_ONCE,
    Contents,
    Progress,
    contents_of,
    contents_of_log,
    replaced_of_log,
    untold,
)
from estimates.store.backup_head import identity_of
from estimates.store.identity import Identity, check_belonging, read_identity
from estimates.store.log_repair import LogRepair, Mended, Repaired, sound_copy
from estimates.store.open_store import OpenStore
from estimates.store.recover import LogFiles, find_log
from estimates.store.verify import verify

# Faults of files, which are looked for again one file after the other.
_OF_FILES = ("file_damaged", "file_missing", "manifest_damaged", "manifest_missing", "no_object")
_OF_LOG = ("identity_damaged", "log_damaged", "log_differs", "log_gap", "other_store")


def repair(
    store: OpenStore,
    source: Objects | None = None,
    progress: Progress = untold,
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
    mending.log().mend()
    faults = verify(store, lambda _what, number, total: progress("verifying", number, total))
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
    named = (name.split("/") for name in store.objects.names("sets"))
    sets = {places[1] for places in named if len(places) > 2}  # a file among them is none of ours
    mending.repaired.discarded = store.lookups.remove_damaged(sorted(sets))
    return mending.repaired


def repair_root(objects: Objects, source: Objects, progress: Progress = untold) -> Repaired:
    """Mend the files of a root that has no catalog, so that one can be rebuilt from its log.

    Raises CorruptError (`other_store`).
    """
    mending = _Mending(objects, source, None)
    mending.mend_identity()
    log = mending.log()
    log.mend()
    if not mending.repaired.left:
        log.take_end(source)
    if log.sound:
        mending.mend_contents(*_contents_of_log(find_log(objects, log.sound)), progress)
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
        theirs = None if source is None else identity_of(source)
        expected = self._store_id()
        if theirs is not None and expected not in (None, theirs.id):
            raise CorruptError(
                "other_store",
                f"{source.root if source else ''} has the files of store {theirs.id}, and this is "
                f"store {expected}: nothing is taken from there",
                remedy="name a backup of this store",
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
        self.repaired.replace(self._objects, identity.NAME, content, by)

    def log(self) -> LogRepair:
        """What mends the copies of the log."""
        return LogRepair(
            self.repaired, self._objects, self._source, self._catalog, self._store_id() or ""
        )

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
        theirs = None if self._source is None else identity_of(self._source)
        if self._source is not None and theirs is not None:
            is_ours = expected == theirs.id or (expected is None and self._shares_log(self._source))
            if is_ours:
                return msgspec.json.encode(theirs), self._source.root
        if expected is None or not self._is_catalogs_log():
            return None
        named = Identity(1, expected, instants.now())
        return msgspec.json.encode(named), "the log, which is the catalog's"

    def _is_catalogs_log(self) -> bool:
        """Whether there is a copy of the log that is the catalog's: one proves all before it."""
        if self._catalog is None:
            return False
        for event in reversed(copied_events(self._objects)):
            copy = sound_copy(self._objects, event)
            if copy is not None and self._catalog.digest_of(event) == copy.digest:
                return True
        return False

    def _shares_log(self, source: Objects) -> bool:
        """Whether the newest sound copy that both have is the same."""
        theirs = set(copied_events(source))
        for event in reversed(copied_events(self._objects)):
            ours = sound_copy(self._objects, event) if event in theirs else None
            if ours is not None:
                return ours == sound_copy(source, event)
        return False

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
        put_aside(self._objects, name)
        copy_file(self._source, self._objects, name, size, digest)
        self.repaired.mended.append(Mended(name, self._source.root))


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


def _fault(objects: Objects, name: str, digest: str) -> CorruptError | None:
    """What is wrong with a file."""
    try:
        if digest_of(objects, name) == digest:
            return None
    except NotFoundError:
        return CorruptError(
            "file_missing",
            f"{objects.root}/{name} is missing",
            remedy="name a backup that has it with --from",
        )
    return CorruptError(
        "file_damaged",
        f"{objects.root}/{name} does not match its digest",
        remedy="name a backup that has it whole with --from",
    )
