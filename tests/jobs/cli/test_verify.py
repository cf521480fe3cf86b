"""`estimates verify` on real stores."""

from __future__ import annotations

from estimates.store.store import Store
from tests.jobs.cli.calls import ok


def test_verify_of_a_sound_store(store: Store) -> None:
    """Every file matches; the number of versions is said."""
    assert ok("verify", "--store", store.root, "--format", "json").json == {
        "versions": 3,
        "faults": [],
    }
    assert "3 versions" in ok("verify", "--store", store.root).text
