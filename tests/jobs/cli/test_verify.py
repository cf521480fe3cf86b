"""`estimates verify` on real stores."""

from __future__ import annotations

import shutil
from pathlib import Path

from estimates.store.store import Store
from tests.jobs.cli.calls import call, ok


def test_verify_of_a_sound_store(store: Store) -> None:
    """Every file matches; the number of versions is said."""
    assert ok("verify", "--store", store.root, "--format", "json").json == {
        "versions": 3,
        "faults": [],
    }
    assert "3 versions" in ok("verify", "--store", store.root).text


def test_what_a_folder_refuses_is_named_with_all_else(store: Store) -> None:
    """A file where a folder belongs, and the other way round, end no report."""
    root = Path(store.root)
    part = next((root / "sets").glob("*/parts/*"))
    shutil.rmtree(root / "log")
    (root / "log").write_bytes(b"")
    (root / "store.json").unlink()
    (root / "store.json").mkdir()
    part.write_bytes(b"damaged")
    done = call("verify", "--store", store.root, "--format", "json")
    codes = [fault["code"] for fault in done.json["faults"]]
    assert (done.code, codes) == (4, ["storage_refused", "log_gap", "file_damaged"])
    assert "look what has that name there" in done.json["faults"][0]["message"]
    assert "newest" in done.json["faults"][1]["message"]
