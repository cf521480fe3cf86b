"""The trash of a root: a folder a day."""

from __future__ import annotations

from pathlib import Path

import pytest

from estimates.storage import trash
from estimates.storage.objects import Objects
from tests.catalog.histories import hour


def test_what_goes_keeps_its_name_below_the_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is not there is no error; put aside twice on a day the last one is there."""
    monkeypatch.setattr(trash.instants, "now", lambda: hour(23.9))
    objects = Objects(str(tmp_path))
    objects.put("sets/a/parts/x", b"1")
    trash.put_aside(objects, "sets/a/parts/x")
    trash.put_aside(objects, "sets/a/parts/x")
    assert objects.names("") == ["trash/2026-11-24/sets/a/parts/x"]
    objects.put("sets/a/parts/x", b"2")
    trash.put_aside(objects, "sets/a/parts/x")
    assert objects.get("trash/2026-11-24/sets/a/parts/x") == b"2"
    monkeypatch.setattr(trash.instants, "now", lambda: hour(24))
    assert trash.trash_of_today() == "trash/2026-11-25"


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("trash/2026-11-24/sets/a/parts/12ab.parquet", ("2026-11-24", "a", "12ab")),
        ("trash/2026-11-24/sets/a/snapshots/12ab/manifest.json", ("2026-11-24", "a", "12ab")),
        ("trash/2026-11-24/log/000000000001.json", ("2026-11-24", "", "")),
        ("trash/notes", ("notes", "", "")),
    ],
)
def test_a_name_says_day_set_and_digest(name: str, place: tuple[str, str, str]) -> None:
    """A file of no set has neither set nor digest."""
    assert trash.place_in_trash(name) == place
