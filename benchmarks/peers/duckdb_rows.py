"""DuckDB: each request is a query of the Parquet file; nothing is filled and no process holds
anything.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import msgspec
from litestar import Litestar

from benchmarks.peers import app
from benchmarks.peers.app import Estimate, Key
from benchmarks.peers.gathered import gathered
from benchmarks.peers.holding import Held

_ONE = (
    "SELECT name, step, value, lower_80, upper_80 FROM read_parquet(?) WHERE name = ? AND step = ?"
)
_MANY = """
SELECT e.name, e.step, e.value, e.lower_80, e.upper_80
FROM (SELECT unnest(?) AS name, unnest(?) AS step, unnest(range(?)) AS at) asked
LEFT JOIN read_parquet(?) e ON e.name = asked.name AND e.step = asked.step ORDER BY asked.at
"""


class DuckdbRows:
    """Queries in a thread, so that the event loop goes on; the file's metadata is read once."""

    def __init__(self, parquet: str) -> None:
        self.parquet = parquet
        self.connection = duckdb.connect(config={"threads": 1})
        self.connection.execute("SET parquet_metadata_cache = true")
        self.threads = ThreadPoolExecutor(2)
        self.local = threading.local()

    async def open(self) -> None:
        pass

    async def single(self, key: Key) -> bytes | None:
        rows = await self._fetch(_ONE, [self.parquet, *key])
        return msgspec.json.encode(Estimate(*rows[0])) if rows else None

    async def many(self, keys: Sequence[Key]) -> list[bytes | None]:
        names, steps = [name for name, _ in keys], [step for _, step in keys]
        rows = await self._fetch(_MANY, [names, steps, len(keys), self.parquet])
        return [None if row[0] is None else msgspec.json.encode(Estimate(*row)) for row in rows]

    async def close(self) -> None:
        self.threads.shutdown()

    async def _fetch(self, query: str, values: list[object]) -> list[tuple[Any, ...]]:
        return await asyncio.get_running_loop().run_in_executor(
            self.threads, self._query, query, values
        )

    def _query(self, query: str, values: list[object]) -> list[tuple[Any, ...]]:
        if not hasattr(self.local, "cursor"):
            self.local.cursor = self.connection.cursor()
        return self.local.cursor.execute(query, values).fetchall()


def create_app() -> Litestar:
    """The factory that granian is given."""
    return app.create_app(gathered(DuckdbRows(os.environ["PEER_ADDRESS"])))


@contextmanager
def hold(folder: Path, parquet: Path) -> Iterator[Held]:
    """The Parquet file as it is."""
    yield Held(str(parquet), [], f"DuckDB {duckdb.__version__}")
