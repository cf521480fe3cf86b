"""Which parts two snapshots share, and what is kept of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from estimates.contract.contract_file import parse_contract
from estimates.storage.column_cache import ColumnCache, PartColumns
from estimates.storage.parts import Part
from estimates.storage.shared_parts import stretches
from estimates.storage.snapshot import manifest_of

SHAPE = parse_contract('name = "s"\n[key.id]\ntype = "string"\n[columns.x]\n').shape()
KNOWN = PartColumns(3, [("x", "Float64")], True, {"x": (2, "7"), "y": (3, "8")})
NUMBERS = {
    "x": (np.array([1.0, 2.0]), np.array([1, 0], np.int32)),
    "y": (np.array([-1.0, 0.0, 5.0]), np.array([2, 0, 1], np.int32)),
}


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("abc", "abc", [("", "", "abc")]),
        ("abc", "aBc", [("", "", "a"), ("b", "B", "c")]),
        ("abc", "Abc", [("a", "A", "bc")]),
        ("abc", "ac", [("", "", "a"), ("b", "", "c")]),
        ("ac", "abbc".replace("bb", "bB"), [("", "", "a"), ("", "bB", "c")]),
        ("abcd", "aXYdZ", [("", "", "a"), ("bc", "XY", "d"), ("", "Z", "")]),
        ("abc", "xyz", []),
    ],
)
def test_stretches(a: str, b: str, expected: list[tuple[str, str, str]]) -> None:
    """Parts of one version alone stand before the shared ones that follow them in both."""
    manifests = [
        manifest_of(SHAPE, tuple(Part(name, 1, 1, (name,), (name,)) for name in names))
        for names in (a, b)
    ]
    pieces = stretches(*manifests)
    assert [
        tuple("".join(p.sha256 for p in side) for side in piece) for piece in pieces
    ] == expected


def test_columns_are_kept(tmp_path: Path) -> None:
    """What was put comes back, in whatever process; what is not there is None."""
    ColumnCache(tmp_path / "new").put("d", KNOWN, NUMBERS)
    kept = ColumnCache(tmp_path / "new").get("d")
    assert kept is not None
    assert kept[0] == KNOWN
    assert all(map(np.array_equal, kept[1]["x"], NUMBERS["x"]))
    assert all(map(np.array_equal, kept[1]["y"], NUMBERS["y"]))
    assert ColumnCache(tmp_path / "new").get("e") is None


def test_every_flipped_bit_is_noticed(tmp_path: Path) -> None:
    """A file with one bit flipped anywhere, or cut off, is as good as none."""
    cache = ColumnCache(tmp_path)
    cache.put("d", KNOWN, NUMBERS)
    path = tmp_path / "d.columns"
    whole = path.read_bytes()
    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << at % 8
        path.write_bytes(damaged)
        kept = cache.get("d")
        # what fills up to a multiple of 8 says nothing
        is_whole = kept is not None and all(map(np.array_equal, kept[1]["x"], NUMBERS["x"]))
        assert kept is None or (kept[0] == KNOWN and is_whole), at
    for size in (0, 5, len(whole) - 8):
        path.write_bytes(whole[:size])
        assert cache.get("d") is None
