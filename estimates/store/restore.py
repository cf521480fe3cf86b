"""Restore: a backup becomes a store again, in an empty place.

Files first, each checked against its digest while it is copied; then the log, store.json, and the
catalog, in one transaction. Until that is done the place is no store, and `restore.json` says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from estimates.catalog.audit import Fault
from estimates.catalog.catalog import Catalog
from estimates.errors import ConflictError, CorruptError, InvalidError, NotFoundError
from estimates.storage.copying import Copying, Tally
from estimates.storage.log_copies import read_copy
from estimates.storage.objects import Objects
from estimates.store import identity
from estimates.store.backup import (
    NOT_KEPT,
    Progress,
    contents_of_log,
    copy_all,
    faults_of,
    is_used,
    lies_in,
    replaced_of_log,
    untold,
    write_copies,
)
from estimates.store.backup_head import NAME, BackupHead, identity_of, read_backup
from estimates.store.recover import LogFiles, check_unused, find_log, longest_log, rebuild

_ANOTHER = "take another backup"
_WITHOUT = f"{_ANOTHER}, or restore what is sound of this one with --without-damaged"
_OF_STORES = re.compile(r"; (?:mend|bring) it (?:back )?with `estimates repair --from`? ?[^;]*$")


class Restored(msgspec.Struct, frozen=True):
    """What a restore did.

    missing  versions that the backup has no good files of, and where its log ends too early
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
    progress: Progress = untold,
) -> Restored:
    """Make a store of a backup; one that was interrupted goes on.

    catalog  the URL of the new store's catalog; migrate: makes its tables
    without_damaged  whether to restore the rest where files of the backup are no good
    Raises NotFoundError (`no_backup`); ConflictError (`not_empty`, `catalog_not_empty`);
    InvalidError (`bad_backup`: one lies in the other); CorruptError (`backup_damaged`), after which
    the place is no store.
    """
    check_apart(source.root, target.root)
    head, log, lost = _backup_and_log(source, without_damaged=without_damaged)
    _claim(target, head)
    check_unused(catalog)
    try:
        contents = contents_of_log(log.entries(partial(progress, "checking the log")))
    except CorruptError as error:
        remedy = _ANOTHER if without_damaged else _WITHOUT
        raise _damaged(source, _cause(error.message), remedy) from None
    target.put(identity.RESTORING, msgspec.json.encode(head))
    replaced = replaced_of_log(log.entries())
    # one flush at the end, in place of one a file: what an interrupted one left is read again
    copying = Copying(source, target, replaced, reread=True, flushed=False)
    missing = faults_of(copy_all(copying, contents, progress), contents)
    if missing and not without_damaged:
        raise _damaged(source, _in_words(missing), _goes_on(target), faults=missing)
    write_copies(target, log.entries(partial(progress, "copying the log")))
    named = identity_of(source) or identity.Identity(1, log.store_id, head.at)
    target.put(identity.NAME, msgspec.json.encode(named))
    target.make_all_durable()
    migrate(catalog)
    copied = LogFiles(target, *log[1:])
    made = rebuild(copied, Catalog(catalog), partial(progress, "writing the catalog"))
    target.delete(identity.RESTORING)
    return Restored(head, copying.tally, made.sets, made.versions, (*lost, *missing))


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
            f"{source.root} is a store's own place and no backup",
            remedy="if its catalog is lost, rebuild that with `estimates recover`",
        )
    raise NotFoundError(
        "no_backup",
        f"{source.root} holds no finished backup",
        remedy="name the place of one that `estimates backup` finished",
    )


def check_apart(source: str, target: str) -> None:
    """Raises InvalidError (`bad_backup`) where a store would lie in its backup, or around it."""
    if lies_in(target, source) or lies_in(source, target):
        raise InvalidError(
            "bad_backup",
            f"{target} and the backup {source} lie in each other, and would be lost together",
            remedy="name another place for the store",
        )


def _backup_and_log(
    source: Objects, *, without_damaged: bool
) -> tuple[BackupHead, LogFiles, list[Fault]]:
    """Up to where a backup is restored, and what of its log is no good."""
    known = store_id = None
    try:
        known = head = find_backup(source)
        store_id = _id_of(source)
        log = find_log(source, head.event, store_id=store_id)
        if (log.store_id, log.digest) != (head.store, head.digest):
            raise _damaged(source, f"its log does not end as {NAME} says", _WITHOUT)
        if not without_damaged:  # a link that does not hold is noticed when the log is read
            return head, log, []
    except (CorruptError, NotFoundError) as error:
        if error.code == "no_backup":
            raise
        if not without_damaged:
            if error.code == "backup_damaged":
                raise
            remedy = _ANOTHER if error.code == "no_log" else _WITHOUT
            raise _damaged(source, _cause(error.message), remedy) from None
    try:
        log = longest_log(source, None if known is None else known.event, store_id=store_id)
    except CorruptError:  # `recover`, which takes an id, makes nothing of a backup
        what = f"neither {NAME} nor {identity.NAME} says whose it is"
        raise _damaged(source, what, _ANOTHER) from None
    except NotFoundError:
        raise _damaged(source, "nothing of its log is left", _ANOTHER) from None
    if not log.events:
        raise _damaged(source, "nothing of its log is sound", _ANOTHER)
    at = read_copy(source, log.events).event.at
    head = BackupHead(1, log.store_id, log.events, log.digest, at, at)
    if known is not None and (log.events, log.digest) == (known.event, known.digest):
        return known, log, []
    message = f"{NAME} or the log of {source.root} is damaged: restored as of event {log.events:,}"
    return head, log, [Fault("", None, "backup_damaged", message)]


def _id_of(source: Objects) -> str | None:
    named = identity_of(source)
    return None if named is None else named.id


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
            f"{target.root} holds a store, or what is left of one: nothing is restored over it",
            remedy="name an empty place, without `estimates init` (restore makes the store)",
        )


def _damaged(source: Objects, what: str, remedy: str, faults: Sequence[Fault] = ()) -> CorruptError:
    return CorruptError(
        "backup_damaged",
        f"the backup {source.root} is damaged: {what}",
        remedy=remedy,
        faults=faults,
    )


def _cause(message: str) -> str:
    """What is said of a file of a store, without what mends that: no backup is repaired so."""
    return _OF_STORES.sub("", message)


def _in_words(missing: list[Fault]) -> str:
    first = missing[0]
    version = "" if first.version is None else f" version {first.version}"
    more = f", and {len(missing) - 1} more" if len(missing) > 1 else ""
    return f"{first.set}{version}: {_cause(first.message)}{more}"


def _goes_on(target: Objects) -> str:
    return (
        f"{target.root} is no store yet: restore another backup there, or all the rest of this one "
        "with --without-damaged, which goes on with what was copied, or empty it"
    )
