"""Targets: the versions of aliases, opened before they are served."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from estimates.store.store import Store
from estimates_api.serving.targets import Fault, Targets
from tests.builders import SET, define, forget_read_files, parquet_of, promoted
from tests.waiting import until


@pytest.fixture
def store(local_store: Store) -> Store:
    """Two versions that were in production one after the other, and no read file of them."""
    define(local_store)
    promoted(local_store, "one")
    promoted(local_store, "two", 101.0, day=1)
    return local_store


@pytest.fixture
def targets(store: Store) -> Iterator[Targets]:
    """Targets of that store as a new process has them."""
    targets = Targets(Store(store.root))
    yield targets
    targets.close()


def test_what_can_be_read_needs_no_fallback(store: Store, targets: Targets) -> None:
    """Once the version is open everything is ready, and a second look finds nothing new."""
    view = store.view()
    until(lambda: targets.open(view) == {} or targets.ready)
    assert (targets.ready, targets.faults) == (True, {})
    assert targets.open(view) is None


def test_a_damaged_version_has_a_fault_and_a_fallback(store: Store, targets: Targets) -> None:
    """The version before answers in its place, and the fault says so."""
    version = store.resolve(SET)
    forget_read_files(store, version)
    (Path(store.root) / parquet_of(store, version)).write_bytes(b"damaged")
    view = store.view()

    def serving() -> bool:
        targets.open(view)
        fault = targets.faults.get((SET, "production"))
        return fault is not None and fault.serving is not None

    until(serving)
    fault = Fault(SET, "production", version.version, "file_damaged", 1)
    assert targets.faults == {(SET, "production"): fault}
    assert targets.ready
