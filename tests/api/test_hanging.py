"""A catalog or a storage that hangs holds up nothing that needs neither."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from estimates import Store, instants
from estimates.catalog.view import View
from estimates.errors import UnavailableError
from estimates.storage.objects import Objects
from estimates_api.app import create_app
from estimates_api.serving import catalog_reads, storage_watch
from estimates_api.serving.catalog_reads import CatalogReads
from tests.api.served import path_of
from tests.builders import SET, code_of, define, make_store, promoted
from tests.long_patience import SERVICE_S
from tests.waiting import until

ONE = path_of(SET, "AAPL", "2024-06-03")


class HangingStore(Store):
    """A store whose catalog can be made to hang."""

    hanging: threading.Event | None = None

    def refresh(self) -> View:
        """Wait while it hangs."""
        if (hanging := self.hanging) is not None:
            hanging.wait()
        return super().refresh()

    @contextmanager
    def stuck(self) -> Iterator[None]:
        """Meanwhile the catalog answers nothing."""
        self.hanging = threading.Event()
        try:
            yield
        finally:
            self.hanging.set()
            self.hanging = None


@pytest.fixture(autouse=True)
def as_a_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests wait for the catalog as long as those of a service."""
    name = "PATIENCE_S"
    own = SERVICE_S[f"{catalog_reads.__name__}.{name}"]
    assert own < 1
    monkeypatch.setattr(catalog_reads, name, own)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder of a store with one version in production."""
    store = make_store(tmp_path / "store")
    define(store)
    promoted(store, "one")
    store.catalog.engine.dispose()
    return tmp_path / "store"


def refused(ask: Callable[[], object]) -> float:
    """How long it takes until it is refused, in seconds."""
    began = time.monotonic()
    with pytest.raises(UnavailableError):
        ask()
    return time.monotonic() - began


def test_who_asks_a_hanging_catalog_is_answered_within_a_second(root: Path) -> None:
    """The first waits in vain, everyone after them is told at once; then it is read again."""
    store = HangingStore(root)
    store.refresh()
    reads = CatalogReads(store)
    now = instants.now()
    with store.stuck():
        first, *later = (refused(lambda: reads.knowing(now)) for _ in range(5))
    assert first >= catalog_reads.PATIENCE_S > min(later)
    assert until(lambda: _answers(reads, now))
    assert reads.knowing(now + timedelta(days=1))  # nobody waits for the future
    reads.close()


def _answers(reads: CatalogReads, moment: datetime) -> bool:
    try:
        return bool(reads.knowing(moment))
    except UnavailableError:
        return False


def test_a_service_whose_catalog_hangs_answers_and_says_so(root: Path) -> None:
    """Lookups go on, an `as_of` that only the catalog knows is a 503, and readiness tells its
    age; then it is followed again.
    """
    store = HangingStore(root)
    with TestClient(create_app(store)) as client:
        until(lambda: client.get("/health/ready").json().get("status") == "ready")
        with store.stuck():
            answer = until(lambda: _told(client, "catalog"))
            assert (answer["status"], answer["catalog"]["code"]) == ("degraded", "catalog")
            assert answer["catalog"]["age_s"] > 3
            assert client.get(ONE).status_code == 200
            late = client.get(ONE, params={"as_of": instants.text(instants.now())})
            assert (late.status_code, late.json()["code"]) == (503, "catalog")
        promoted(Store(root), "two", 101.0, day=1)
        until(lambda: client.get(ONE).json()["version"] == 2)


def _told(client: TestClient[Any], source: str) -> dict[str, Any]:
    answer = client.get("/health/ready").json()
    return answer if answer[source]["code"] else {}


def test_a_storage_that_hangs_takes_only_so_many_threads(tmp_path: Path) -> None:
    """A call beyond the limit gives up, and goes on once one has ended."""
    os.mkfifo(tmp_path / "stuck")  # opening it waits for a writer, as a dead network file does
    (tmp_path / "file").write_bytes(b"here")
    objects = Objects(str(tmp_path))
    objects.limit_calls(2)
    with ThreadPoolExecutor(2) as threads:
        calls = [threads.submit(objects.get, "stuck") for _ in range(2)]
        until(lambda: code_of(lambda: objects.get("file")) is not None)  # both are inside
        until(lambda: _let_go(tmp_path / "stuck") or all(call.done() for call in calls))
    assert objects.get("file") == b"here"


def _let_go(fifo: Path) -> None:
    """Give whoever waits to read the end of the file."""
    with suppress(OSError):  # nobody waits
        os.close(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))


def test_a_storage_that_is_not_what_it_was_is_told(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Readiness says so; what is open answers on, and it is ready once all is back."""
    monkeypatch.setattr(storage_watch, "INTERVAL_S", 0.05)
    with TestClient(create_app(Store(root))) as client:
        until(lambda: client.get("/health/ready").json().get("status") == "ready")
        (root / "store.json").rename(root / "away.json")
        until(lambda: client.get("/health/ready").json()["storage"]["code"] == "file_missing")
        assert client.get("/health/ready").json()["status"] == "degraded"
        assert client.get(ONE).status_code == 200
        (root / "away.json").rename(root / "store.json")
        until(lambda: client.get("/health/ready").json()["status"] == "ready")
