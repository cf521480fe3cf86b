"""Backup: everything that the log makes readable, copied to another root while writers run.

A backup is a store's root without a catalog: files named by their digests, the copies of the log,
store.json, and `backup.json`, which says up to which event all of that is whole. It is written
last: a backup that was interrupted is what it was before, and the next one goes on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

import msgspec

from estimates import instants
from estimates.catalog.audit import Fault
from estimates.catalog.database_errors import AWAY
from estimates.catalog.erased_keys import replaced_parts
from estimates.catalog.event_chain import BEGINNING, Entry
from estimates.catalog.records import ContractRevision, Erasure, Version
from estimates.catalog.view import View
from estimates.contract.contract import Contract
from estimates.contract.domain import FileDomain
from estimates.errors import CorruptError, InvalidError, RefusedError
from estimates.render.wording import count
from estimates.storage import log_copies
from estimates.storage.copying import Content, Copying, Named, Replaced, Tally
from estimates.storage.objects import Objects
from estimates.store import identity
from estimates.store.backup_head import NAME, BackupHead, read_backup
from estimates.store.erased_files import remove_erased
from estimates.store.open_store import OpenStore

S = TypeVar("S")
R = TypeVar("R")
AT_ONCE = 8  # files that are copied at the same time
# What no log and no backup has.
NOT_KEPT = (
    "runs that published nothing, how far the others came, and the logs of all",
    "the record in MLflow (mlflow.db and its artifacts)",
    "read files and reports, which are made again",
)
_AT_A_TIME = 1000  # events that are in memory
# What a log makes readable, and the versions that have it; a domain is that of no version.
Contents = dict[Content, list[int]]
Progress = Callable[[str, int, int], None]  # what is done, how many of it, of how many


def untold(_what: str, _number: int, _all: int) -> None:
    """The progress that nobody is told of."""


class BackedUp(msgspec.Struct, frozen=True):
    """What a backup did: `faults` are files of the store that are no good and were not copied."""

    head: BackupHead
    files: Tally
    events: int
    faults: tuple[Fault, ...]


def backup(
    store: OpenStore,
    target: Objects,
    *,
    reread: bool = False,
    progress: Progress = untold,
) -> BackedUp:
    """Copy to another root what it does not have yet; writers may go on meanwhile.

    reread  whether what is there already is read, too, and replaced where it is damaged
    Raises InvalidError (`bad_backup`) for a root that is no backup, CorruptError: `other_store` for
    that of another store, `backup_differs` for one with another history, `other_store`,
    `catalog_behind` (the root's log or the backup's has more events), `chain_broken`,
    `record_damaged` where the store itself is not sound, RefusedError (`clock_differs`).
    """
    try:
        store.check_identity()
    except RefusedError as error:
        if error.code not in ("read_only", "catalog_refused"):
            raise
        # of a disk that failed and is read-only since, one wants a backup most
        identity.check_belonging(store.objects, store.catalog)
    else:
        store.notify_and_copy()
    before = _begun(store, target)
    target.remove_leftovers()
    tally = Tally()
    while True:
        view = store.refresh()
        contents, replaced = contents_of(view), store.manifests.replaced
        copying = Copying(store.objects, target, replaced, reread=reread, tally=tally)
        damaged = copy_all(copying, contents, progress)
        newest = contents_of(store.refresh())
        if damaged.keys() <= newest.keys() and store.manifests.replaced == replaced:
            break  # else something expired, or was erased, before it was copied
    target.make_all_durable()
    remove_erased(target, view)
    events = _copy_log(store, target, before.event, view, reread)
    target.put(identity.NAME, store.objects.get(identity.NAME))
    target.make_all_durable()
    known = view.head
    head = BackupHead(1, known.store, known.event, known.digest, view.moment, instants.now())
    target.put(NAME, msgspec.json.encode(head))
    return BackedUp(head, tally, events, tuple(faults_of(damaged, contents)))


def contents_of(view: View) -> Contents:
    """What a view makes readable: the files of its unexpired versions and of its contracts."""
    contents: Contents = {}
    for name, of_set in view.sets.items():
        for revision in of_set.contracts:
            _add_domain(contents, revision)
        for version in of_set.versions:
            if version.expired_at is None:
                contents.setdefault(Content(name, version.snapshot_id), []).append(version.version)
    return contents


def contents_of_log(entries: Iterable[Entry]) -> Contents:
    """What `contents_of` says of the view that a log makes."""
    contents: Contents = {}
    versions: dict[tuple[str, int | None], Version] = {}
    for entry in entries:
        event = entry.event
        if event.kind == "published":
            version = entry.record(Version)
            versions[event.set, event.version] = version
        elif event.kind == "expired":
            del versions[event.set, event.version]
        elif event.kind == "defined":
            _add_domain(contents, entry.record(ContractRevision))
    for version in versions.values():
        contents.setdefault(Content(version.set, version.snapshot_id), []).append(version.version)
    return contents


def replaced_of_log(entries: Iterable[Entry]) -> Replaced:
    """What is read in place of parts from which something was erased, by what a log says."""
    erasures: dict[str, list[Erasure]] = {}
    for entry in entries:
        if entry.event.kind == "erased":
            erasure = entry.record(Erasure)
            erasures.setdefault(erasure.set, []).append(erasure)
    return {name: replaced_parts(of_set) for name, of_set in erasures.items()}


def copy_all(
    copying: Copying, contents: Iterable[Content], progress: Progress
) -> dict[Content, CorruptError]:
    """Copy contents, several files at once, each content's last one when it has the others; gives
    each content that is no good, and why.
    """
    damaged: dict[Content, CorruptError] = {}
    wanted: dict[Content, list[Named]] = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for content, listed in _results(pool, copying.files_of, contents):
            if isinstance(listed, CorruptError):
                damaged[content] = listed
            else:
                wanted[content] = listed
        rest = dict.fromkeys(file for files in wanted.values() for file in files[:-1])
        bad: dict[Named, CorruptError] = {}
        for last in (False, True):
            for number, (file, error) in enumerate(_results(pool, copying.copy, rest), 1):
                progress("copying manifests" if last else "copying", number, len(rest))
                if error is not None:
                    bad[file] = error
            for content, files in wanted.items():
                error = next((bad[file] for file in files if file in bad), None)
                if error is not None:
                    damaged[content] = error
            rest = {files[-1]: None for of, files in wanted.items() if of not in damaged}
    return damaged


def _results(
    pool: ThreadPoolExecutor, work: Callable[[S], R], items: Iterable[S]
) -> Iterator[tuple[S, R | CorruptError]]:
    """What became of each item, as it is done; whatever else is raised ends all."""
    running = {pool.submit(work, item): item for item in items}
    try:
        for done in as_completed(running):
            try:
                yield running[done], done.result()
            except CorruptError as error:
                yield running[done], error
    except BaseException:
        pool.shutdown(cancel_futures=True)
        raise


def faults_of(damaged: Mapping[Content, CorruptError], contents: Contents) -> list[Fault]:
    """What is no good, a fault for each version that has it."""
    faults = [
        Fault(content.set, version, error.code, error.message)
        for content, error in damaged.items()
        for version in contents[content] or (None,)
    ]
    return sorted(faults, key=lambda fault: (fault.set, fault.version or 0))


def write_copies(target: Objects, entries: Iterable[Entry]) -> int:
    """Write copies of a log, several at once, replacing what is there; gives how many. They are
    there for good after `make_all_durable`.
    """
    written = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        rest = iter(entries)
        while some := list(islice(rest, _AT_A_TIME)):
            written += len(list(pool.map(partial(_write_copy, target), some)))
    return written


def _write_copy(target: Objects, entry: Entry) -> None:
    name = log_copies.name_of(entry.event.id)
    target.put_pieces(name, iter((msgspec.json.encode(entry),)), flushed=False)


def _begun(store: OpenStore, target: Objects) -> BackupHead:
    """Up to where a backup is whole that this one goes on with; a new one is begun."""
    check_outside(store, target.root)
    store_id = store.catalog.head().store_id
    is_damaged = False
    try:
        before = read_backup(target)
    except CorruptError:
        is_damaged, before = True, _newest_copied(target)
    if before is None:
        if is_used(target):
            raise InvalidError(
                "bad_backup",
                f"{target.root} holds a store, and no backup that could be gone on with",
                remedy="name an empty place",
            )
        none = BackupHead(1, store_id, 0, BEGINNING, instants.from_micros(0), instants.now())
        target.put_if_absent(NAME, msgspec.json.encode(none))
        before = read_backup(target) or none
    if before.store != store_id:
        raise CorruptError(
            "other_store",
            f"{target.root} is a backup of store {before.store}, and this is store {store_id}: "
            "nothing is copied",
            remedy="name another place",
        )
    known = store.catalog.head()
    if more := log_copies.events_beyond(target, known.last_event, known.digest):
        raise CorruptError(
            "catalog_behind",
            f"{target.root} knows {count(more, 'event')} more than this catalog, which is an older "
            "one: nothing is copied",
            remedy=f"{AWAY}, then `estimates repair --from {target.root}` and `estimates recover`",
        )
    if store.catalog.digest_of(before.event) != before.digest:
        raise CorruptError(
            "backup_differs",
            f"{target.root} has another event {before.event} than this store: it was made "
            "before an older catalog was brought back, or of another copy of the store; nothing "
            "is copied",
            remedy="name another place, and keep that one",
        )
    # where nothing says up to where it is whole, its log is copied anew
    return msgspec.structs.replace(before, event=0) if is_damaged else before


def _newest_copied(target: Objects) -> BackupHead:
    """The newest event of a backup that its log proves; raises CorruptError (`backup_damaged`)
    where nothing says whose backup it is.
    """
    known = None
    with suppress(CorruptError):
        known = identity.read_identity(target)
    if known is None:
        raise CorruptError(
            "backup_damaged",
            f"neither {NAME} nor {identity.NAME} of {target.root} can be read, so nothing says "
            "whose backup it is",
            remedy="make a new one in another place",
        )
    for event in reversed(log_copies.copied_events(target)):
        with suppress(CorruptError):
            digest = log_copies.read_copy(target, event).digest
            return BackupHead(1, known.id, event, digest, instants.now(), instants.now())
    return BackupHead(1, known.id, 0, BEGINNING, instants.now(), instants.now())


def check_outside(store: OpenStore, place: str) -> None:
    """Raises InvalidError (`bad_backup`) for a place inside of the store, or around it."""
    if lies_in(place, store.root) or lies_in(store.root, place):
        raise InvalidError(
            "bad_backup",
            f"{place} lies in the store, or the store in it, and both would be lost together",
            remedy="name another place",
        )


def lies_in(place: str, root: str) -> bool:
    """Whether a folder or bucket lies in another one, or is the same."""
    if "://" in place or "://" in root:
        return f"{place.rstrip('/')}/".startswith(f"{root.rstrip('/')}/")
    return Path(os.path.realpath(place)).is_relative_to(os.path.realpath(root))


def is_used(objects: Objects) -> bool:
    """Whether a root holds a store or a backup, or a part of one."""
    names = (NAME, identity.NAME, "catalog.db")
    return any(map(objects.exists, names)) or any(map(objects.holds, ("sets", log_copies.FOLDER)))


def _copy_log(store: OpenStore, target: Objects, whole: int, view: View, reread: bool) -> int:
    """Copy what a backup lacks of the log; gives how many events.

    whole  up to this event the copies that are there can be relied on
    """
    last, unlawful = view.last_event, {each.event for each in view.law.unlawful}
    there = {event for event in log_copies.copied_events(target) if event <= whole}
    lacks = (event for event in range(1, last + 1) if event not in there)
    first = 1 if reread else next(lacks, last + 1)
    missing = (
        entry
        for entry in _entries(store, first, last)
        if entry.event.id not in there
        or (reread and not _is_copy(target, entry, entry.event.id in unlawful))
    )
    return write_copies(target, missing)


def _is_copy(target: Objects, entry: Entry, is_unlawful: bool) -> bool:
    """Whether a backup has an entry; where the store's is not lawful, the copy's signature may be
    the better one.
    """
    try:
        copy = log_copies.read_copy(target, entry.event.id)
    except CorruptError:
        return False
    return copy == entry or (is_unlawful and copy.digest == entry.digest)


def _entries(store: OpenStore, first: int, last: int) -> Iterator[Entry]:
    """The entries of the catalog's log from one event to another, some in memory at a time; raises
    CorruptError (`chain_broken`).
    """
    for after in range(first - 1, last, _AT_A_TIME):
        for entry in store.catalog.entries(after, min(_AT_A_TIME, last - after)):
            if not entry.holds():
                raise CorruptError(
                    "chain_broken",
                    f"event {entry.event.id} is not what the chain says, so the backup ends before "
                    "it",
                    remedy="see `estimates audit`",
                )
            yield entry


def _add_domain(contents: Contents, revision: ContractRevision) -> None:
    domain = msgspec.json.decode(revision.body, type=Contract).domain
    if isinstance(domain, FileDomain) and domain.digest is not None:
        contents[Content(revision.set, domain.digest, is_domain=True)] = []
