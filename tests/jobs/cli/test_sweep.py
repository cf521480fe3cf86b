"""`estimates sweep` on real stores."""

from __future__ import annotations

from estimates.store.store import Store
from tests import builders
from tests.builders import SET
from tests.jobs.cli.calls import call, ok


def test_sweep_tells_what_it_expired_and_deleted(local_store: Store) -> None:
    """Retention lets go of old versions; the second sweep has nothing to do."""
    builders.define(local_store, more="[retention]\nkeep_versions = 1\n")
    for number in range(3):
        builders.publish(local_store, f"r{number}", 100.0 + number, day=number)
    shown = ok("sweep", "--store", local_store.root).text
    assert "version 1 expired" in shown
    assert "moved to the trash" in shown
    assert ok("sweep", "--store", local_store.root, "--format", "json").json == {
        "expired": [],
        "deleted": [],
        "parts": [],
        "spared": [],
        "emptied": [],
        "on_hold": [],
        "refused": [],
        "keeps_versions": False,
    }
    called = call(
        "get",
        SET,
        "AAPL",
        "2024-06-03",
        "--ref",
        1,
        "--store",
        local_store.root,
        "--format",
        "json",
    )
    assert (called.code, called.error["code"]) == (2, "expired")
    assert called.error["reason"] == "retention: keep_versions = 1"
    assert called.error["version"] == 1
    shown = ok("history", SET, "AAPL", "2024-06-03", "--store", local_store.root).text
    assert "2 versions expired, the last 2 at" in shown
    assert "(retention: keep_versions = 1)" in shown
