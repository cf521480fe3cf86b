"""The store of format 2 that was checked in opens, verifies, answers what it answered then, and is
written on.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import estimates_migrations
from estimates import instants
from estimates.store.open_store import catalog_url
from estimates.store.partial_update import Changes
from estimates.store.store import Store
from estimates.store.verify import verify
from tests import invariants
from tests.builders import code_of
from tests.frozen.make_format1 import provenance
from tests.frozen.make_format2 import FOLDER, ROWS, answers, points


@pytest.fixture
def format2(tmp_path: Path) -> Iterator[Store]:
    """A copy of the store of format 2, its catalog migrated to the newest schema."""
    shutil.copytree(FOLDER / "store", tmp_path / "store")
    estimates_migrations.upgrade(catalog_url(tmp_path / "store"))
    store = Store(tmp_path / "store")
    yield store
    store.catalog.engine.dispose()


def test_format_2_gives_the_answers_it_gave(format2: Store) -> None:
    """Every answer is the one that was written down beside the store; how its JSON is spaced is no
    promise.
    """

    def read(row: dict[str, str]) -> dict[str, Any]:
        return {question: json.loads(answer) for question, answer in row.items()}

    assert read(answers(format2)) == read(json.loads((FOLDER / "answers.json").read_text()))


def test_format_2_is_whole(format2: Store) -> None:
    """Verify finds nothing, the log says what the catalog says, the two versions share a part."""
    assert verify(format2) == []
    invariants.the_log_is_whole(format2)
    first, second = (
        {part.sha256 for part in format2.manifests.get("points", version.snapshot_id).parts}
        for version in format2["points"].versions()
    )
    assert (len(first), len(second), len(first & second)) == (2, 2, 1)


def test_format_2_can_be_written_on(format2: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes a partial update; what it holds is kept, and what it waives is in force. That is an
    hour after its last event: a month later somebody would have to say that the clock is right.
    """
    soon = format2.view().moment + timedelta(hours=1)
    monkeypatch.setattr(instants, "now", lambda: soon)
    changes = Changes(1)
    row = points(ROWS - 1, more=0.25)
    version = format2.publish("points", row, provenance("now", 4), changes=changes)
    assert format2["points"].get(ROWS - 1, ref=version.version)["score"] == 4.125
    assert [waiver.check for waiver in format2.view().set("points").waivers] == ["removed_keys"]
    first = format2.resolve("points", 1)
    assert code_of(lambda: format2.catalog.expire(first, actor="a", reason="b")) in (
        "in_use",
        "on_hold",
    )
