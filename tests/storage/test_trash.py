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
