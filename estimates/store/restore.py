"""Restore: a backup becomes a store again, in an empty place.

Files first, each checked against its digest while it is copied; then the log, store.json, and the
catalog, in one transaction. Until that is done the place is no store, and `restore.json` says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from estimates.catalog.audit import Fault
from estimates.catalog.catalog import Catalog
from estimates.errors import ConflictError, CorruptError, NotFoundError
from estimates.storage.copying import Copying, Tally
from estimates.storage.objects import Objects
from estimates.store import identity
from estimates.store.backup import (
    NAME,
    NOT_KEPT,
    BackupHead,
    Progress,
    contents_of_log,
    copy_all,
    faults_of,
    is_used,
    read_backup,
    replaced_of_log,
    write_copies,
)
from estimates.store.recover import LogFiles, check_empty, find_log, rebuild


class Restored(msgspec.Struct, frozen=True):
    """What a restore did.

    missing  versions that the backup has no good files of
    unknown  what no backup has, a sentence each
    """

    head: BackupHead
    files: Tally
    sets: int
    versions: int
    missing: tuple[Fault, ...]
    unknown: tuple[str, ...] = NOT_KEPT


def restore(
    source: Objects,
    target: Objects,
    catalog: str,
    migrate: Callable[[str], None],
    *,
    without_damaged: bool = False,
    progress: Progress = lambda _what, _n, _all: None,
) -> Restored:
    """Make a store of a backup; one that was interrupted goes on.

    catalog  the URL of the new store's catalog; migrate: makes its tables
    without_damaged  whether to restore the rest where files of the backup are no good
    Raises NotFoundError (`no_backup`); ConflictError (`not_empty`, `catalog_not_empty`);
    CorruptError (`backup_damaged`, `log_gap`, `log_damaged`), after which the place is no store.
    """
    head = find_backup(source)
    log = find_log(source, head.event)
    if log != (source, head.store, head.event, head.digest):
        raise _damaged(source, f"its log does not end as {NAME} says")
    _claim(target, head)
    _check_unused(catalog)
    contents = contents_of_log(log.entries(partial(progress, "checking the log")))
    target.put(identity.RESTORING, msgspec.json.encode(head))
    copying = Copying(source, target, replaced_of_log(log.entries()))
    missing = faults_of(copy_all(copying, contents, progress), contents)
    if missing and not without_damaged:
        raise _damaged(source, _in_words(missing), faults=missing)
    write_copies(target, log.entries(partial(progress, "copying the log")))
    target.put(identity.NAME, source.get(identity.NAME))
    target.make_all_durable()
    migrate(catalog)
    copied = LogFiles(target, *log[1:])
    made = rebuild(copied, Catalog(catalog), partial(progress, "writing the catalog"))
    target.delete(identity.RESTORING)
    return Restored(head, copying.tally, made.sets, made.versions, tuple(missing))


def find_backup(source: Objects) -> BackupHead:
    """Up to where a backup is whole; raises NotFoundError (`no_backup`) where none was ever
    finished, CorruptError (`backup_damaged`).
    """
    head = read_backup(source)
    if head is not None and head.event:
        return head
    if head is None and is_used(source):
        raise NotFoundError(
            "no_backup",
            f"{source.root} is a store's own place and no backup; if its catalog is lost, rebuild "
            "that with `estimates recover`",
        )
    raise NotFoundError("no_backup", f"{source.root} holds no finished backup")


def _claim(target: Objects, head: BackupHead) -> None:
    """Raises ConflictError (`not_empty`) for a place that holds anything but a restore of the same
    store that was interrupted.
    """
    try:
        begun = msgspec.json.decode(target.get(identity.RESTORING), type=BackupHead)
    except (NotFoundError, msgspec.MsgspecError, ValueError):
        begun = None
    if (begun is None or begun.store != head.store) and is_used(target):
        raise ConflictError(
            "not_empty",
            f"{target.root} holds a store, or what is left of one: nothing is restored over it; "
            "name an empty place, without `estimates init` (restore makes the store)",
        )


def _check_unused(url: str) -> None:
    """Raises ConflictError (`catalog_not_empty`) for a catalog that holds events."""
    try:
        catalog = Catalog(url)
    except NotFoundError:
        return
    try:
        check_empty(catalog)
    finally:
        catalog.engine.dispose()


def _damaged(source: Objects, what: str, faults: Sequence[Fault] = ()) -> CorruptError:
    return CorruptError(
        "backup_damaged", f"the backup {source.root} is damaged: {what}", faults=faults
    )


def _in_words(missing: list[Fault]) -> str:
    first = missing[0]
    version = "" if first.version is None else f" version {first.version}"
    more = f", and {len(missing) - 1} more" if len(missing) > 1 else ""
    return (
        f"{first.set}{version}: {first.message}{more}; nothing was restored; take another backup, "
        "or restore all the rest with --without-damaged"
    )
