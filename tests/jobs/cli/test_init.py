"""`estimates init` on real stores."""

from __future__ import annotations

from pathlib import Path

from estimates.store.store import Store
from tests.jobs.cli.calls import call, ok


def test_init_makes_a_store_once(tmp_path: Path) -> None:
    """The first init makes folder and catalog, the second changes nothing."""
    root = tmp_path / "a" / "store"
    assert ok("init", "--store", root, "--format", "json").json == {
        "store": str(root),
        "made": True,
    }
    assert Store(root).sets() == []
    assert ok("init", "--store", root, "--format", "json").json["made"] is False
    assert "there already" in ok("init", "--store", root).text


def test_init_where_no_folder_can_be_is_bad_input(tmp_path: Path) -> None:
    """A file in the way, and a bucket without a catalog URL, exit 2."""
    (tmp_path / "file").write_text("")
    assert (
        call("init", "--store", tmp_path / "file" / "store", "--format", "json").error["code"]
        == "bad_store"
    )
    assert (
        call("init", "--store", "s3://bucket/x", "--format", "json").error["code"]
        == "catalog_needed"
    )
