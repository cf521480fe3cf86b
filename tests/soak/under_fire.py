"""A service under load while production moves and one thing after another fails: what its clients
lose, what it answers wrongly, and whether it grows.
"""

from __future__ import annotations

import gc
import os
import random
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import psycopg
import pytest

from estimates.client.clients import Client
from estimates.errors import EstimatesError
from estimates.reading.answer import Answer
from estimates.store.store import Store
from tests.api.served import Served, started
from tests.bucket_store import BucketStore
from tests.builders import SET, TARGETS, TICKERS, define, frame, make_store, promoted
from tests.conftest import PostgreSQL
from tests.s3_server import S3Server
from tests.soak.outcome import Outcome
from tests.waiting import until

UNHARMED = "no answer lost or wrong; it follows again"
KEY = (TICKERS[0], TARGETS[0])
PATIENCE_S = 30.0  # of clients: a request that no attempt answers for so long is lost
_READERS = 3
_GROWTH_MB = 64
_GROWTH_FILES = 32
# A fault by name: it lasts for the block.
Faults = dict[str, Callable[[], AbstractContextManager[None]]]


class Size(NamedTuple):
    """What the workers of a service hold together: private memory, open files."""

    memory_mb: int
    files: int


def number_of(answer: Answer) -> int:
    """The number of the version that it came from."""
    assert answer.version is not None
    return answer.version.version


class Readers:
    """Clients that look up the same estimate all the time, and check what they are told."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._ended = threading.Event()
        self.answers = 0
        self.wrong: list[str] = []
        self.lost: list[str] = []
        self._threads = [threading.Thread(target=self._read) for _ in range(_READERS)]

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Meanwhile they read."""
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._ended.set()
            for thread in self._threads:
                thread.join()

    def _read(self) -> None:
        with Client(self._url, timeout_s=PATIENCE_S, patience_s=PATIENCE_S) as client:
            while not self._ended.is_set():
                try:
                    answer = client[SET].get(*KEY)
                    value, number = answer["value"], number_of(answer)
                    if value != value_of(number):
                        self.wrong.append(f"version {number}: {value}")
                    self.answers += 1
                except EstimatesError as error:
                    self.lost.append(f"{error.code}: {error}")
                self._ended.wait(0.005)


def level_of(version: int) -> float:
    """The level of a version's numbers: another one than that of the versions around it."""
    return 100.0 + 0.25 * (version % 5)


def value_of(version: int) -> float:
    """What a version says of KEY."""
    ticker, target = KEY
    rows = frame(level_of(version)).filter(ticker=ticker, target_date=target)
    return float(rows["value"][0])


def promote_next(opened: Callable[[], Store]) -> int:
    """Publish a version and move production to it; gives its number.

    The store is opened for it: this process maps no file that is cut off later.
    """
    store = opened()
    number = len(store.view().set(SET).versions) + 1
    # a long soak has more versions than there are days before the targets
    promoted(store, f"run-{number}", level_of(number), day=number / 1000)
    store.catalog.engine.dispose()
    return number


def soak(
    served: Served,
    opened: Callable[[], Store],
    faults: Faults,
    seconds: float,
    chance: random.Random,
) -> Iterator[Outcome]:
    """Each fault in turn, each at least once and as often as there is time for.

    Raises AssertionError for an answer that is lost or wrong, for a service that does not follow
    again, and for one that grows.
    """
    end = time.monotonic() + seconds
    readers = Readers(served.url)
    sizes: list[Size] = []
    with readers.reading(), Client(served.url, patience_s=PATIENCE_S) as client:
        while not sizes or time.monotonic() < end:
            names = sorted(faults)
            chance.shuffle(names)
            for name in names:
                promote_next(opened)
                with faults[name]():
                    pass
                number = promote_next(opened)
                until(lambda: _status(served) == "ready")
                until(lambda n=number: number_of(client[SET].get(*KEY)) == n)
                assert not readers.wrong, readers.wrong[:3]
                assert not readers.lost, readers.lost[:3]
                yield Outcome(f"service: {name}", UNHARMED)
            sizes.append(size_of(served))
    assert readers.answers > 10 * len(faults)
    settled = sizes[min(2, len(sizes) - 1)]  # caches are filled by then
    assert sizes[-1].memory_mb <= settled.memory_mb + _GROWTH_MB, sizes
    assert sizes[-1].files <= settled.files + _GROWTH_FILES, sizes


def folder_faults(served: Served, root: Path, lasting_s: float) -> Faults:
    """Of a store in a folder with SQLite."""

    @contextmanager
    def killed() -> Iterator[None]:
        os.kill(workers_of(served)[0], signal.SIGKILL)
        yield

    @contextmanager
    def frozen() -> Iterator[None]:
        with _stopped(workers_of(served)[:1], lasting_s):
            yield

    @contextmanager
    def locked() -> Iterator[None]:
        with closing(sqlite3.connect(root / "catalog.db", timeout=20)) as connection:
            connection.execute("BEGIN EXCLUSIVE")
            time.sleep(lasting_s)
            connection.rollback()
        yield

    @contextmanager
    def away() -> Iterator[None]:
        aside = root.with_name("aside")
        aside.mkdir()
        files = list(root.glob("catalog.db*"))
        for file in files:
            file.rename(aside / file.name)
        time.sleep(lasting_s)
        for file in files:
            (aside / file.name).rename(file)
        aside.rmdir()
        yield

    @contextmanager
    def cut_off() -> Iterator[None]:
        gc.collect()  # nothing of them is mapped here
        for file in {*root.rglob("*.lookup")}:
            os.truncate(file, 0)
        yield

    return {
        "a worker is killed": killed,
        "a worker is frozen": frozen,
        "the catalog is locked": locked,
        "the catalog's file is away": away,
        "all mapped files are cut off": cut_off,
    }


def bucket_faults(
    served: Served, postgresql: PostgreSQL, s3: S3Server, catalog: str, lasting_s: float
) -> Faults:
    """Of a store in a bucket with PostgreSQL."""

    def during(
        *faults: Callable[[], AbstractContextManager[None]],
    ) -> Callable[[], AbstractContextManager[None]]:
        @contextmanager
        def fault() -> Iterator[None]:
            with ExitStack() as stack:
                for begin in faults:
                    stack.enter_context(begin())
                time.sleep(lasting_s)
            yield

        return fault

    @contextmanager
    def killed() -> Iterator[None]:
        os.kill(workers_of(served)[0], signal.SIGKILL)
        yield

    @contextmanager
    def cut() -> Iterator[None]:
        name = catalog.rpartition("/")[2].partition("?")[0]
        with closing(psycopg.connect(catalog.replace("+psycopg", ""), autocommit=True)) as session:
            session.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = %s AND pid <> pg_backend_pid()",
                (name,),
            )
        yield

    return {
        "a worker of a bucket's store is killed": killed,
        "PostgreSQL ends all connections": cut,
        "PostgreSQL hangs": during(postgresql.hanging),
        "the bucket hangs": during(s3.hanging),
        "PostgreSQL and the bucket hang": during(postgresql.hanging, s3.hanging),
        "PostgreSQL is killed and started again": during(postgresql.killed),
        "the bucket's server is killed and started again": during(s3.killed),
        "PostgreSQL and the bucket's server are killed": during(postgresql.killed, s3.killed),
    }


def workers_of(served: Served) -> list[int]:
    """The processes that answer."""
    pid = served.process.pid
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def size_of(served: Served) -> Size:
    """What the workers hold."""
    memory = files = 0
    for pid in workers_of(served):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        memory += int(next(line for line in lines if line.startswith("RssAnon")).split()[1]) // 1024
        files += len(os.listdir(f"/proc/{pid}/fd"))
    return Size(memory, files)


@contextmanager
def _stopped(pids: list[int], seconds: float) -> Iterator[None]:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(seconds)
    for pid in pids:
        os.kill(pid, signal.SIGCONT)
    yield


def _status(served: Served) -> str:
    try:
        return httpx.get(served.url + "/health/ready", timeout=20).json().get("status", "")
    except (httpx.TransportError, ValueError):
        return ""


@contextmanager
def folder_service(folder: Path, workers: int = 2) -> Iterator[tuple[Served, Path]]:
    """A service of a new store in a folder with SQLite."""
    root = folder / "store"
    store = make_store(root)
    define(store)
    store.catalog.engine.dispose()
    promote_next(lambda: Store(root))
    with started(root, workers) as served:
        yield served, root


@contextmanager
def bucket_service(folder: Path, url: str, s3: S3Server) -> Iterator[tuple[Served, BucketStore]]:
    """A service of a new store in a bucket, its catalog in this empty database."""
    bucket = BucketStore(f"s3://{s3.bucket()}/estimates", url, s3, folder)
    with bucket.opened("writer") as store:
        define(store)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in bucket.environment("writer").items():
            patch.setenv(name, value)
        promote_next(lambda: opened_writer(bucket))
        patch.setenv("ESTIMATES_CACHE", str(folder / "reader"))
        with started(bucket.root, 2) as served:
            yield served, bucket


def opened_writer(bucket: BucketStore) -> Store:
    """The store as the machine opens it that writes."""
    return Store(bucket.root, catalog=bucket.catalog, cache=bucket.folder / "writer", actor="soak")
