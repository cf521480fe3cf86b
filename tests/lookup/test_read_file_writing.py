"""How rows are cut into groups, and keys into blocks."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from estimates.lookup import read_file_writing
from estimates.lookup.read_file_writing import GROUP, _block, _group_starts, build
from tests.lookup.read_files import ID, contract_of, frame_of


def starts(*lengths: int) -> list[int]:
    """Where groups begin of runs of so many rows."""
    first = [n for n, length in enumerate(lengths) for _ in range(length)]
    frame = pl.DataFrame({"a": first, "b": range(len(first))})
    return _group_starts(frame, ["a", "b"]).tolist()


def test_one_key_column_is_cut_every_eight_rows() -> None:
    """None of no rows."""
    assert _group_starts(pl.DataFrame({"a": range(20)}), ["a"]).tolist() == [0, 8, 16]
    assert _group_starts(pl.DataFrame({"a": [], "b": []}), ["a", "b"]).tolist() == []


def test_runs_stay_together_unless_they_are_long() -> None:
    """Up to twice a group; a longer one is cut, and what follows may join its last piece."""
    assert GROUP == 8
    assert starts(16) == [0]
    assert starts(17) == [0, 8, 16]
    assert starts(3, 3, 3, 3) == [0, 9]
    assert starts(3, 17, 2) == [0, 3, 11, 19]
    assert starts(1, 1, 1) == [0]


def test_blocks_grow_until_their_keys_fit_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """By number and by bytes; whether all keys fit is said beside it."""
    keys = np.arange(0, 101) * 10  # 100 groups of ten bytes
    assert _block(keys) == (16, True)
    monkeypatch.setattr(read_file_writing, "MEMORY_KEYS", 4)
    assert _block(keys) == (32, False)
    monkeypatch.setattr(read_file_writing, "MEMORY_KEYS", 6)
    assert _block(keys) == (32, False)  # seven blocks of 16 are one too many
    monkeypatch.setattr(read_file_writing, "MEMORY_KEYS", 1 << 18)
    monkeypatch.setattr(read_file_writing, "MEMORY_BYTES", 10)
    assert _block(keys) == (128, False)


def test_what_cannot_be_written_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a file of that name nor a part of one; a full disk is said with the file, which the
    operating system does not name.
    """
    contract = contract_of(("integer",))
    frame = frame_of(contract, {(1,): (1.0, None)})

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr(read_file_writing, "_write_array", full)
    with pytest.raises(OSError, match=r"no room.*/a/file\.lookup"):
        build(frame, contract.shape(), ID, tmp_path / "a" / "file.lookup")
    assert list((tmp_path / "a").iterdir()) == []


def test_the_same_rows_are_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many are encoded at a time."""
    contract = contract_of(("string", "integer"))
    table = {(f"k{n // 7}", n): (n / 3, None) for n in range(100)}
    frame = frame_of(contract, table)
    written: set[bytes] = set()
    for chunk in (1, 10, 1 << 15):
        monkeypatch.setattr(read_file_writing, "CHUNK", chunk)
        build(frame, contract.shape(), ID, tmp_path / "file.lookup")
        written.add((tmp_path / "file.lookup").read_bytes())
    assert len(written) == 1
