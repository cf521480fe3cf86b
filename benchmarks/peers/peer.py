"""A peer, started: its store filled with the rows, its server up."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click
import polars as pl

import estimates_migrations
from benchmarks.load import (
    CLIENT_CORE,
    SERVER_CORE,
    Server,
    family,
    free_port,
    memory_mb,
    running,
    serving,
)
from benchmarks.peers.routes import EstimatesRoute, FeastRoute, Route
from benchmarks.peers.rows import COLUMNS, CONTRACT, SET
from estimates import Store, __version__
from estimates.catalog.records import Provenance
from estimates.contract.contract_file import parse_contract
from estimates.store.open_store import catalog_url

ROOT = Path(__file__).parent.parent.parent
PYTHON = ROOT / ".venv-peers" / "bin" / "python"
# Feast would ask the network.
_ENVIRONMENT = {"FEAST_USAGE": "False"}


@dataclass(frozen=True)
class Started:
    """A peer that answers. set_up_s: from the Parquet file on disk to the first answer of its
    server.
    """

    title: str
    server: Server
    store_pids: list[int]
    set_up_s: float

    def memory_mb(self) -> float:
        """Of the server and of the store's processes; pages they share count once."""
        return self.server.memory_mb() + memory_mb(
            [member for pid in self.store_pids for member in family(pid)]
        )


@dataclass(frozen=True)
class Peer:
    """What is compared: a name, the route to ask, and how to start it in a folder with the Parquet
    file.
    """

    name: str
    route: Route
    start: Callable[[Path, Path], AbstractContextManager[Started]]


@contextmanager
def start_ours(folder: Path, parquet: Path) -> Iterator[Started]:
    """Our store, in which one version was published, judged and promoted, and the read service."""
    begin = time.perf_counter()
    estimates_migrations.upgrade(catalog_url(folder))
    store = Store(folder, actor="bench")
    store.define(parse_contract(CONTRACT), CONTRACT)
    frame = pl.read_parquet(parquet, columns=["name", "step", *COLUMNS])
    version = store.publish(SET, frame, Provenance(datetime(2026, 11, 20, tzinfo=UTC), "bench"))
    store.judge(SET, version.version)
    store.promote(SET, version.version, reason="bench")
    store.catalog.engine.dispose()
    with serving(
        "estimates_api.app:create_app", "/health/ready", {"ESTIMATES_STORE": str(folder)}
    ) as server:
        yield Started(f"estimates {__version__}", server, [], time.perf_counter() - begin)


@contextmanager
def start_app(module: str, folder: Path, parquet: Path, *, best: bool = False) -> Iterator[Started]:
    """The Litestar app of a module. At its best: its store has the other core, and requests that
    wait are gathered.
    """
    begin = time.perf_counter()
    with _holding(module, CLIENT_CORE if best else SERVER_CORE, folder, parquet) as (
        address,
        pids,
        title,
    ):
        environment = {"PEER_ADDRESS": address, "PEER_GATHERED": "yes" if best else ""}
        with serving(
            f"benchmarks.peers.{module}:create_app", "/ready", environment, python=str(PYTHON)
        ) as server:
            yield Started(title, server, pids, time.perf_counter() - begin)


@contextmanager
def start_feast(folder: Path, parquet: Path) -> Iterator[Started]:
    """Feast's feature server, one worker that is not restarted after every thousand requests, as it
    is by default.
    """
    begin, port = time.perf_counter(), free_port()
    command = [
        str(PYTHON.with_name("feast")),
        "--chdir",
        str(folder),
        "serve",
        "--host",
        "127.0.0.1",
    ]
    command += ["--port", str(port), "--workers", "1", "--no-access-log", "--max-requests", "0"]
    environment = _ENVIRONMENT | {"HOME": str(folder)}  # gunicorn keeps a socket there
    with (
        _holding("feast_rows", SERVER_CORE, folder, parquet) as (_, pids, title),
        running(command, f"http://127.0.0.1:{port}", FeastRoute.ready, environment) as server,
    ):
        yield Started(title, server, pids, time.perf_counter() - begin)


@contextmanager
def _holding(
    module: str, core: str, folder: Path, parquet: Path
) -> Iterator[tuple[str, list[int], str]]:
    """A process of the peers' environment that fills a store and holds it; gives its address,
    processes, title.
    """
    command = [
        "chrt",
        "--batch",
        "0",
        "taskset",
        "-c",
        core,
        str(PYTHON),
        "-m",
        "benchmarks.peers.holding",
        module,
        str(folder),
        str(parquet),
    ]
    with (
        open(folder / "filling.log", "w+") as log,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=ROOT,
            env=os.environ | _ENVIRONMENT,
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            process.wait()
            log.seek(0)
            raise click.ClickException(
                f"{module}: the store could not be filled: {log.read().strip()[-2000:]}"
            )
        try:
            announced = json.loads(line)
            yield announced["address"], announced["pids"], announced["title"]
        finally:
            process.stdin.close()


_ROUTE = EstimatesRoute("/ready")
PEERS = (
    Peer("estimates", EstimatesRoute("/health/ready"), start_ours),
    Peer("Redis", _ROUTE, partial(start_app, "redis_rows")),
    Peer("Redis at its best", _ROUTE, partial(start_app, "redis_rows", best=True)),
    Peer("PostgreSQL", _ROUTE, partial(start_app, "postgres_rows")),
    Peer("PostgreSQL at its best", _ROUTE, partial(start_app, "postgres_rows", best=True)),
    Peer("DuckDB over Parquet", _ROUTE, partial(start_app, "duckdb_rows")),
    Peer("DuckDB at its best", _ROUTE, partial(start_app, "duckdb_rows", best=True)),
    Peer("Feast server, SQLite", FeastRoute(), start_feast),
)
