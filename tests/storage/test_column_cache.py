"""Columns of parts in the cache of this machine: whole, or not there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from estimates.storage.column_cache import ColumnCache, PartColumns

PART = PartColumns(3, [("k", "Int64"), ("v", "Float64")], True, {"v": (3, "6"), "w": (1, "0")})
COLUMNS = {
    "v": (np.array([1.0, 2.0, 3.5]), np.array([2, 0, 1], np.int32)),
    "w": (np.array([-0.0]), np.array([1], np.int32)),
}


@pytest.fixture
def cache(tmp_path: Path) -> ColumnCache:
    """A cache with the columns and hashes of one part."""
    made = ColumnCache(tmp_path)
    made.put("d", PART, COLUMNS)
    made.put_hashes("d", "p1", np.array([1, 2**64 - 1, 7], np.uint64))
    return made


def test_columns_are_read_as_they_were_put(cache: ColumnCache) -> None:
    """Mapped, in the order of the part's numbers, to the last bit."""
    kept = cache.get("d")
    assert kept is not None
    part, columns = kept
    assert part == PART
    assert list(columns) == ["v", "w"]
    for name, (numbers, places) in COLUMNS.items():
        assert columns[name][0].tobytes() == numbers.tobytes()
        assert columns[name][1].tolist() == places.tolist()
    assert cache.get("another") is None


def test_hashes_are_of_one_program(cache: ColumnCache) -> None:
    """What another way of hashing made is not there."""
    kept = cache.get_hashes("d", "p1")
    assert kept is not None
    assert kept.tolist() == [1, 2**64 - 1, 7]
    assert cache.get_hashes("d", "p2") is None


def test_a_flipped_bit_anywhere_is_noticed(cache: ColumnCache) -> None:
    """Of columns and of hashes; only the padding says nothing."""
    (columns,) = cache.folder.glob("*.columns")
    (hashes,) = cache.folder.glob("*.hashes")
    for file, read in (
        (columns, lambda: cache.get("d")),
        (hashes, lambda: cache.get_hashes("d", "p1")),
    ):
        whole = file.read_bytes()
        ignored = 0
        for place in range(0, len(whole), 3):
            damaged = bytearray(whole)
            damaged[place] ^= 4
            file.write_bytes(bytes(damaged))
            ignored += read() is not None
        assert ignored < 5  # padding, and a field that hashes do not use
        file.write_bytes(whole[:-1])
        assert read() is None
        file.write_bytes(whole + bytes(8))
        assert read() is None
        file.write_bytes(b"")
        assert read() is None
        file.write_bytes(whole)
        assert read() is not None


def test_a_file_of_another_form_is_none(cache: ColumnCache) -> None:
    """As an earlier or a later program wrote it."""
    for file, read in (
        (next(cache.folder.glob("*.columns")), lambda: cache.get("d")),
        (next(cache.folder.glob("*.hashes")), lambda: cache.get_hashes("d", "p1")),
    ):
        whole = file.read_bytes()
        file.write_bytes(b"another1" + whole[8:])
        assert read() is None


def test_a_part_without_numbers(cache: ColumnCache) -> None:
    """Its table is all that is kept."""
    bare = PartColumns(2, [("k", "String")], True, {})
    cache.put("e", bare, {})
    assert cache.get("e") == (bare, {})
    cache.put_hashes("e", "p", np.array([], np.uint64))
    empty = cache.get_hashes("e", "p")
    assert empty is not None
    assert len(empty) == 0
