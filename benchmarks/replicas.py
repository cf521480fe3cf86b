"""A machine that reads for the first time: one lookup in a bucket, one key through a year."""

from __future__ import annotations

import hashlib
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import msgspec
import polars as pl

import estimates_migrations
from benchmarks.line import Line
from benchmarks.stores import START, contract_source, make_frame
from estimates import Store
from estimates.catalog.records import Provenance, Version
from estimates.contract.contract_file import parse_contract
from estimates.lookup.read_file_writing import build
from estimates.storage import snapshot
from estimates.storage.parts import Part
from estimates.store.publish import complete_blocks
from tests.s3_server import s3_server

NAME = "bench"
KEY = ("K00000077", "7")
ROUNDS = 5
CHANGED_IN = 8  # of the versions: 2 % of the parts change from one to the next
PARTS = 76  # of 40 million keys
_HISTORY = """
import sys, time
from estimates import Store
root, catalog, cache, name, *key = sys.argv[1:]
store = Store(root, catalog=catalog, cache=cache)
reader = store.reader()
start = time.perf_counter()
reader.history(name, key)
print(time.perf_counter() - start)
"""


def replicas(folder: Path, rows: int, versions: int) -> Iterator[Line]:
    """Commands of machines whose cache is empty, each in a process of its own."""
    with _bucket(folder) as root:
        yield _first_lookup(root, folder / "first", rows)
        for name, place in (("folder", str(folder / "year")), ("bucket", f"{root}/year")):
            for promoted in (False, True):
                yield _year(place + str(promoted)[0], folder / name, versions, promoted, name)


@contextmanager
def _bucket(folder: Path) -> Iterator[str]:
    (folder / "s3").mkdir()
    with s3_server(folder / "s3") as server:
        os.environ |= server.environment()
        yield f"s3://{server.bucket()}"


def _make_store(root: str, folder: Path) -> Store:
    folder.mkdir(parents=True, exist_ok=True)
    if "://" not in root:
        Path(root).mkdir()
    catalog = f"sqlite:///{folder / f'{Path(root).name}.db'}"
    estimates_migrations.upgrade(catalog)
    store = Store(root, catalog=catalog, cache=folder / "writer", actor="bench")
    text = contract_source(NAME, "integer")
    store.define(parse_contract(text), text)
    return store


def _first_lookup(root: str, folder: Path, rows: int) -> Line:
    """From the start of a command to its answer, with nothing on this machine."""
    store = _make_store(root, folder)
    store.publish(NAME, make_frame(rows), Provenance(START, "run-1"))
    store.promote(NAME, 1, reason="bench")
    taken: list[float] = []
    for number in range(ROUNDS):
        environment = os.environ | {
            "ESTIMATES_CATALOG": str(store.catalog.engine.url),
            "ESTIMATES_CACHE": str(folder / f"cold-{number}"),
        }
        command = [sys.executable, "-m", "estimates_jobs.cli", "get", NAME, *KEY, "--store", root]
        started = time.perf_counter()
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
        taken.append(time.perf_counter() - started)
    what = f"first lookup of a cold replica, {rows:,} rows in a bucket"
    return Line(what, statistics.median(taken), "s", 2.0, at_most=True)


def _year(root: str, folder: Path, versions: int, promoted: bool, place: str) -> Line:
    """One key through versions of 40 million keys, of which only the parts with the key are
    there.
    """
    store = _make_store(root, folder)
    frame = make_frame(1 << 19)
    contents: list[Part] = []
    frame_of: dict[str, pl.DataFrame] = {}
    for number in range(CHANGED_IN):
        rows = frame.with_columns(pl.col("value") * (1 + number / 1000))
        contents.append(_write_part(store, rows))
        frame_of[contents[-1].sha256] = rows
    revision = store.view().set(NAME).contracts[-1]
    for number in range(versions):
        part = contents[number * CHANGED_IN // versions]
        parts = (part, *(_absent(part, other, number) for other in range(1, PARTS)))
        manifest = snapshot.manifest_of(parse_contract(revision.source).shape(), parts)
        snapshot.write_manifest(store.objects, NAME, manifest)
        version = store.catalog.publish(
            revision,
            manifest.snapshot_id,
            manifest.rows,
            Provenance(START + timedelta(hours=number), f"run-{number}"),
            actor="bench",
            parts=[part.sha256 for part in parts],
            claims_seen=store.catalog.last_claim(NAME),
        )
        if promoted and part.sha256 in frame_of:
            _leave_read_file(store, version, frame_of.pop(part.sha256))
    for number in range(versions):
        complete_blocks(store, NAME, number + 1)
    catalog = str(store.catalog.engine.url)
    taken: list[float] = []
    for number in range(ROUNDS):
        arguments = [
            root,
            catalog,
            str(folder / (f"{promoted}-{number}" if place == "bucket" else "writer")),
            NAME,
            *KEY,
        ]
        command = [sys.executable, "-c", _HISTORY, *arguments]
        taken.append(float(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout))
    files = "read files" if promoted else "parts alone"
    what = f"history over {versions:,} versions of 40,000,000 keys in a {place}, {files}, cold"
    return Line(what, statistics.median(taken) * 1e3, "ms", 300.0, at_most=True)


def _write_part(store: Store, rows: pl.DataFrame) -> Part:
    contract = store.contract(NAME)
    part, content = snapshot.encode_part(rows, contract.shape())
    store.objects.put_once(snapshot.part_name(NAME, part.sha256), content)
    return part


def _leave_read_file(store: Store, version: Version, rows: pl.DataFrame) -> None:
    """As whoever promotes does, of the first part."""
    parts, of = store.lookups.parts, store.lookups.known.get(version)
    digest = of.parts[0].sha256
    place = parts.stored.place(NAME, digest)
    if place is None:
        file = parts.open(of, 0, rows)
        parts.stored.put(NAME, digest, file.content())
    else:
        build(rows, of.manifest.shape, digest, Path(place))


def _absent(part: Part, number: int, version: int) -> Part:
    """A part behind another one, which nobody reads here; one in fifty is new in each version."""
    since = version - (version - number) % 50
    digest = hashlib.sha256(f"{number} {since}".encode()).hexdigest()
    keys = [(f"L{number:03}{end}", "0") for end in ("a", "z")]
    return msgspec.structs.replace(part, sha256=digest, first=keys[0], last=keys[1])
