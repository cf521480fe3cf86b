"""Recover: rebuild a lost catalog from the copies of its log."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from estimates import instants
from estimates.catalog.catalog import Catalog
from estimates.catalog.database_errors import AWAY
from estimates.catalog.event_chain import BEGINNING, Entry
from estimates.catalog.records import Event, Version
from estimates.errors import ConflictError, CorruptError, EstimatesError, NotFoundError
from estimates.render.wording import count
from estimates.storage.log_copies import (
    copied_events,
    name_of,
    read_all,
    read_copies,
    read_copy,
)
from estimates.storage.objects import Objects
from estimates.storage.snapshot import is_manifest, manifest_name
from estimates.storage.storage_errors import MEND
from estimates.storage.trash import put_aside
from estimates.store.identity import NAME, Identity, read_identity

Progress = Callable[[int, int], None]  # which event is done, how many there are


class GivenUp(msgspec.Struct, frozen=True):
    """The number of an event after the end of a log, and the event; None where its copy cannot be
    read.
    """

    id: int
    event: Event | None


class Recovered(msgspec.Struct, frozen=True):
    """What a rebuilt catalog holds, and what no log tells: `unknown`, a sentence each.

    unnamed   how many snapshots the root has that no event names
    given_up  what happened after the last event that was rebuilt
    """

    store: str
    events: int
    sets: int
    versions: int
    unnamed: int
    unknown: tuple[str, ...]
    given_up: tuple[GivenUp, ...] = ()


UNKNOWN = (
    "runs that published nothing, and how far the others came",
    "which scores MLflow has: they are recorded there again",
    "which snapshots were being deleted: the next sweep looks at all of them",
    "events whose copy was not written yet when the catalog was lost",
    "which events happened before there was a chain",
)
# The way back from a wrong name.
ANOTHER_NAME = (
    f"move {NAME} and the catalog away (`catalog.db*` in the store's folder, or name an empty "
    "database), then `estimates recover --store-id` with the right one"
)


class LogFiles(NamedTuple):
    """The copies of a log that begin with the first event and follow each other: the store's id,
    how many, and the digest of the newest.
    """

    objects: Objects
    store_id: str
    events: int
    digest: str

    def entries(self, progress: Progress = lambda _n, _all: None) -> Iterator[Entry]:
        """All entries, each checked against the chain, some of them in memory at a time.

        Raises CorruptError (`log_damaged`), NotFoundError (`no_object`).
        """
        previous = BEGINNING
        copies = read_copies(self.objects, range(1, self.events + 1))
        for entry in copies:
            progress(entry.event.id, self.events)
            if entry.previous != previous:
                raise CorruptError(
                    "log_damaged",
                    f"{self.objects.root}/{name_of(entry.event.id)} does not continue the one "
                    "before",
                    remedy=MEND,
                )
            yield entry
            previous = entry.digest


def find_log(
    objects: Objects, until: int | None = None, *, store_id: str | None = None
) -> LogFiles:
    """The log of a root, unread.

    until     its last event, what comes after is left out; None: the newest that has a copy
    store_id  whose log it is, where the root has no name; None: nothing else tells
    Raises NotFoundError (`no_log`), CorruptError (`log_gap`, `log_damaged`, `identity_damaged`,
    `other_store` where the root has another name).
    """
    store_id, copied = _named_log(objects, store_id)
    last = copied[-1] if until is None else until
    whole = next((n for n, event in enumerate(copied) if event != n + 1), len(copied))
    if whole < last:
        raise CorruptError(
            "log_gap",
            f"{objects.root}/{name_of(whole + 1)} is missing",
            remedy=MEND,
        )
    return LogFiles(objects, store_id, last, read_copy(objects, last).digest)


def sound_log(
    objects: Objects,
    until: int | None = None,
    progress: Progress = lambda _n, _all: None,
    *,
    store_id: str | None = None,
) -> LogFiles:
    """The log of a root, read and checked against the chain; otherwise as `find_log`."""
    last = _named_log(objects, store_id)[1][-1] if until is None else until
    log = longest_log(objects, last, progress, store_id=store_id)
    if log.events < last:
        raise _broken(log)
    return log


def longest_log(
    objects: Objects,
    until: int | None = None,
    progress: Progress = lambda _n, _all: None,
    *,
    store_id: str | None = None,
) -> LogFiles:
    """The copies from the first event on that are sound and follow each other by the chain.

    until  the last event that is looked at
    store_id  as of `find_log`
    Raises NotFoundError (`no_log`), CorruptError (`identity_damaged`, `other_store`).
    """
    store_id, copied = _named_log(objects, store_id)
    last = copied[-1] if until is None else until
    whole, digest = 0, BEGINNING
    for event, copy in read_all(objects, range(1, last + 1)):
        if isinstance(copy, EstimatesError) or copy.previous != digest:
            break
        whole, digest = event, copy.digest
        progress(event, last)
    return LogFiles(objects, store_id, whole, digest)


def _named_log(objects: Objects, store_id: str | None) -> tuple[str, list[int]]:
    """A root's store, and which events have copies: one at least."""
    copied = copied_events(objects)
    if not copied:
        raise NotFoundError(
            "no_log", f"{objects.root} holds no log to rebuild a catalog from", remedy=MEND
        )
    identity = None
    try:
        identity = read_identity(objects)
    except CorruptError:
        if store_id is None:
            raise
    named = store_id if identity is None else identity.id
    if named is None:
        raise CorruptError(
            "identity_damaged",
            f"{objects.root} holds a log and no {NAME}, which says whose it is",
            remedy=f"{MEND}, or name the store with `estimates recover --store-id`",
        )
    if store_id not in (None, named):
        raise CorruptError(
            "other_store",
            f"{objects.root} is store {named}, as its {NAME} says, and not {store_id}",
            remedy=f"leave --store-id out, or where {NAME} has a wrong id, {ANOTHER_NAME}",
        )
    return named, copied


def give_name(objects: Objects, store_id: str) -> None:
    """Give a root that lost its name the one it had; a damaged one goes to the trash."""
    try:
        identity = read_identity(objects)
    except CorruptError:
        put_aside(objects, NAME)
        identity = None
    if identity is None:
        named = Identity(1, store_id, instants.now())
        objects.put_if_absent(NAME, msgspec.json.encode(named))


def _broken(log: LogFiles) -> CorruptError:
    """What is wrong with the copy after a log, and the two ways on."""
    name = f"{log.objects.root}/{name_of(log.events + 1)}"
    code, what = "log_damaged", "does not continue the one before, so it is of another log"
    try:
        read_copy(log.objects, log.events + 1)
    except NotFoundError:
        code, what = "log_gap", "is missing"
    except CorruptError:
        what = "is not what its digest says"
    end = "restore one in another place"
    if log.events:
        end = (
            f"`estimates recover --until {log.events}` gives up all that happened from then on "
            "(with --dry-run it only lists that)"
        )
    return CorruptError(code, f"{name} {what}", remedy=f"{MEND}, or where no backup has it, {end}")


def after_end(log: LogFiles) -> tuple[GivenUp, ...]:
    """What the copies after a log's end tell of."""
    copies = read_all(log.objects, _copied_after(log))
    return tuple(
        GivenUp(event, copy.event if isinstance(copy, Entry) else None) for event, copy in copies
    )


def give_up_end(log: LogFiles, seen: Sequence[GivenUp]) -> None:
    """Move the copies after a log's end to the trash.

    seen  all that are known to be there
    Raises ConflictError (`log_grew`) where others came since: somebody writes.
    """
    beyond = _copied_after(log)
    if new := set(beyond).difference(given_up.id for given_up in seen):
        raise ConflictError(
            "log_grew",
            f"{log.objects.root}/{name_of(min(new))} was written while the log was checked: "
            "somebody has a catalog of this store and writes; nothing was given up",
            remedy="set ESTIMATES_CATALOG to that one, or stop who writes and recover again",
        )
    for event in beyond:
        put_aside(log.objects, name_of(event))


def _copied_after(log: LogFiles) -> list[int]:
    return [event for event in copied_events(log.objects) if event > log.events]


def rebuild(
    log: LogFiles, catalog: Catalog, progress: Progress = lambda _n, _all: None
) -> Recovered:
    """Write a log into an empty catalog, in one transaction.

    progress  called with which of how many events is written
    Raises ConflictError (`catalog_not_empty`), and what `LogFiles.entries` raises.
    """
    check_empty(catalog)
    sets, named = set[str](), set[str]()
    versions = 0

    def counted() -> Iterator[Entry]:
        nonlocal versions
        for entry in log.entries(progress):
            if entry.event.kind == "defined":
                sets.add(entry.event.set)
            if entry.event.kind == "published":
                version = entry.record(Version)
                named.add(manifest_name(version.set, version.snapshot_id))
                versions += 1
            yield entry

    catalog.write_entries(log.store_id, counted())
    manifests = {name for name in log.objects.names("sets") if is_manifest(name)}
    return Recovered(log.store_id, log.events, len(sets), versions, len(manifests - named), UNKNOWN)


def check_empty(catalog: Catalog) -> None:
    """Raises ConflictError (`catalog_not_empty`) for a catalog that holds events."""
    known = catalog.last_event()
    if known:
        raise ConflictError(
            "catalog_not_empty",
            f"the catalog holds {count(known, 'event')} and is not overwritten",
            remedy=f"{AWAY}, or name an empty database, to rebuild it",
        )


def check_unused(url: str) -> None:
    """Raises ConflictError (`catalog_not_empty`) where there is a catalog and it holds events."""
    try:
        catalog = Catalog(url)
    except NotFoundError:
        return
    try:
        check_empty(catalog)
    finally:
        catalog.engine.dispose()
