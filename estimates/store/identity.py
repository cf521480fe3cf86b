"""Whether a catalog and a root belong together, asked before anything is written."""

from __future__ import annotations

from datetime import datetime

import msgspec

from estimates import instants
from estimates.catalog.audit import Fault
from estimates.catalog.catalog import Catalog
from estimates.catalog.database_errors import REBUILD
from estimates.catalog.event_log import Head
from estimates.catalog.guard import Guard
from estimates.errors import CorruptError, EstimatesError, InvalidError, NotFoundError, RefusedError
from estimates.storage.log_copies import name_of, newest_copied, read_copy
from estimates.storage.objects import Objects
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


def check_identity(objects: Objects, catalog: Catalog) -> None:
    """Make sure that a catalog may be written together with a root, which a new store claims.

    Raises what `check_belonging` raises.
    """
    if check_belonging(objects, catalog) is None:
        identity = Identity(1, catalog.head().store_id, instants.now())
        if not objects.put_if_absent(NAME, msgspec.json.encode(identity)):
            check_belonging(objects, catalog)


def check_belonging(objects: Objects, catalog: Catalog) -> Identity | None:
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


def missing_here(objects: Objects, catalog: Catalog, missing: CorruptError) -> CorruptError:
    """The error of a missing file; where the root is that of another store it says so, because no
    backup would mend that.
    """
    try:
        check_belonging(objects, catalog)
    except CorruptError as error:
        if error.code == "other_store":
            return CorruptError(
                missing.code,
                f"a file is missing, and {objects.root} is not the root of this catalog",
                remedy=TOGETHER,
            )
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


def _check_same_log(objects: Objects, catalog: Catalog, last_event: int) -> None:
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
            remedy="set ESTIMATES_CATALOG to the catalog that belongs here, and see "
            "`estimates verify`",
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


def check_not_lost(root: str) -> None:
    """Say what a root without a catalog is, if it is not empty.

    Raises CorruptError (`catalog_lost`), and what `check_no_backup` raises.
    """
    try:
        objects = Objects(root)
        check_no_backup(objects)
        is_lost = holds_sets(objects)
    except RefusedError:  # there is no folder either
        return
    if is_lost:
        raise CorruptError(
            "catalog_lost",
            f"{root} holds sets, and their catalog is missing: nothing is made anew here",
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
    where only the catalog is missing.
    """
    try:
        return Catalog(url, guard)
    except NotFoundError:
        check_not_lost(root)
        raise
