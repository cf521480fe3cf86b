"""`python -m benchmarks.peers.holding redis_rows FOLDER PARQUET`: fill a store, hold it till stdin
closes.

Runs in the peers' environment.
"""

from __future__ import annotations

import importlib
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import duckdb
import msgspec


class Held(msgspec.Struct):
    """A filled store: how its app reaches it, its processes, its name and version."""

    address: str
    pids: list[int]
    title: str


def read_rows(parquet: Path) -> list[tuple[Any, ...]]:
    """The rows of the Parquet file, in its order."""
    columns = "name, step::INTEGER, value, lower_80, upper_80"
    with duckdb.connect() as connection:
        return connection.execute(
            f"SELECT {columns} FROM read_parquet(?)", [str(parquet)]
        ).fetchall()


def main() -> None:
    """Fill, print one line of JSON, wait."""
    peer, folder, parquet = sys.argv[1:]
    answer = sys.stdout
    with redirect_stdout(sys.stderr):
        module = importlib.import_module(f"benchmarks.peers.{peer}")
        with module.hold(Path(folder), Path(parquet)) as rows:
            print(msgspec.json.encode(rows).decode(), file=answer, flush=True)
            sys.stdin.read()


if __name__ == "__main__":
    main()
