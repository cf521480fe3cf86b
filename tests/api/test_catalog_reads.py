"""Reads of the catalog for requests: how many there are, and what they may be answered with."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from estimates import Store, instants
from estimates.catalog.view import View
from estimates.errors import UnavailableError
from estimates_api.serving.catalog_reads import CatalogReads
from tests.builders import define, make_store
from tests.waiting import until


class CountingStore(Store):
    """A store that counts reads of its catalog, holds them up, and fails."""

    reads = 0
    error: Exception | None = None
    gate: threading.Event | None = None

    def refresh(self) -> View:
        """The newest view, once it may be read."""
        self.reads += 1
        if self.gate is not None:
            self.gate.wait()
        if self.error is not None:
            raise self.error
        return super().refresh()


class CountedReads(CatalogReads):
    """Reads of a catalog; counts who asked, and whoever asked again."""

    questions = 0

    def _under_way(self) -> tuple[Future[View], float]:
        under_way = super()._under_way()
        with self._lock:
            self.questions += 1
        return under_way


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CountingStore]:
    """A store of one set."""
    define(make_store(tmp_path / "store"))
    store = CountingStore(tmp_path / "store")
    store.reads = 0
    yield store
    store.catalog.engine.dispose()


@pytest.fixture
def reads(store: CountingStore) -> Iterator[CountedReads]:
    """Reads of that store."""
    reads = CountedReads(store)
    yield reads
    reads.close()


def test_who_asks_while_it_is_read_shares_the_read(
    store: CountingStore, reads: CountedReads
) -> None:
    """However many they are."""
    store.gate = threading.Event()
    moment = instants.now() - timedelta(days=1)
    with ThreadPoolExecutor(20) as threads:
        answers = [threads.submit(reads.knowing, moment) for _ in range(20)]
        until(lambda: reads.questions == 20)
        store.gate.set()
        assert all(answer.result().sets for answer in answers)
    assert store.reads == 1


def test_a_read_that_began_before_the_question_may_not_be_enough(
    store: CountingStore, reads: CountedReads
) -> None:
    """What happened since is read; a moment that is not over yet is not waited for."""
    store.gate = threading.Event()
    ahead = instants.now() + timedelta(days=1)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(reads.knowing, ahead)
        until(lambda: store.reads == 1)
        second = threads.submit(reads.knowing, ahead)
        until(lambda: reads.questions == 2)
        store.gate.set()
        assert not first.result().knows(ahead)
        assert not second.result().knows(ahead)
    assert store.reads == 2


def test_a_read_that_fails_is_not_kept(store: CountingStore, reads: CountedReads) -> None:
    """Who shared it gets its error; who asks next has it read again."""
    store.error = UnavailableError("catalog", "it is away", remedy="retry")
    with pytest.raises(UnavailableError, match="it is away"):
        reads.knowing(instants.now())
    store.error = None
    assert reads.knowing(instants.now() - timedelta(days=1)).sets
    assert store.reads == 2
