"""Sweep: expire what the retention lets go, delete the files that nobody can see."""

import time
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from estimates import instants
from estimates.catalog.records import Version
from estimates.catalog.set_view import SetView
from estimates.catalog.view import View
from estimates.contract.contract import Retention
from estimates.errors import ConflictError, NotFoundError
from estimates.store.identity import check_belonging
from estimates.store.publish import TRASH, delete_claimed
from estimates.store.store import Store

KEPT_PREDECESSORS = 10
GRACE = timedelta(days=7)  # how old files of no version are before they go
TRASH_LIFE_DAYS = 7
# Longer than any upload takes: obstore writes to `name#1` and renames; a crash leaves such a file
# behind.
_LEFTOVER_AGE_S = 3600


class Swept(msgspec.Struct, frozen=True):
    """What a sweep did, or would do: versions it expired and snapshots it moved to the trash, as
    (set, version) and (set, snapshot_id); days of the trash that it emptied.

    spared  snapshots of no version that are younger than the grace period
    """

    expired: tuple[tuple[str, int], ...]
    deleted: tuple[tuple[str, str], ...]
    spared: tuple[tuple[str, str], ...]
    emptied: tuple[str, ...]


def sweep(store: Store, *, grace: timedelta = GRACE, dry_run: bool = False) -> Swept:
    """Expire versions as their contract's retention says; move the files of expired versions, and
    those of no version that are older than a grace period, to the trash; empty the trash of days
    that are older than `TRASH_LIFE_DAYS`.

    A snapshot is claimed in the catalog before its files go, and publishing a claimed one writes
    them again: a sweep may run at any time, and one that was interrupted is finished by the next.
    Nothing is followed that a symbolic link leads to.

    dry_run  only tell what would go
    Raises CorruptError (`other_store`, `catalog_behind`): a catalog that does not belong to these
    files proves nothing about them.
    """
    if dry_run:
        check_belonging(store.objects, store.catalog)
    else:
        store.check_identity()
    view = store.refresh()
    expired = [version for set_view in view.sets.values() for version in _let_go(set_view)]
    if not dry_run:
        expired = [version for version in expired if _expire(store, version)]
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
    emptied = _empty_trash(store, dry_run)
    return Swept(tuple(sorted(gone)), tuple(orphans), tuple(spared), tuple(emptied))


def _orphans(
    store: Store, view: View, needed: set[tuple[str, str]], before: datetime
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The snapshots that provably nobody needs: those of expired versions, those whose deletion
    was begun, and those of no version last written before a moment. Then the younger ones.
    """
    proven = set(store.catalog.claims()) | {
        (v.set, v.snapshot_id) for set_view in view.sets.values() for v in set_view.versions
    }
    orphans: set[tuple[str, str]] = set(store.catalog.claims()) - needed
    spared: set[tuple[str, str]] = set()
    for name in view.sets:
        for snapshot_id, written in _stored(store, name).items():
            stored = (name, snapshot_id)
            if stored in needed:
                continue
            (orphans if stored in proven or written < before else spared).add(stored)
    return sorted(orphans), sorted(spared - orphans)


def _empty_trash(store: Store, dry_run: bool) -> list[str]:
    """Delete what was moved to the trash long enough ago; gives the days."""
    oldest = instants.now().date() - timedelta(days=TRASH_LIFE_DAYS)
    emptied: set[str] = set()
    for name in store.objects.names(TRASH):
        day = name.split("/")[1]
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


def _let_go(view: SetView) -> list[Version]:
    """What the retention lets go; production, what it held of late, and the newest version always
    stay.
    """
    retention = view.contract.retention
    if retention == Retention():
        return []
    kept = {alias.version for alias in view.aliases.values()} | {len(view.versions)}
    passed = (
        n
        for n, blocks in view.blocks.items()
        if not blocks and view.versions[n - 1].expired_at is None
    )
    kept.add(max(passed, default=len(view.versions)))  # what `latest` names
    for moves in view.moves.values():
        newest_first = dict.fromkeys(number for _, number in reversed(moves))
        kept |= set(list(newest_first)[: KEPT_PREDECESSORS + 1])
    candidates = [v for v in view.versions if v.version not in kept and v.expired_at is None]
    return [version for version in candidates if _past(retention, version, view)]


def _expire(store: Store, version: Version) -> bool:
    # Promoted meanwhile, or expired by another sweep.
    with suppress(ConflictError, NotFoundError):
        store.catalog.expire(version, actor=store.actor, reason="retention")
        return True
    return False


def _past(retention: Retention, version: Version, view: SetView) -> bool:
    """Whether every rule that is given lets a version go."""
    rules: list[bool] = []
    if retention.keep_versions is not None:
        rules.append(version.version <= len(view.versions) - retention.keep_versions)
    if retention.keep_for is not None:
        rules.append(version.published_at < instants.now() - instants.duration(retention.keep_for))
    return all(rules)


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
