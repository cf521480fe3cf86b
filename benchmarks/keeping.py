"""How long it takes to get back what was lost: a catalog from its log, a store from its backup."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec

import estimates_migrations
from benchmarks.line import Line
from benchmarks.stores import START, add_set, contract_source, make_frame, make_store
from estimates import Store
from estimates.catalog.catalog import Catalog
from estimates.catalog.event_chain import BEGINNING, Entry, as_made, link
from estimates.catalog.records import Event, Judged, Provenance, Version
from estimates.contract.contract_file import parse_contract
from estimates.storage.log_copies import name_of
from estimates.storage.objects import Objects
from estimates.store.backup import backup
from estimates.store.open_store import catalog_url
from estimates.store.recover import find_log, rebuild
from estimates.store.restore import restore

LARGE = 4  # versions of the store that is backed up
ROUNDS = 3


def keeping(folder: Path, rows: int, versions: int) -> Iterator[Line]:
    """Rebuilding the catalog of many versions, and restoring large ones."""
    root = folder / "lost"
    events = _write_log(root, folder / "small", versions)
    started = time.perf_counter()
    log = find_log(Objects(str(root)))
    for _ in log.entries():
        pass
    estimates_migrations.upgrade(catalog_url(root))
    rebuild(log, Catalog(catalog_url(root)))
    what = f"recover of {versions:,} versions ({events:,} events, each verdict 30 kB)"
    yield Line(what, time.perf_counter() - started, "s", 60.0, at_most=True)
    yield _restoring(folder, rows)


def _restoring(folder: Path, rows: int) -> Line:
    """The speed of a restore beside that of copying the same folder, both read from the disk, not
    from memory, and flushed to it.
    """
    store = make_store(folder / "large")
    text = contract_source("large", "integer")
    store.define(parse_contract(text), text)
    for number in range(1, LARGE + 1):
        provenance = Provenance(START + timedelta(hours=number), f"run-{number}")
        store.publish("large", make_frame(rows, number), provenance)
    copied = folder / "backup"
    copied.mkdir()
    size = backup(store, Objects(str(copied))).files.copied_bytes
    copying: list[float] = []
    restoring: list[float] = []
    for number in range(ROUNDS):
        _forget(copied)
        started = time.perf_counter()
        shutil.copytree(copied, folder / f"copy-{number}")
        os.sync()
        copying.append(time.perf_counter() - started)
        new = folder / f"new-{number}"
        new.mkdir()
        _forget(copied)
        started = time.perf_counter()
        _restore(copied, new)
        restoring.append(time.perf_counter() - started)
        for made in (new, folder / f"copy-{number}"):
            shutil.rmtree(made)
    plain, restored = min(copying), min(restoring)
    what = f"restore of {size / 1e9:.2f} GB ({restored:.3g} s) / copied plainly ({plain:.3g} s)"
    return Line(what, plain / restored, "×", 0.8)


def _forget(folder: Path) -> None:
    """Have nothing of a folder's files in the page cache, and nothing of others still to flush."""
    os.sync()
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _restore(copied: Path, new: Path) -> None:
    url = catalog_url(new)
    restore(Objects(str(copied)), Objects(str(new)), url, estimates_migrations.upgrade)


def _write_log(root: Path, small: Path, versions: int) -> int:
    """The log of a store whose versions were all judged and promoted, made from that of a small
    store; gives the number of its events.
    """
    root.mkdir()
    entries = _entries_of_one_version(make_store(small))
    (root / "store.json").write_bytes((small / "store.json").read_bytes())
    return log_of_versions(root, entries, versions)


def log_of_versions(root: Path, entries: list[Entry], versions: int) -> int:
    """The log of so many versions, which repeat those that `entries` tell of; gives the number of
    its events.

    entries  a definition, then those of versions 1, 2, …
    """
    (root / "log").mkdir()
    defined, *rest = entries
    kinds: dict[int | None, list[Entry]] = {}
    for entry in rest:
        kinds.setdefault(entry.event.version, []).append(entry)
    previous, number = BEGINNING, 0
    for version in range(versions + 1):
        for entry in kinds[(version - 1) % len(kinds) + 1] if version else [defined]:
            number += 1
            entry = _renamed(entry, number, version, previous)
            (root / name_of(number)).write_bytes(msgspec.json.encode(entry))
            previous = entry.digest
    return number


def _entries_of_one_version(store: Store) -> list[Entry]:
    add_set(store, "small", [make_frame(100)])
    return [*store.catalog.entries()]


def _renamed(entry: Entry, number: int, version: int, previous: str) -> Entry:
    """The entry of one version as that of another one, at its place in the log."""
    at = entry.event.at + timedelta(seconds=number)
    event = msgspec.structs.replace(entry.event, id=number, at=at)
    records = dict(entry.records)
    if version:
        before = version - 1 or None if event.kind == "promoted" else None
        event = msgspec.structs.replace(event, version=version, from_version=before)
        records = {name: _record(name, raw, event) for name, raw in records.items()}
    unlinked = Entry(event, previous, "", records)
    digest = link(previous, event, unlinked.record_digests())
    return Entry(event, previous, digest, records)


def _record(name: str, raw: msgspec.Raw, event: Event) -> msgspec.Raw:
    if name == "version":
        made = msgspec.json.decode(raw, type=Version)
        of = msgspec.structs.replace(made.provenance, run_id=f"run-{event.version}")
        changed = {"version": event.version, "published_at": event.at, "provenance": of}
        return msgspec.Raw(as_made(msgspec.structs.replace(made, **changed)))
    judged = msgspec.json.decode(raw, type=Judged)
    changed = {"version": event.version, "event": event.id}
    return msgspec.Raw(as_made(msgspec.structs.replace(judged, **changed)))
