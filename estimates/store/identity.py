"""Whether a catalog and a root belong together, asked before anything is written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Protocol

import msgspec

from estimates import instants
from estimates.catalog.audit import Fault
from estimates.catalog.catalog import Catalog
from estimates.catalog.database_errors import REBUILD
from estimates.catalog.event_log import Head
from estimates.catalog.guard import Guard
from estimates.catalog.migrated_log import MigratedLog
from estimates.errors import CorruptError, EstimatesError, InvalidError, NotFoundError, RefusedError
from estimates.storage.log_copies import FOLDER, name_of, newest_copied, read_copy
from estimates.storage.objects import Objects
from estimates.storage.snapshot import manifest_name
from estimates.storage.storage_errors import MEND

NAME = "store.json"
BACKUP = "backup.json"  # of a backup: up to where it is whole
RESTORING = "restore.json"  # of a place into which a backup is being restored
TOGETHER = "set ESTIMATES_STORE and ESTIMATES_CATALOG to what belongs together"


class Identity(msgspec.Struct, frozen=True):
    """What a root says of itself; the catalog knows the id, too."""

    form: int
    id: str
    created: datetime


class Log(Protocol):
    """What a catalog, also one that is being migrated, knows of its log."""

    def head(self) -> Head:
        """Its end and the identity of its store."""
        ...

    def last_event(self) -> int:
        """Id of its newest event."""
        ...

    def digest_of(self, event: int) -> str | None:
        """The link of an event in the chain; None where it has no such event."""
        ...


def check_identity(objects: Objects, catalog: Catalog) -> None:
    """Make sure that a catalog may be written together with a root, which a new store claims.

    Raises what `check_belonging` raises.
    """
    if check_belonging(objects, catalog) is None:
        identity = Identity(1, catalog.head().store_id, instants.now())
        if not objects.put_if_absent(NAME, msgspec.json.encode(identity)):
            check_belonging(objects, catalog)


def check_belonging(objects: Objects, catalog: Log) -> Identity | None:
    """What a root says of itself; None where a new store may claim it.

    Raises CorruptError: `other_store` where root and catalog do not belong together,
    `catalog_behind` where the root's log knows more events, or others, `identity_damaged`.
    """
    head, identity = catalog.head(), read_identity(objects)
    if identity is None:
        _check_unclaimed(objects, head)
    elif identity.id != head.store_id:
        raise CorruptError(
            "other_store",
            f"{objects.root} is store {identity.id} and this catalog is that of store "
            f"{head.store_id}: nothing is written",
            remedy=TOGETHER,
        )
    # Somebody may have written, catalog and copy, since the head was read.
    if objects.exists(name_of(head.last_event + 1)) and catalog.last_event() == head.last_event:
        raise CorruptError(
            "catalog_behind",
            f"{objects.root} has a log of more than the {head.last_event} events that this "
            "catalog knows, so it is an older one: nothing is written",
            remedy=f"bring the newest one back, or {REBUILD}",
        )
    _check_same_log(objects, catalog, head.last_event)
    return identity


def check_migrated(objects: Objects, log: MigratedLog) -> None:
    """Refuse to migrate a catalog of which it is certain that it does not belong to a root.

    Where the root has no name, or a damaged one, the migration goes on, as what mends that needs it
    done. Raises CorruptError (`other_store`, `catalog_behind`).
    """
    try:
        identity = read_identity(objects)
    except CorruptError:
        return
    if identity is not None and log.is_new:
        raise CorruptError(
            "catalog_behind",
            f"{objects.root} is store {identity.id}, and this catalog is from before stores had "
            "such names, so it is an older one or another store's: nothing is migrated",
            remedy=f"{TOGETHER}, or {REBUILD}",
        )
    if identity is not None:
        check_belonging(objects, log)
        return
    manifests = [manifest_name(*snapshot) for snapshot in log.snapshots() if log.is_new]
    if manifests and not any(map(objects.exists, manifests)):
        raise CorruptError(
            "other_store",
            f"{objects.root} has the files of no version that this catalog knows: nothing is "
            "migrated",
            remedy=f"{TOGETHER}, or bring the files back",
        )


def missing_here(objects: Objects, catalog: Catalog, missing: CorruptError) -> CorruptError:
    """The error of a missing file; where the root is that of another store, or lost all of its
    files, it says so and what to do then, because no backup of one file would mend that.
    """
    try:
        check_belonging(objects, catalog)
    except CorruptError as error:
        if error.code == "other_store":
            return CorruptError(missing.code, "a file is missing", remedy=error.message)
    except EstimatesError:
        pass
    return missing


def identity_faults(objects: Objects, catalog: Catalog) -> list[Fault]:
    """What `check_belonging` raises, and a folder that refuses, as a fault."""
    try:
        check_belonging(objects, catalog)
    except (CorruptError, RefusedError) as error:
        if objects.folder is None and isinstance(error, RefusedError):
            raise
        return [Fault("", None, error.code, error.message)]
    return []


def _check_same_log(objects: Objects, catalog: Log, last_event: int) -> None:
    """Compare the newest copy of the log with the catalog: two catalogs that were one until a copy
    of it was written to by itself have one id and other events.

    Raises CorruptError (`catalog_behind`).
    """
    newest = newest_copied(objects, last_event)
    try:
        copy = read_copy(objects, newest)
    except (NotFoundError, CorruptError):  # there is none; a damaged one is for `verify` to tell
        return
    if copy.digest != catalog.digest_of(newest):
        raise CorruptError(
            "catalog_behind",
            f"{objects.root}/{name_of(newest)} tells of another event {newest} than this catalog: "
            "it is a copy that was written to by itself, or the log is that of another store; "
            "nothing is written",
            remedy="set ESTIMATES_CATALOG to the catalog that belongs here; where this one does, "
            "move that file away, and `estimates repair` writes it anew",
        )


def read_identity(objects: Objects) -> Identity | None:
    """What a root says of itself; None where nothing was ever written. Raises CorruptError
    (`identity_damaged`).
    """
    try:
        return msgspec.json.decode(objects.get(NAME), type=Identity)
    except NotFoundError:
        return None
    except (msgspec.MsgspecError, ValueError) as error:
        raise CorruptError(
            "identity_damaged", f"{objects.root}/{NAME} cannot be read: {error}", remedy=MEND
        ) from None


def _check_unclaimed(objects: Objects, head: Head) -> None:
    """Raises CorruptError (`other_store`) for a root without a name that a catalog cannot be new
    to: events were added since the catalog has an id, or the root holds sets that it never knew.
    """
    if head.last_event > head.chained_later:
        raise CorruptError(
            "other_store",
            f"{objects.root} has no {NAME} and this catalog knows {head.last_event} events: it is "
            "another root, or its files were lost; nothing is written",
            remedy="set ESTIMATES_STORE to the right one, or bring the files back with "
            "`estimates repair --from` a backup",
        )
    if head.last_event == 0 and holds_sets(objects):
        raise CorruptError(
            "other_store",
            f"{objects.root} holds sets that this empty catalog does not know: nothing is written",
            remedy="bring their catalog back, or rebuild it with `estimates recover`",
        )


def holds_sets(objects: Objects) -> bool:
    """Whether a root holds files of any set."""
    return objects.holds("sets")


def holds_events(objects: Objects) -> bool:
    """Whether anything that ever happened is left in a root: files of a set, copies of the log."""
    return holds_sets(objects) or objects.holds(FOLDER)


def take_name(objects: Objects, catalog: Catalog) -> None:
    """Give a new catalog the name of a root that has nothing but one: its catalog was lost before
    the first event. Raises CorruptError (`identity_damaged`).
    """
    identity = read_identity(objects)
    if identity is not None and not catalog.last_event() and not holds_events(objects):
        catalog.write_entries(identity.id, ())


def check_outside_stores(root: str) -> None:
    """Raises InvalidError (`bad_store`) for a place inside of a store or a backup: a sweep of that
    one would take the new one's files for its own.
    """
    outer = store_around(root)
    if outer is not None:
        raise InvalidError(
            "bad_store",
            f"{root} lies in the store or backup {outer}: no store is made inside of one",
            remedy="name a place outside of it with --store",
        )


def store_around(root: str) -> str | None:
    """The nearest store or backup in which a place lies."""
    for place in _around(root):
        with suppress(RefusedError, CorruptError):  # it may not be read, or is none of ours
            if read_identity(Objects(place)) is not None:
                return place
    return None


def _around(root: str) -> Iterator[str]:
    """The folders, or the prefixes of a bucket, in which a place lies, the nearest first."""
    if "://" not in root:
        # where links lead in a circle there is no folder: `resolve` would raise
        yield from map(str, Path(os.path.realpath(root)).parents)
        return
    scheme, _, path = root.rstrip("/").partition("://")
    while "/" in path:
        path = path.rpartition("/")[0]
        yield f"{scheme}://{path}"


def check_not_lost(root: str) -> None:
    """Say what a root without a catalog is, if it is not empty.

    Raises CorruptError (`catalog_lost`), and what `check_no_backup` raises.
    """
    try:
        objects = Objects(root)
        check_no_backup(objects)
        is_lost = holds_events(objects)
    except RefusedError:  # there is no folder either
        return
    if is_lost:
        raise CorruptError(
            "catalog_lost",
            f"{root} holds sets or their log, and the catalog is missing: nothing is made anew "
            "here",
            remedy="bring it back, or rebuild it from the log with `estimates recover`",
        )


def check_no_backup(objects: Objects) -> None:
    """Raises InvalidError (`is_backup`) for a backup, CorruptError (`restore_unfinished`) where one
    is being restored.
    """
    if objects.exists(RESTORING):
        raise CorruptError(
            "restore_unfinished",
            f"{objects.root} holds a restore that was not finished",
            remedy="run `estimates restore` again, or empty it",
        )
    if objects.exists(BACKUP):
        raise InvalidError(
            "is_backup",
            f"{objects.root} is a backup and no store",
            remedy="make a store of it, in another place, with `estimates restore`",
        )


def open_catalog(root: str, url: str, guard: Guard) -> Catalog:
    """The catalog of a root; raises NotFoundError (`no_store`), and CorruptError (`catalog_lost`)
    where only the catalog is missing, or was begun anew and not filled; `restore_unfinished`.
    """
    try:
        catalog = Catalog(url, guard)
    except NotFoundError:
        check_not_lost(root)
        raise
    try:
        _check_filled(root, catalog)
    except EstimatesError:
        catalog.engine.dispose()
        raise
    return catalog


def _check_filled(root: str, catalog: Catalog) -> None:
    """Refuse an empty catalog beside a log, as a `recover` or `restore` leaves that was ended
    before its last step: whoever reads it would be told that there are no sets.

    Raises CorruptError (`catalog_lost`), and what `check_no_backup` raises.
    """
    try:
        if not catalog.is_empty():
            return
        objects = Objects(root)
        has_log = objects.holds(FOLDER)
    except (RefusedError, CorruptError):  # which is said when it is read
        return
    check_no_backup(objects)
    if has_log and catalog.is_empty():  # nobody wrote the first event meanwhile
        raise CorruptError(
            "catalog_lost",
            f"{root} holds the log of a store, and the catalog is empty: nothing is made anew here",
            remedy="bring it back, or rebuild it from the log with `estimates recover`",
        )
