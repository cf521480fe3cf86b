"""Recover: rebuild a lost catalog from the copies of its log."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from estimates.catalog.catalog import Catalog
from estimates.catalog.event_chain import BEGINNING, Entry
from estimates.errors import ConflictError, CorruptError, NotFoundError
from estimates.storage.log_copies import copied_events, name_of, read_copy
from estimates.storage.objects import Objects
from estimates.store.identity import read_identity


class Recovered(msgspec.Struct, frozen=True):
    """What a rebuilt catalog holds, and what no log tells: `unknown`, a sentence each."""

    store: str
    events: int
    sets: int
    versions: int
    unknown: tuple[str, ...]


_UNKNOWN = (
    "runs that published nothing, and how far the others came",
    "which scores MLflow has: they are recorded there again",
    "which snapshots were being deleted: the next sweep looks at all of them",
    "events whose copy was not written yet when the catalog was lost",
)


class Log(NamedTuple):
    """The identity of a store, and all entries of its log."""

    store_id: str
    entries: list[Entry]


def read_log(objects: Objects, progress: Callable[[int, int], None] = lambda _n, _all: None) -> Log:
    """All copies of a log, each checked against the chain.

    progress  told which of how many events is read
    Raises NotFoundError (`no_log`), CorruptError (`log_damaged`, `log_gap`, `identity_damaged`).
    """
    identity, events = read_identity(objects), copied_events(objects)
    if identity is None or not events:
        raise NotFoundError(
            "no_log",
            f"{objects.root} holds no log to rebuild a catalog from; restore it from a backup",
        )
    entries: list[Entry] = []
    previous = BEGINNING
    for expected, event in enumerate(events, 1):
        progress(expected, len(events))
        if event != expected:
            raise CorruptError(
                "log_gap",
                f"{objects.root}/{name_of(expected)} is missing; restore it from a backup",
            )
        entry = read_copy(objects, expected)
        if entry.previous != previous:
            raise CorruptError(
                "log_damaged",
                f"{objects.root}/{name_of(expected)} does not continue the one before; restore "
                "both from a backup",
            )
        entries.append(entry)
        previous = entry.digest
    return Log(identity.id, entries)


def write_log(log: Log, catalog: Catalog) -> Recovered:
    """Write a log into an empty catalog; raises ConflictError (`catalog_not_empty`)."""
    known = catalog.last_event()
    if known:
        raise ConflictError(
            "catalog_not_empty",
            f"the catalog holds {known} events and is not overwritten; move it away, or name an "
            "empty database, to rebuild it",
        )
    catalog.write_entries(log.store_id, log.entries)
    view = catalog.view()
    versions = sum(len(set_view.versions) for set_view in view.sets.values())
    return Recovered(log.store_id, len(log.entries), len(view.sets), versions, _UNKNOWN)
