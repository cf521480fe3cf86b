"""Redis: a key of ours is a key of Redis, its value the estimate's JSON as it is answered."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import redis
import redis.asyncio
from litestar import Litestar

from benchmarks.peers import app
from benchmarks.peers.app import Estimate, Key
from benchmarks.peers.gathered import gathered
from benchmarks.peers.holding import Held, read_rows

_AT_ONCE = 10_000


class RedisRows:
    """GET for one, MGET for many, over a pool of connections to a Unix socket."""

    def __init__(self, socket: str) -> None:
        self.client = redis.asyncio.Redis(unix_socket_path=socket, max_connections=1000)

    async def open(self) -> None:
        await self.client.ping()

    async def single(self, key: Key) -> bytes | None:
        return await self.client.get(f"bench/{key[0]}/{key[1]}")

    async def many(self, keys: Sequence[Key]) -> list[bytes | None]:
        return await self.client.mget([f"bench/{name}/{step}" for name, step in keys])

    async def close(self) -> None:
        await self.client.aclose()


def create_app() -> Litestar:
    """The factory that granian is given."""
    return app.create_app(gathered(RedisRows(os.environ["PEER_ADDRESS"])))


@contextmanager
def hold(folder: Path, parquet: Path) -> Iterator[Held]:
    """A redis-server that has the rows and keeps nothing on disk."""
    socket = str(folder / "redis.sock")
    command = [
        str(Path(sys.executable).with_name("redis-server")),
        "--port",
        "0",
        "--unixsocket",
        socket,
    ]
    process = subprocess.Popen(
        [*command, "--save", "", "--appendonly", "no"], stdout=subprocess.DEVNULL
    )
    try:
        client = redis.Redis(unix_socket_path=socket)
        _wait(client)
        rows = [Estimate(*row) for row in read_rows(parquet)]
        for start in range(0, len(rows), _AT_ONCE):
            chunk = rows[start : start + _AT_ONCE]
            client.mset({f"bench/{row.name}/{row.step}": msgspec.json.encode(row) for row in chunk})
        yield Held(socket, [process.pid], f"Redis {client.info('server')['redis_version']}")
    finally:
        process.terminate()
        process.wait()


def _wait(client: redis.Redis) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            client.ping()
            return
        except redis.ConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
