"""Workers that die under load: what their clients lose, and who takes their place."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx
import pytest

from tests.api.served import Served, path_of, started
from tests.builders import SET, define, make_store, promoted
from tests.waiting import until

pytestmark = pytest.mark.slow
ONE = path_of(SET, "AAPL", "2024-06-03")
_REQUEST = f"GET {ONE} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode()
_READERS = 3


class Lost(NamedTuple):
    """A lookup that failed: when it began and ended."""

    begun: float
    ended: float


class Readers:
    """Clients that look up without end, a connection each time, and never try again."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.lost: list[Lost] = []
        self.answers = 0
        self._over = threading.Event()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Meanwhile they read."""
        threads = [threading.Thread(target=self._read) for _ in range(_READERS)]
        for thread in threads:
            thread.start()
        try:
            until(lambda: self.answers > _READERS)
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join()

    def further(self, count: int = 20) -> None:
        """Wait for so many more answers."""
        enough = self.answers + count
        until(lambda: self.answers >= enough)

    def _read(self) -> None:
        while not self._over.is_set():
            begun = time.monotonic()
            if b" 200 " in answer(self.served):
                self.answers += 1
            else:
                self.lost.append(Lost(begun, time.monotonic()))
            self._over.wait(0.002)


def answer(served: Served) -> bytes:
    """The beginning of the answer to a lookup on a new connection; empty where there is none."""
    with suppress(OSError):
        address = ("127.0.0.1", urlsplit(served.url).port or 0)
        with socket.create_connection(address, 60) as connection:
            connection.sendall(_REQUEST)
            return connection.recv(100)
    return b""


def workers(served: Served) -> list[int]:
    """The processes that answer."""
    pid = served.process.pid
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def mapped_by_all(served: Served, root: Path) -> set[Path]:
    """The read files that every worker has mapped."""
    maps = [Path(f"/proc/{pid}/maps").read_text().splitlines() for pid in workers(served)]
    files = [{Path(line.split()[-1]) for line in lines if "lookup" in line} for lines in maps]
    return {file for file in set.intersection(*files) if file.is_relative_to(root)}


def seconds_of(pid: int) -> float:
    """The processor time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a store with one version in production."""
    store = make_store(tmp_path_factory.mktemp("workers") / "store")
    define(store)
    promoted(store, "one")
    store.catalog.engine.dispose()
    return Path(store.root)


@pytest.fixture(scope="module")
def two(root: Path) -> Iterator[Served]:
    """A server of two workers."""
    with started(root, 2) as served:
        yield served


def test_with_two_workers_no_lookup_begun_after_a_death_fails(two: Served) -> None:
    """Killed while clients read: only what that worker was answering is lost, and another takes
    its place.
    """
    readers = Readers(two)
    with readers.reading():
        before = workers(two)
        os.kill(before[0], signal.SIGKILL)
        until(lambda: before[0] not in workers(two))
        dead = time.monotonic()
        readers.further()
        (new,) = until(lambda: [pid for pid in workers(two) if pid not in before])
        readers.further()
    assert [lost for lost in readers.lost if lost.begun > dead] == []
    assert len(readers.lost) <= _READERS
    assert new in workers(two)


@pytest.mark.one_part
def test_a_mapped_file_that_is_cut_off_costs_what_its_readers_asked(
    two: Served, root: Path
) -> None:
    """Each worker that touches it dies once, with the lookups that it was answering; the file is
    made again, and everybody reads on.
    """
    (file,) = until(lambda: mapped_by_all(two, root))
    before = set(workers(two))
    size = file.stat().st_size
    readers = Readers(two)
    with readers.reading():
        os.truncate(file, 0)
        until(lambda: before.isdisjoint(workers(two)) and len(workers(two)) == 2)
        until(lambda: answer(two).startswith(b"HTTP/1.1 200"))
        after = time.monotonic()
        readers.further()
    assert [lost for lost in readers.lost if lost.begun > after] == []
    assert len(readers.lost) <= 2 * _READERS
    (new,) = until(lambda: mapped_by_all(two, root) - {file})
    assert new.stat().st_size == size


def test_a_lookup_waits_for_the_worker_that_takes_the_place_of_the_only_one(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is answered and not refused. A worker killed while the server is about to stop is replaced
    by one that is not ready either.
    """
    with started(root, 1, "--notice", "60") as served:
        (worker,) = workers(served)
        first = seconds_of(worker)  # of a machine that may be slow
        began = time.monotonic()
        os.kill(worker, signal.SIGKILL)
        assert answer(served).startswith(b"HTTP/1.1 200")
        waited = time.monotonic() - began
        (worker,) = workers(served)
        used = seconds_of(worker)
        with capsys.disabled():
            print(f"\nreplaced in {waited:.2f} s, {used:.2f} s of processor time", end="")
        assert used < max(3, 2 * first)
        served.process.terminate()
        until(lambda: _code(served) == "stopping")
        os.kill(worker, signal.SIGKILL)
        until(lambda: worker not in workers(served))
        assert answer(served).startswith(b"HTTP/1.1 200")
        assert _code(served) == "stopping"
        served.kill()


def _code(served: Served) -> str:
    with suppress(httpx.TransportError):
        return httpx.get(served.url + "/health/ready", timeout=60).json().get("code", "")
    return ""
