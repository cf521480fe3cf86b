"""Stores that were written by earlier versions and checked in open, verify, and answer what they
answered then.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import estimates_migrations
from estimates.contract.conform import conform
from estimates.errors import CorruptError
from estimates.store.erase import erase
from estimates.store.open_store import catalog_url
from estimates.store.store import Store
from estimates.store.sweep import sweep
from estimates.store.verify import verify
from tests.builders import code_of
from tests.frozen.make_format1 import FOLDER, TARGETS, answers, closes, provenance
from tests.invariants import check_all


@pytest.fixture
def format1(tmp_path: Path) -> Iterator[Store]:
    """A copy of the store of format 1, its catalog migrated to the newest schema."""
    shutil.copytree(FOLDER / "store", tmp_path / "store")
    estimates_migrations.upgrade(catalog_url(tmp_path / "store"))
    store = Store(tmp_path / "store", clock_is_right=True)  # it rested since it was frozen
    yield store
    store.catalog.engine.dispose()


def test_format_1_gives_the_answers_it_gave(format1: Store) -> None:
    """Every answer is the one that was written down beside the store; how its JSON is spaced is no
    promise.
    """

    def read(row: dict[str, str]) -> dict[str, Any]:
        return {question: json.loads(answer) for question, answer in row.items()}

    assert read(answers(format1)) == read(json.loads((FOLDER / "answers.json").read_text()))


def test_format_1_is_whole(format1: Store) -> None:
    """Verify finds nothing, the invariants hold, states and holds are those of then."""
    assert verify(format1) == []
    check_all(format1)
    assert [format1.state(version) for version in format1["closes"].versions()] == [
        "production",
        "rolled_back",
    ]
    assert format1.view().set("closes").aliases["production"].held
    assert sweep(format1).deleted == ()


def test_format_1_can_be_written_on(format1: Store) -> None:
    """A store of format 1 takes new versions, which are judged against the old ones."""
    version = format1.publish("closes", closes(100.5), provenance("now", 4))
    verdict = format1.judge("closes", version.version)
    assert verdict.baseline is not None
    assert (verdict.baseline.version, verdict.blocks) == (1, False)
    contract = format1.contract("closes")
    assert format1["closes"].frame(1).equals(conform(closes(100.0), contract))


def test_format_1_gives_up_a_key(format1: Store) -> None:
    """A key that is erased answers so in every version, all other rows and all ids stay, and no
    file of format 1 is left that has it.
    """
    of_set = format1["closes"]
    before = [version.snapshot_id for version in of_set.versions()]
    rows = of_set.frame(1)
    erased = erase(format1, "closes", [("BRK/B",)], reason="request")
    assert (erased.versions, erased.rows) == ((1, 2), 4)
    assert [version.snapshot_id for version in of_set.versions()] == before
    assert of_set.frame(1).equals(rows.filter(pl.col("ticker") != "BRK/B"))
    assert code_of(lambda: of_set.get("BRK/B", TARGETS[0], ref=2)) == "erased"
    assert not [*Path(format1.root).glob("sets/closes/snapshots/*/estimates.parquet")]
    assert verify(format1) == []
    check_all(format1)


def test_damage_in_format_1_is_found(format1: Store) -> None:
    """The digests of then still guard the files."""
    path = next(Path(format1.root).glob("sets/closes/snapshots/*/estimates.parquet"))
    path.write_bytes(path.read_bytes()[:-1])
    assert len(verify(format1)) == 1
    with pytest.raises(CorruptError):
        format1.frame(
            next(v for v in format1["closes"].versions() if v.snapshot_id == path.parent.name)
        )
