"""A service under load survives each fault once; `just soak` goes on for hours."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from estimates.store.store import Store
from tests.api.served import started
from tests.builders import define, make_store
from tests.soak.service import UNHARMED, folder_faults, promote_next, soak

pytestmark = pytest.mark.slow


def test_a_service_of_a_folder_survives_each_fault(tmp_path: Path) -> None:
    """Workers killed and frozen, the catalog locked and away, read files cut off: clients that try
    again lose nothing and read nothing wrong.
    """
    root = tmp_path / "store"
    store = make_store(root)
    define(store)
    store.catalog.engine.dispose()
    promote_next(lambda: Store(root))
    with started(root, 2) as served:
        faults = folder_faults(served, root, 0.5)
        outcomes = list(soak(served, lambda: Store(root), faults, 0, random.Random(1)))
    assert {outcome.seen for outcome in outcomes} == {UNHARMED}
    assert len(outcomes) == len(faults)
