"""Parts: where a snapshot is cut is decided by its keys, and versions share what is equal."""

from __future__ import annotations

from pathlib import Path
from zlib import crc32

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.contract.contract_file import parse_contract
from estimates.storage import parts, snapshot
from estimates.store.store import Store
from estimates.store.sweep import sweep
from tests.builders import make_store, provenance
from tests.invariants import check_all

SOURCE = """
name = "scores"
[key.customer]
type = "string"
[columns.score]
"""
KEYS = [f"c{number:04}" for number in range(400)]


def rows_of(keys: list[str]) -> pl.DataFrame:
    """A frame with a score a key."""
    return pl.DataFrame({"customer": keys, "score": [1.0] * len(keys)})


def lengths(keys: list[str]) -> list[int]:
    """The numbers of rows of the parts."""
    return [part.height for part in parts.cut(rows_of(keys), ["customer"])]


def slow_lengths(keys: list[str]) -> list[int]:
    """The same, read off the specification row by row."""
    counts, rows = [], 0
    for key in keys:
        rows += 1
        ends = crc32(key.encode() + b"\0") % parts.ENDS_ONE_IN == 0
        if (rows >= parts.LEAST_ROWS and ends) or rows == parts.MOST_ROWS:
            counts.append(rows)
            rows = 0
    return [*counts, rows] if rows or not counts else counts


@pytest.mark.usefixtures("small_parts")
@given(st.sets(st.sampled_from(KEYS)))
def test_parts_end_where_the_keys_say(keys: set[str]) -> None:
    """A part ends with the first key whose CRC-32 says so once it has the least number of rows, and
    with the greatest number of rows.
    """
    assert lengths(sorted(keys)) == slow_lengths(sorted(keys))


def test_few_rows_are_one_part() -> None:
    """A frame of fewer rows than a part has at least is one part; an empty one, too."""
    assert lengths(KEYS) == [400]
    assert lengths([]) == [0]


@pytest.mark.usefixtures("small_parts")
def test_a_new_key_changes_one_part() -> None:
    """After a key more, most parts are the same bytes as before."""
    before, after = (
        {part for part, _ in snapshot.encode_parts(rows_of(keys), SHAPE)}
        for keys in (KEYS[:150] + KEYS[151:], KEYS)
    )
    assert len(after) > 8
    assert len(after - before) <= 2


SHAPE = parse_contract(SOURCE).shape()


@pytest.fixture
def store(tmp_path: Path, small_parts: None) -> Store:
    """A store with a set of some ten parts."""
    store = make_store(tmp_path / "store")
    store.define(parse_contract(SOURCE), SOURCE)
    return store


def scores(changed: str | None = None) -> pl.DataFrame:
    """A score a key; another one for one key."""
    score = [2.0 if key == changed else 1.0 + i / 1000 for i, key in enumerate(KEYS)]
    return pl.DataFrame({"customer": KEYS, "score": score})


def stored(store: Store) -> set[str]:
    """The names of all stored parts."""
    return set(store.objects.names("sets/scores/parts"))


def test_versions_share_parts(store: Store) -> None:
    """A version that changes one key adds one part to the store, and reads as a whole."""
    first = store.publish("scores", scores(), provenance("a"))
    before = stored(store)
    second = store.publish("scores", scores("c0200"), provenance("b", 1))
    assert len(before) > 8
    assert len(stored(store) - before) == 1
    assert store.frame(first).equals(scores())
    assert store.frame(second).equals(scores("c0200"))
    store.promote("scores", 2, reason="test")
    check_all(store)


def test_a_sweep_leaves_shared_parts(store: Store) -> None:
    """Of an expired version only those parts go that no other version has."""
    first = store.publish("scores", scores(), provenance("a"))
    store.publish("scores", scores("c0200"), provenance("b", 1))
    before = stored(store)
    store.catalog.expire(first, actor="ada", reason="old")
    swept = sweep(store)
    assert [digest for _, digest in swept.deleted] == [first.snapshot_id]
    assert {snapshot.part_name("scores", digest) for _, digest in swept.parts} == (
        before - stored(store)
    )
    assert len(swept.parts) == 1
    check_all(store)


def test_a_set_without_a_manifest_is_not_swept(store: Store) -> None:
    """Where a version's manifest is gone, nobody knows which parts it needs, and all stay."""
    first = store.publish("scores", scores(), provenance("a"))
    second = store.publish("scores", scores("c0200"), provenance("b", 1))
    store.catalog.expire(first, actor="ada", reason="old")
    place = snapshot.folder("scores", second.snapshot_id)
    store.objects.delete(f"{place}/manifest.json")
    before = stored(store)
    assert sweep(Store(store.root)).deleted == ()
    assert stored(store) == before


def test_reads_by_key_open_one_part(store: Store) -> None:
    """A lookup opens the read file of its key's part and no other; pages go over several."""
    store.publish("scores", scores(), provenance("a"))
    store.promote("scores", 1, reason="test")
    other = Store(store.root)
    assert other["scores"].get("c0200")["score"] == scores()["score"][200]
    assert other.read_files.count == 1
    pages = [other["scores"].scan(limit=150)]
    while (following := pages[-1].body["next"]) is not None:
        pages.append(other["scores"].scan(limit=150, cursor=following))
    read = [row["customer"] for page in pages for row in page.body["estimates"]]
    assert read == KEYS
    assert other.read_files.count > 8
    assert not list(other.cache.glob("*.lookup"))  # those that the publisher left are enough


def test_a_damaged_read_file_of_a_part_is_made_again(store: Store) -> None:
    """Damage in one part's read file is noticed, and that file alone is made again."""
    version = store.publish("scores", scores(), provenance("a"))
    store.promote("scores", 1, reason="test")
    paths = store.lookups.paths(version)
    for path in paths[:3]:
        path.write_bytes(path.read_bytes()[:-100])
    other = Store(store.root)
    assert other["scores"].scan(limit=400).body["total"] == 400
    assert other["scores"].get("c0000")["score"] == 1.0
    assert [path.exists() for path in paths[3:]] == [True] * len(paths[3:])
