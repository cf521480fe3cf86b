"""Manifests of versions that follow each other, in one file that nobody has to have."""

from __future__ import annotations

from datetime import timedelta

import pytest

from estimates.storage import manifest_blocks, snapshot
from estimates.storage.manifest_blocks import name_of, read_block
from estimates.store.erase import erase
from estimates.store.publish import publish
from estimates.store.store import Store
from estimates.store.sweep import sweep
from estimates.store.verify import verify
from tests.builders import SET, define, frame, provenance

KEY = ("AAPL", "2024-06-03")


@pytest.fixture
def year(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Ten versions in blocks of four, on every kind of root."""
    monkeypatch.setattr(manifest_blocks, "VERSIONS", 4)
    define(store)
    for number in range(10):
        publish(store, SET, frame(100.0 + number / 10), provenance(f"run {number}", number))
    return store


def history(store: Store) -> list[float]:
    """The number of a key in all versions, by a process that read nothing yet."""
    fresh = Store(store.root, catalog=str(store.catalog.engine.url), cache=store.cache / "fresh")
    entries = fresh[SET].history(*KEY).body["history"]
    return [entry["estimate"] and entry["estimate"]["value"] for entry in entries]


def test_a_block_has_the_manifests_of_its_versions(year: Store) -> None:
    """Of complete blocks alone, byte for byte as each stands by itself."""
    names = [name_of(SET, 1), name_of(SET, 2)]
    assert year.objects.names(f"sets/{SET}/manifests") == names
    for block, numbers in ((1, range(1, 5)), (2, range(5, 9))):
        ids = [year.resolve(SET, number).snapshot_id for number in numbers]
        stored = [snapshot.read_manifest(year.objects, SET, each) for each in ids]
        assert list(read_block(year.objects, SET, block)) == stored
    assert list(read_block(year.objects, SET, 3)) == []


def test_a_history_reads_blocks(year: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """And by itself only what is in none."""
    said = history(year)
    assert len(set(said)) == 10
    read: list[str] = []
    read_manifest = snapshot.read_manifest
    monkeypatch.setattr(
        snapshot,
        "read_manifest",
        lambda *of: read.append(of[2]) or read_manifest(*of),  # type: ignore
    )
    for copy in (year.cache / "fresh" / "manifests").glob("*"):
        copy.unlink()
    assert history(year) == said
    assert set(read) == {year.resolve(SET, number).snapshot_id for number in (9, 10)}


@pytest.mark.parametrize("damage", ["flip", "cut", "other"])
def test_a_damaged_block_is_none(year: Store, damage: str) -> None:
    """Whatever is in it, each manifest has to have its own digest; answers are the same."""
    said, name = history(year), name_of(SET, 1)
    content = bytearray(year.objects.get(name))
    if damage == "flip":
        content[len(content) // 2] ^= 1
    other = year.objects.get(name_of(SET, 2))
    damaged = {"flip": bytes(content), "cut": bytes(content[:-7]), "other": other}[damage]
    year.objects.put(name, damaged)
    assert history(year) == said
    assert verify(year) == []


def test_a_sweep_writes_missing_blocks_and_takes_needless_ones(year: Store) -> None:
    """A store from before there were blocks gets them; one of which all expired goes."""
    year.objects.delete(name_of(SET, 2))
    define(year, more="[retention]\nkeep_versions = 3\n")
    sweep(year, grace=timedelta(0))
    assert year.objects.names(f"sets/{SET}/manifests") == [name_of(SET, 2)]
    ids = [year.resolve(SET, 8).snapshot_id]
    assert [m.snapshot_id for m in read_block(year.objects, SET, 2)] == ids


def test_a_block_is_read_through_an_erasure(year: Store) -> None:
    """As each manifest is: what was erased stays so."""
    erase(year, SET, [KEY], reason="request")
    assert history(year) == [None] * 10
