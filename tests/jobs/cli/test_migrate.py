"""`estimates migrate` on real stores."""

from __future__ import annotations

from estimates.store.store import Store
from tests.jobs.cli.calls import ok


def test_migrate_says_that_there_is_nothing_to_do(local_store: Store) -> None:
    """A catalog of the newest schema stays as it is."""
    shown = ok("migrate", "--store", local_store.root, "--format", "json").json
    assert shown["from"] == shown["to"]
    assert "nothing to do" in ok("migrate", "--store", local_store.root).text
