"""Small files that unpack to more than a machine has are refused before they do."""

from __future__ import annotations

import bz2
import gzip
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from estimates import InvalidError
from estimates_jobs.tables import table_sources, typed_files
from estimates_jobs.tables.table_files import read_table


def test_parquet_of_equal_rows_is_refused_by_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its rows are counted, not read; a table with keys of the same size is read."""
    monkeypatch.setattr(typed_files, "SWOLLEN_BYTES", 1 << 20)
    same, keys = tmp_path / "same.parquet", tmp_path / "keys.parquet"
    parquet.write_table(pa.table({"key": pa.repeat("a", 500_000)}), same)
    parquet.write_table(pa.table({"key": pa.array(range(500_000))}), keys)
    with pytest.raises(InvalidError, match="500,000 rows of 1 columns in") as refused:
        read_table(same)
    assert refused.value.code == "bad_file"
    assert read_table(keys).height == 500_000


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_text_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: object
) -> None:
    """No more of it than the limit is ever unpacked."""
    monkeypatch.setattr(table_sources, "SWOLLEN_BYTES", 1 << 20)
    monkeypatch.setattr(table_sources, "SWOLLEN_TIMES", 1)
    file = tmp_path / "bomb.csv"
    file.write_bytes(pack(b"key,score\n" + b"a,1\n" * 1_000_000))  # type: ignore[operator]
    with pytest.raises(InvalidError, match="unpacks to more than 1,048,576 bytes"):
        read_table(file)
