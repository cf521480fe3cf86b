"""`estimates backup` on a real store; what it keeps is in tests/store/test_backup.py."""

from __future__ import annotations

from pathlib import Path

from tests.jobs.cli.calls import ok


def test_a_store_without_events_has_nothing_to_restore(tmp_path: Path) -> None:
    """It is said so, and no time is made up for an event that there is not."""
    ok("init", "--store", tmp_path / "store")
    said = ok("backup", tmp_path / "place", "--store", tmp_path / "store").text
    assert "nothing to restore from here" in said
    assert "1970" not in said
