"""A store for the tests of commands."""

from __future__ import annotations

import pytest

from estimates.store.store import Store
from tests import builders

FRESH = '[freshness]\ncadence = "1d"\nmax_age = "3d"\n'


@pytest.fixture
def store(local_store: Store) -> Store:
    """Version 1 in production, version 2 published only, version 3 with a value out of bounds."""
    builders.define(local_store, more=FRESH)
    builders.promoted(local_store, "r1", 100.0)
    builders.publish(local_store, "r2", 101.0, day=1)
    builders.publish(local_store, "r3", 900.0, day=2)
    return local_store
