"""Recover: rebuild a lost catalog from the copies of its log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

from estimates.catalog.catalog import Catalog
from estimates.catalog.database_errors import AWAY
from estimates.catalog.event_chain import BEGINNING, Entry
from estimates.catalog.records import Version
from estimates.errors import ConflictError, CorruptError, NotFoundError
from estimates.render.wording import count
from estimates.storage.log_copies import copied_events, name_of, read_copies, read_copy
from estimates.storage.objects import Objects
from estimates.storage.snapshot import is_manifest, manifest_name
from estimates.storage.storage_errors import MEND
from estimates.store.identity import read_identity

Progress = Callable[[int, int], None]  # which event is done, how many there are


class Recovered(msgspec.Struct, frozen=True):
    """What a rebuilt catalog holds, and what no log tells: `unknown`, a sentence each.

    unnamed  how many snapshots the root has that no event names
    """

    store: str
    events: int
    sets: int
    versions: int
    unnamed: int
    unknown: tuple[str, ...]


UNKNOWN = (
    "runs that published nothing, and how far the others came",
    "which scores MLflow has: they are recorded there again",
    "which snapshots were being deleted: the next sweep looks at all of them",
    "events whose copy was not written yet when the catalog was lost",
    "which events happened before there was a chain",
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
                    "before; restore both with `estimates repair --from`",
                )
            yield entry
            previous = entry.digest


def find_log(objects: Objects, at_least: int | None = None) -> LogFiles:
    """The log of a root, unread.

    at_least  how many events the log has to have without a gap; what comes after a later gap is
              left out. None: no gap at all is allowed.
    Raises NotFoundError (`no_log`), CorruptError (`log_gap`, `identity_damaged`).
    """
    identity, events = read_identity(objects), copied_events(objects)
    if identity is None or not events:
        raise NotFoundError(
            "no_log",
            f"{objects.root} holds no log to rebuild a catalog from; {MEND}",
        )
    whole = next((n for n, event in enumerate(events) if event != n + 1), len(events))
    if whole < (events[-1] if at_least is None else at_least):
        raise CorruptError(
            "log_gap",
            f"{objects.root}/{name_of(whole + 1)} is missing; bring it back with `estimates "
            "repair --from` a backup",
        )
    return LogFiles(objects, identity.id, whole, read_copy(objects, whole).digest)


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
                version = msgspec.json.decode(entry.records["version"], type=Version)
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
            f"the catalog holds {count(known, 'event')} and is not overwritten; {AWAY}, or name an "
            "empty database, to rebuild it",
        )
