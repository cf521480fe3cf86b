"""Sweep: expire what the retention lets go, delete the files that nobody can see."""

import re
from collections.abc import Callable, Container
from contextlib import suppress
from datetime import date, datetime, timedelta
from itertools import islice
from typing import NamedTuple

import msgspec

from estimates import instants
from estimates.catalog.records import Version
from estimates.catalog.set_view import SetView
from estimates.catalog.view import View
from estimates.errors import ConflictError, CorruptError, NotFoundError, RefusedError
from estimates.storage.manifest_blocks import name_of, number_of, versions_of
from estimates.storage.trash import TRASH, place_in_trash
from estimates.store.deletions import delete_claimed, finish_deletions
from estimates.store.erased_files import remove_erased
from estimates.store.identity import NAME as IDENTITY
from estimates.store.identity import check_belonging
from estimates.store.open_store import OpenStore
from estimates.store.retention import let_go

_CLAIM_ATTEMPTS = 5
# What this program writes below `parts` and `snapshots`; what has another name is not ours.
_STORED = re.compile(r"([0-9a-f]{64})(\.parquet|/[^/]+)")
GRACE = timedelta(days=7)  # how old files of no version are before they go
TRASH_LIFE_DAYS = 7


class Swept(msgspec.Struct, frozen=True):
    """What a sweep did, or would do: versions it expired, snapshots it moved to the trash, with
    their parts that no other snapshot has, days of the trash that it emptied.

    expired         (set, version) of each
    deleted, parts  (set, digest) of each
    spared          snapshots and parts of no version that are younger than the grace period
    on_hold         versions that retention lets go and a legal hold keeps
    refused         (name or digest, what the storage said) of what it does not let be deleted
    keeps_versions  the bucket keeps what was moved or deleted, as older versions of its objects
    """

    expired: tuple[tuple[str, int], ...]
    deleted: tuple[tuple[str, str], ...]
    parts: tuple[tuple[str, str], ...]
    spared: tuple[tuple[str, str], ...]
    emptied: tuple[str, ...]
    on_hold: tuple[tuple[str, int], ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    keeps_versions: bool = False


def sweep(store: OpenStore, *, grace: timedelta = GRACE, dry_run: bool = False) -> Swept:
    """Expire versions as their contract's retention says; move the files of expired versions, and
    those of no version that are older than a grace period, to the trash; empty the trash of days
    that are older than `TRASH_LIFE_DAYS`.

    Files are claimed in the catalog before they go, and publishing claimed ones writes them again:
    a sweep may run at any time, and one that was interrupted is finished by the next. Nothing is
    followed that a symbolic link leads to, and nothing goes that a legal hold keeps. What the
    storage refuses to delete stays, and the next sweep tries again.

    dry_run  only tell what would go
    A set of which a manifest is missing or damaged is left alone: which parts it needs is unknown.
    Raises CorruptError (`other_store`, `catalog_behind`): a catalog that does not belong to these
    files proves nothing about them.
    """
    if dry_run:
        check_belonging(store.objects, store.catalog)
    else:
        store.check_writable("expired")  # in all sets, since it looks at all
    view = store.refresh()
    expired, on_hold = _past_retention(view)
    if not dry_run:
        finish_deletions(store)
        expired = [version for version in expired if _expire(store, version, view)]
        if expired:
            store.notify_and_copy()
        view = store.refresh()
    gone = {(version.set, version.version) for version in expired}
    before = instants.now() - grace
    deletions = _Deletions(store, dry_run)
    plans = [_delete(store, name, gone, before, deletions) for name in view.sets]
    if not dry_run:
        store.read_files.keep_only({digest for plan in plans for digest in plan.needed})
        store.cache_bound.trim(store.view())
        for name, set_view in store.view().sets.items():
            store.lookups.keep_only(name, _read_often(store, set_view))
            _tidy_blocks(store, set_view)
        deletions.refused += remove_erased(store.objects, view).left
        store.objects.remove_leftovers()
        store.read_files.remove_leftovers()
    return Swept(
        tuple(sorted(gone)),
        tuple((plan.name, digest) for plan in plans for digest in plan.snapshots),
        tuple((plan.name, digest) for plan in plans for digest in plan.parts),
        tuple((plan.name, digest) for plan in plans for digest in plan.spared),
        tuple(_empty_trash(view, deletions)),
        tuple(sorted((version.set, version.version) for version in on_hold)),
        tuple(deletions.refused),
        not dry_run and store.objects.keeps_versions(IDENTITY),
    )


class _Deletions:
    """What a sweep deletes, one thing at a time, and what of it the storage refused."""

    def __init__(self, store: OpenStore, dry_run: bool) -> None:
        self.store = store
        self.dry_run = dry_run
        self.in_trash = store.objects.names(TRASH)
        self.refused: list[tuple[str, str]] = []
        # What a bucket refused to delete was copied before: it is not copied again.
        in_bucket = self.in_trash if store.objects.folder is None else []
        self._copied = {place_in_trash(name)[1:] for name in in_bucket}

    def claimed(self, name: str, digest: str) -> bool:
        """Move claimed files to the trash."""
        is_in_trash = (name, digest) in self._copied
        return self._done(
            digest, lambda: delete_claimed(self.store, name, digest, is_in_trash=is_in_trash)
        )

    def from_trash(self, name: str) -> bool:
        """Delete a file of the trash for good."""
        return self._done(name, lambda: self.store.objects.delete(name))

    def _done(self, what: str, act: Callable[[], bool | None]) -> bool:
        try:
            return act() is not False
        except RefusedError as error:
            self.refused.append((what, error.message))
            return False


class _Plan(NamedTuple):
    """Of a set, the digests of snapshots and parts that its versions need, and of those that
    provably nobody does: those of expired versions, and those of no version last written before a
    moment. Then the younger ones.
    """

    name: str
    needed: set[str]
    snapshots: list[str]
    parts: list[str]
    spared: list[str]


def _delete(
    store: OpenStore,
    name: str,
    gone: Container[tuple[str, int]],
    before: datetime,
    deletions: _Deletions,
) -> _Plan:
    """Move what nobody needs of a set to the trash; of a set that gets version after version
    meanwhile, another time.
    """
    plan = _Plan(name, set(), [], [], [])
    for _ in range(_CLAIM_ATTEMPTS):
        of_store = store.refresh()
        view = of_store.set(name)
        plan = _plan(store, view, gone, before)
        if _is_held_whole(of_store, name):
            break
        orphans = [*plan.snapshots, *plan.parts]
        if deletions.dry_run or not orphans:
            return plan
        if store.catalog.claim(name, orphans, view.last_content):
            deleted = {digest for digest in orphans if deletions.claimed(name, digest)}
            return plan._replace(
                snapshots=sorted(deleted.intersection(plan.snapshots)),
                parts=sorted(deleted.intersection(plan.parts)),
            )
    return plan._replace(snapshots=[], parts=[])


def _plan(
    store: OpenStore, view: SetView, gone: Container[tuple[str, int]], before: datetime
) -> _Plan:
    name, needed, once_needed = view.contract.name, set[str](), set[str]()
    snapshots, parts = _stored(store, name, "snapshots"), _stored(store, name, "parts")
    for version in view.versions:
        is_gone = version.expired_at is not None or (name, version.version) in gone
        try:
            digests = _parts_of(store, version)
        except CorruptError:
            if not is_gone:  # nobody knows which parts it has, so each may be its own
                return _Plan(name, {*snapshots, *parts}, [], [], [])
            digests = set()  # its manifest went already
        (once_needed if is_gone else needed).update(digests, {version.snapshot_id})
    unneeded = {d: at for d, at in (snapshots | parts).items() if d not in needed}
    orphans = {d for d, at in unneeded.items() if d in once_needed or at < before}
    return _Plan(
        name,
        needed,
        sorted(orphans & snapshots.keys()),
        sorted(orphans & parts.keys()),
        sorted(unneeded.keys() - orphans),
    )


def _parts_of(store: OpenStore, version: Version) -> set[str]:
    manifest = store.manifests.get(version.set, version.snapshot_id)
    return {part.sha256 for part in manifest.content()}


def _read_often(store: OpenStore, view: SetView) -> set[str]:
    """The parts of what aliases name, and would name after a rollback: their read files stay."""
    digests: set[str] = set()
    for alias in view.aliases.values():
        former = [version for version, _ in islice(view.former(alias.alias), 1)]
        for version in (view.versions[alias.version - 1], *former):
            with suppress(CorruptError):  # verify tells of it
                digests |= _parts_of(store, version)
    return digests


def _tidy_blocks(store: OpenStore, view: SetView) -> None:
    """Write the blocks of manifests that are missing; delete those of which all expired."""
    name = view.contract.name
    for block in range(1, number_of(len(view.versions) + 1)):
        versions = [view.versions[number - 1] for number in versions_of(block)]
        kept = [version.snapshot_id for version in versions if version.expired_at is None]
        if kept:
            store.manifests.complete_block(name, block, kept)
        else:
            with suppress(RefusedError):
                store.objects.delete(name_of(name, block))


def _is_held_whole(view: View, set_name: str) -> bool:
    """Whether a legal hold keeps all files of a set, those that are in the trash too."""
    return any(hold.version is None for hold in view.set(set_name).holds)


def _empty_trash(view: View, deletions: _Deletions) -> list[str]:
    """Delete what was moved to the trash long enough ago; gives the days."""
    whole = {name for name in view.sets if _is_held_whole(view, name)}
    oldest = instants.now().date() - timedelta(days=TRASH_LIFE_DAYS)
    emptied: set[str] = set()
    for name in deletions.in_trash:
        day, of_set, _ = place_in_trash(name)
        if of_set in whole:
            continue
        if not _is_day_before(day, oldest) or deletions.store.objects.is_linked(name):
            continue
        if deletions.dry_run or deletions.from_trash(name):
            emptied.add(day)
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


def _expire(store: OpenStore, version: Version, view: View) -> bool:
    rules = view.sets[version.set].contract.retention.text()
    # Promoted or put on hold meanwhile, or expired by another sweep.
    with suppress(ConflictError, NotFoundError):
        store.catalog.expire(
            version, actor=store.actor, reason=f"retention: {rules}", seen=view.last_event
        )
        return True
    return False


def _stored(store: OpenStore, name: str, folder: str) -> dict[str, datetime]:
    """Every digest of a set that names a file or a folder of files in a folder, and when the newest
    of them was written.
    """
    prefix = f"sets/{name}/{folder}/"
    stored: dict[str, datetime] = {}
    for path, written in store.objects.written(prefix).items():
        match = _STORED.fullmatch(path, len(prefix))
        if match is not None and not store.objects.is_linked(path):
            stored[match[1]] = max(written, stored.get(match[1], written))
    return stored
