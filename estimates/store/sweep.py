"""Sweep: expire what the retention lets go, delete the files that nobody can see."""

import time
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from estimates import instants
from estimates.catalog.records import Version
from estimates.catalog.view import View
from estimates.errors import ConflictError, NotFoundError
from estimates.store.identity import check_belonging
from estimates.store.publish import TRASH, delete_claimed
from estimates.store.retention import let_go
from estimates.store.store import Store

GRACE = timedelta(days=7)  # how old files of no version are before they go
TRASH_LIFE_DAYS = 7
# Longer than any upload takes: obstore writes to `name#1` and renames; a crash leaves such a file
# behind.
_LEFTOVER_AGE_S = 3600


class Swept(msgspec.Struct, frozen=True):
    """What a sweep did, or would do: versions it expired and snapshots it moved to the trash, as
    (set, version) and (set, snapshot_id); days of the trash that it emptied.

    spared  snapshots of no version that are younger than the grace period
    on_hold  versions that retention lets go and a legal hold keeps
    """

    expired: tuple[tuple[str, int], ...]
    deleted: tuple[tuple[str, str], ...]
    spared: tuple[tuple[str, str], ...]
    emptied: tuple[str, ...]
    on_hold: tuple[tuple[str, int], ...] = ()


def sweep(store: Store, *, grace: timedelta = GRACE, dry_run: bool = False) -> Swept:
    """Expire versions as their contract's retention says; move the files of expired versions, and
    those of no version that are older than a grace period, to the trash; empty the trash of days
    that are older than `TRASH_LIFE_DAYS`.

    A snapshot is claimed in the catalog before its files go, and publishing a claimed one writes
    them again: a sweep may run at any time, and one that was interrupted is finished by the next.
    Nothing is followed that a symbolic link leads to, and nothing goes that a legal hold keeps.

    dry_run  only tell what would go
    Raises CorruptError (`other_store`, `catalog_behind`): a catalog that does not belong to these
    files proves nothing about them.
    """
    if dry_run:
        check_belonging(store.objects, store.catalog)
    else:
        store.check_identity()
    view = store.refresh()
    expired, on_hold = _past_retention(view)
    if not dry_run:
        expired = [version for version in expired if _expire(store, version, view)]
        if expired:
            store.after_commit()
        view = store.refresh()
    gone = {(version.set, version.version) for version in expired}
    needed = {
        (v.set, v.snapshot_id)
        for set_view in view.sets.values()
        for v in set_view.versions
        if v.expired_at is None and (v.set, v.version) not in gone
    }
    orphans, spared = _orphans(store, view, needed, instants.now() - grace)
    if not dry_run:
        orphans = [orphan for orphan in orphans if _delete(store, *orphan)]
        store.read_files.keep_only({snapshot_id for _, snapshot_id in needed})
        _remove_leftovers(store)
    emptied = _empty_trash(store, view, dry_run)
    kept = tuple(sorted((version.set, version.version) for version in on_hold))
    return Swept(tuple(sorted(gone)), tuple(orphans), tuple(spared), tuple(emptied), kept)


def _orphans(
    store: Store, view: View, needed: set[tuple[str, str]], before: datetime
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The snapshots that provably nobody needs: those of expired versions, those whose deletion
    was begun, and those of no version last written before a moment. Then the younger ones. None of
    a set that a legal hold keeps as a whole.
    """
    proven = set(store.catalog.claims()) | {
        (v.set, v.snapshot_id) for set_view in view.sets.values() for v in set_view.versions
    }
    claimed = {claim for claim in store.catalog.claims() if not _is_held_whole(view, claim[0])}
    orphans: set[tuple[str, str]] = claimed - needed
    spared: set[tuple[str, str]] = set()
    for name in view.sets:
        if _is_held_whole(view, name):
            continue
        for snapshot_id, written in _stored(store, name).items():
            stored = (name, snapshot_id)
            if stored in needed:
                continue
            (orphans if stored in proven or written < before else spared).add(stored)
    return sorted(orphans), sorted(spared - orphans)


def _is_held_whole(view: View, set_name: str) -> bool:
    """Whether a legal hold keeps all files of a set, those that are in the trash too."""
    return any(hold.version is None for hold in view.set(set_name).holds)


def _empty_trash(store: Store, view: View, dry_run: bool) -> list[str]:
    """Delete what was moved to the trash long enough ago; gives the days."""
    whole = {name for name in view.sets if _is_held_whole(view, name)}
    oldest = instants.now().date() - timedelta(days=TRASH_LIFE_DAYS)
    emptied: set[str] = set()
    for name in store.objects.names(TRASH):
        _, day, *place = name.split("/")
        if place[:1] == ["sets"] and place[1] in whole:
            continue
        if not _is_day_before(day, oldest) or store.objects.is_linked(name):
            continue
        emptied.add(day)
        if not dry_run:
            store.objects.delete(name)
    return sorted(emptied)


def _is_day_before(name: str, oldest: date) -> bool:
    """Whether a folder of the trash is that of an earlier day; what has another name is not ours to
    delete.
    """
    try:
        day = date.fromisoformat(name)
    except ValueError:
        return False
    return str(day) == name and day < oldest


def _past_retention(view: View) -> tuple[list[Version], list[Version]]:
    """The versions that retention lets go, then those of them that a legal hold keeps."""
    now = instants.now()
    past = [version for set_view in view.sets.values() for version in let_go(set_view, now)]
    on_hold = [version for version in past if view.sets[version.set].holds_on(version)]
    return [version for version in past if version not in on_hold], on_hold


def _expire(store: Store, version: Version, view: View) -> bool:
    rules = view.sets[version.set].contract.retention.text()
    # Promoted or put on hold meanwhile, or expired by another sweep.
    with suppress(ConflictError, NotFoundError):
        store.catalog.expire(
            version, actor=store.actor, reason=f"retention: {rules}", seen=view.last_event
        )
        return True
    return False


def _stored(store: Store, name: str) -> dict[str, datetime]:
    """Every snapshot of a set that has any file, and when the newest of them was written."""
    prefix = f"sets/{name}/snapshots"
    stored: dict[str, datetime] = {}
    for path, written in store.objects.written(prefix).items():
        snapshot_id = path.removeprefix(prefix + "/").split("/")[0]
        if not store.objects.is_linked(path):
            stored[snapshot_id] = max(written, stored.get(snapshot_id, written))
    return stored


def _delete(store: Store, name: str, snapshot_id: str) -> bool:
    if not store.catalog.claim(name, snapshot_id):
        return False
    return delete_claimed(store, name, snapshot_id)


def _remove_leftovers(store: Store) -> None:
    """Remove what an interrupted write left beside finished files."""
    if store.objects.folder is None:
        return
    unfinished: list[Any] = [
        *store.objects.folder.glob("sets/**/*#*"),
        *store.read_files.folder.glob("*.lookup.*"),
    ]
    for path in unfinished:
        # one that was being written may be finished, and have its name, by now
        with suppress(FileNotFoundError):
            if path.is_file() and time.time() - path.stat().st_mtime > _LEFTOVER_AGE_S:
                path.unlink()
