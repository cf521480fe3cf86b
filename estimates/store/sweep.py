"""Verify every file against its digest; sweep away what nobody can see."""

import io
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec
import polars as pl

from estimates import instants
from estimates.catalog.records import Version
from estimates.catalog.set_view import SetView
from estimates.contract.contract import FileDomain, Retention
from estimates.errors import ConflictError, CorruptError, EstimatesError, NotFoundError
from estimates.storage import copies, snapshot
from estimates.store.publish import delete_claimed
from estimates.store.store import Store

KEPT_PREDECESSORS = 10
# Longer than any upload takes: obstore writes to `name#1` and renames; a crash leaves such a file
# behind.
_LEFTOVER_AGE_S = 3600

Progress = Callable[[str, int], None]  # what is being verified, how many there are in all


class Fault(msgspec.Struct, frozen=True):
    """Something that verify found wrong; `version` is None for what belongs to no version."""

    set: str
    version: int | None
    code: str
    message: str


class Swept(msgspec.Struct, frozen=True):
    """What a sweep did: versions it expired and snapshots it deleted, as (set, version) and (set,
    snapshot_id).
    """

    expired: tuple[tuple[str, int], ...]
    deleted: tuple[tuple[str, str], ...]


def verify(store: Store, progress: Progress = lambda _what, _total: None) -> list[Fault]:
    """Check each file of each unexpired version against its digest, and complete the copies of the
    catalog.
    """
    view = store.refresh()
    total = sum(len(set_view.versions) for set_view in view.sets.values())
    faults: list[Fault] = []
    for name, set_view in view.sets.items():
        checked: dict[str, Fault | None] = {}
        for version in set_view.versions:
            progress(f"{name} version {version.version}", total)
            if version.expired_at is None:
                if version.snapshot_id not in checked:
                    checked[version.snapshot_id] = _fault(store, version)
                if (fault := checked[version.snapshot_id]) is not None:
                    faults.append(msgspec.structs.replace(fault, version=version.version))
        faults += _domain_faults(store, name, set_view)
        copies.complete(store.objects, name, set_view, store.catalog.body_of_event, everything=True)
    expired = {
        (name, v.version)
        for name, s in store.refresh().sets.items()
        for v in s.versions
        if v.expired_at
    }
    return [fault for fault in faults if (fault.set, fault.version) not in expired]


def sweep(store: Store) -> Swept:
    """Expire versions as their contract's retention says; delete the files of expired versions and
    of no version.

    A snapshot is claimed in the catalog before its files go, and publishing a claimed one writes
    them again: a sweep may run at any time, and one that was interrupted is finished by the next.
    """
    view = store.refresh()
    expired = [
        (name, number)
        for name, set_view in view.sets.items()
        for number in _expire(store, name, set_view)
    ]
    view = store.refresh()
    needed = {
        (v.set, v.snapshot_id)
        for set_view in view.sets.values()
        for v in set_view.versions
        if v.expired_at is None
    }
    unneeded = sorted(
        (
            {(name, i) for name in view.sets for i in _stored(store, name)}
            | set(store.catalog.claims())
        )
        - needed
    )
    deleted = [
        (name, snapshot_id) for name, snapshot_id in unneeded if _delete(store, name, snapshot_id)
    ]
    store.read_files.keep_only({snapshot_id for _, snapshot_id in needed})
    _remove_leftovers(store)
    return Swept(tuple(expired), tuple(deleted))


def _fault(store: Store, version: Version) -> Fault | None:
    try:
        manifest = snapshot.read_manifest(store.objects, version.set, version.snapshot_id)
        content = snapshot.read_parquet(store.objects, version.set, manifest)
        rows = pl.read_parquet(io.BytesIO(content)).height
        if rows != manifest.rows or rows != version.rows:
            raise CorruptError(
                "row_count",
                f"{rows} rows, its manifest says {manifest.rows}, the catalog {version.rows}",
            )
    except EstimatesError as error:
        return Fault(version.set, version.version, error.code, error.message)
    except pl.exceptions.PolarsError as error:
        return Fault(version.set, version.version, "file_unreadable", str(error))
    return None


def _domain_faults(store: Store, name: str, view: SetView) -> list[Fault]:
    if not isinstance(view.contract.domain, FileDomain):
        return []
    try:
        store.domain_keys(name)
    except (CorruptError, NotFoundError) as error:
        return [Fault(name, None, error.code, error.message)]
    return []


def _expire(store: Store, name: str, view: SetView) -> list[int]:
    """Expire what the retention lets go; production, what it held of late, and the newest version
    always stay.
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
    let_go = [version for version in candidates if _past(retention, version, view)]
    expired: list[int] = []
    for version in let_go:
        # Promoted meanwhile, or expired by another sweep.
        with suppress(ConflictError, NotFoundError):
            store.catalog.expire(version, actor=store.actor, reason="retention")
            expired.append(version.version)
    return expired


def _past(retention: Retention, version: Version, view: SetView) -> bool:
    """Whether every rule that is given lets a version go."""
    rules: list[bool] = []
    if retention.keep_versions is not None:
        rules.append(version.version <= len(view.versions) - retention.keep_versions)
    if retention.keep_for is not None:
        rules.append(version.published_at < instants.now() - instants.duration(retention.keep_for))
    return all(rules)


def _stored(store: Store, name: str) -> set[str]:
    """Every snapshot of a set that has any file."""
    prefix = f"sets/{name}/snapshots"
    return {path.removeprefix(prefix + "/").split("/")[0] for path in store.objects.names(prefix)}


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
