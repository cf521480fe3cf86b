"""How soon the service is ready: stores with many versions, their read files in the cache."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from benchmarks.line import Line
from benchmarks.load import SERVER_CORE, serving
from benchmarks.stores import START, add_set, make_frame, make_store
from estimates.catalog.records import Provenance

SETS = 20
VERSIONS = 1000  # of all sets together
ROWS = 1000


def start(folder: Path, rounds: int) -> Iterator[Line]:
    """From starting the server's process until /health/ready says 200."""
    store = make_store(folder / "many")
    for number in range(SETS):
        name = f"bench-{number}"
        add_set(store, name, [make_frame(ROWS)])
        for version in range(2, VERSIONS // SETS + 1):
            provenance = Provenance(START + timedelta(hours=version), f"run-{version}")
            store.publish(name, make_frame(ROWS, version), provenance)
    _seconds(store.root)  # fills the cache
    pairs = [(_seconds(store.root), _importing()) for _ in range(rounds)]
    ready, plain = (statistics.median(values) for values in zip(*pairs, strict=True))
    what = f"ready with {VERSIONS:,} versions of {SETS} sets and a warm cache ({ready:.3g} s)"
    ratio = statistics.median(a / b for a, b in pairs)
    beside = f"importing Litestar, polars and SQLAlchemy ({plain:.3g} s)"
    yield Line(f"{what} / {beside}", ratio, "×", 4.0, at_most=True)


def _importing() -> float:
    """How long a Python takes on the same core that only loads what the service is made of."""
    started = time.perf_counter()
    python = ["taskset", "-c", SERVER_CORE, sys.executable]
    subprocess.run([*python, "-c", "import litestar, polars, sqlalchemy"], check=True)
    return time.perf_counter() - started


def _seconds(root: str) -> float:
    started = time.perf_counter()
    with serving("estimates_api.app:create_app", "/health/ready", {"ESTIMATES_STORE": root}):
        return time.perf_counter() - started
