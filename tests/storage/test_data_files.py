"""Data files: verified before their first use, then read whole, in part or in pieces."""

from __future__ import annotations

import hashlib
from pathlib import Path

import polars as pl
import pytest

from estimates.catalog.records import Version
from estimates.errors import CorruptError
from estimates.storage import data_files
from estimates.store.store import Store
from tests.builders import SET, TICKERS, define, parquet_of, publish


@pytest.fixture
def version(local_store: Store) -> Version:
    """A published version."""
    define(local_store)
    return publish(local_store, "run")


@pytest.fixture
def path(local_store: Store, version: Version) -> Path:
    """Its Parquet file."""
    return Path(local_store.root) / parquet_of(local_store, version)


def test_a_file_says_what_it_is(local_store: Store, version: Version, path: Path) -> None:
    """Its size and digest are those of the stored bytes, and the pieces are these bytes."""
    (file,) = local_store.data_files.open(SET, version.snapshot_id).parts
    content = path.read_bytes()
    assert (file.size, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert b"".join(file.pieces(0, file.size)) == content
    assert b"".join(file.pieces(4, 10)) == content[4:10]


def test_long_files_come_in_pieces(
    local_store: Store, version: Version, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No piece is longer than PIECE; the frames are the same."""
    monkeypatch.setattr(data_files, "PIECE", 100)
    opened = local_store.data_files.open(SET, version.snapshot_id)
    (file,) = opened.parts
    pieces = list(file.pieces(0, file.size))
    assert {len(piece) for piece in pieces[:-1]} == {100}
    assert b"".join(pieces) == path.read_bytes()
    assert pl.concat(opened.frames()).equals(local_store.frame(version))


def test_columns_of_chosen_rows(local_store: Store, version: Version) -> None:
    """`select` gives the named columns of the rows that fulfil a condition, in key order."""
    file = local_store.data_files.open(SET, version.snapshot_id)
    rows = file.select(["value"], pl.col("ticker") == TICKERS[0])
    assert rows.columns == ["value"]
    assert rows["value"].to_list() == [100.03, 100.0]
    assert file.select(["ticker"])["ticker"].to_list() == sorted(2 * list(TICKERS))


def test_the_first_frame_has_no_rows(local_store: Store, version: Version) -> None:
    """It has the columns, so that a reader knows them before any row."""
    first, *others = local_store.data_files.open(SET, version.snapshot_id).frames()
    assert (first.height, first.columns) == (0, ["ticker", "target_date", "value", "note"])
    assert sum(rows.height for rows in others) == 6


def test_a_damaged_file_is_refused(local_store: Store, version: Version, path: Path) -> None:
    """Another byte of the same length is `file_damaged`, also after it was verified once."""
    local_store.data_files.open(SET, version.snapshot_id)
    content = bytearray(path.read_bytes())
    content[10] ^= 1
    path.unlink()
    path.write_bytes(content)
    with pytest.raises(CorruptError) as caught:
        local_store.data_files.open(SET, version.snapshot_id)
    assert caught.value.code == "file_damaged"


def test_a_missing_file_is_named(local_store: Store, version: Version, path: Path) -> None:
    """A file that is gone is `file_missing`."""
    path.unlink()
    with pytest.raises(CorruptError) as caught:
        local_store.data_files.open(SET, version.snapshot_id)
    assert caught.value.code == "file_missing"
