"""Which part of a snapshot a key is in."""

from __future__ import annotations

from estimates.contract.contract_file import parse_contract
from estimates.lookup.snapshot_parts import SnapshotParts, search_key
from estimates.storage.parts import Part
from estimates.storage.snapshot import File, Manifest

SHAPE = parse_contract('name = "t"\n[key.k]\ntype = "integer"\n[columns.v]\n').shape()


def parts(*ends: tuple[int, int]) -> SnapshotParts:
    """A snapshot whose parts go from one key to another, ten rows each."""
    listed = tuple(
        Part(f"{n}" * 64, 1, 10, (str(low),), (str(high),)) for n, (low, high) in enumerate(ends)
    )
    return SnapshotParts("s", Manifest(2, "id", SHAPE, 10 * len(ends), parts=listed))


def key(number: int) -> bytes:
    """A key as it is looked for."""
    return search_key(SHAPE, [str(number)])


def test_search_keys_sort_as_numbers_do() -> None:
    """Also below 0, and of any length."""
    numbers = [-(2**62), -100, -9, 0, 3, 20, 100, 2**62]
    assert sorted(map(key, numbers)) == list(map(key, numbers))


def test_a_key_is_in_the_last_part_that_begins_before_it() -> None:
    """One below all is in none; between two parts it would be in the first of them."""
    of = parts((10, 19), (30, 39), (50, 59))
    assert [of.number_of(key(n)) for n in (9, 10, 19, 25, 30, 45, 59, 99)] == [
        -1,
        0,
        0,
        0,
        1,
        1,
        2,
        2,
    ]
    assert of.starts == [0, 10, 20, 30]
    assert of.firsts == [key(10), key(30), key(50)]


def test_a_part_covers_what_lies_up_to_its_last_key() -> None:
    """Nothing behind it, and no part covers anything where none may have it."""
    of = parts((10, 19), (30, 39))
    assert of.covers(0, key(19))
    assert not of.covers(0, key(20))
    assert not of.covers(-1, key(1))


def test_one_part_has_whatever_there_is() -> None:
    """Of format 1 the manifest does not say its keys."""
    whole = SnapshotParts(
        "s", Manifest(1, "id", SHAPE, 7, files=(File("estimates.parquet", 5, "a" * 64),))
    )
    assert (whole.number_of(key(-5)), whole.firsts, whole.starts) == (0, [b""], [0, 7])
    assert not whole.covers(0, key(1))
    assert whole.name(0) == "sets/s/snapshots/id/estimates.parquet"
    assert parts((1, 2)).name(0) == f"sets/s/parts/{'0' * 64}.parquet"
