"""One key in many versions: parts that they share are read once, and no read file is made."""

from __future__ import annotations

import tempfile
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given

from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates.lookup import key_rows
from estimates.lookup.stored_row import stored_row
from estimates.store.store import Store
from tests.builders import code_of, make_store, parquet_of, provenance
from tests.lookup.read_files import built, contract_of, frame_of, search, tables
from tests.s3_server import S3Server

SOURCE = 'name = "scores"\n[key.customer]\ntype = "string"\n[columns.score]\n'
KEYS = [f"c{number:04}" for number in range(120)]
KEY = "c0060"


@given(tables())
def test_a_row_of_the_parquet_file_is_that_of_the_read_file(
    table: tuple[Contract, dict[tuple[Any, ...], tuple[Any, Any]]],
) -> None:
    """The same bytes for keys that are there, nothing for others."""
    contract, cells = table
    with built(contract, cells) as file, tempfile.TemporaryDirectory() as folder:
        parquet = Path(folder) / "file.parquet"
        frame_of(contract, cells).write_parquet(parquet, row_group_size=5)
        for key in cells:
            wanted = search(contract, *key)
            assert stored_row(parquet, contract.shape(), wanted) == file.get(wanted)
        absent = {"string": "never", "integer": 7, "date": "2024-02-03"}
        kinds = [column.type for column in contract.shape().key]
        other = [absent.get(kind, "2024-01-01T00:00:00Z") for kind in kinds]
        wanted = search(contract, *other)
        assert stored_row(parquet, contract.shape(), wanted) == file.get(wanted)


def test_what_only_looks_like_a_date_is_no_key() -> None:
    """Where a read file would find nothing, neither does its part."""
    contract = contract_of(("date",))
    frame = frame_of(contract, {(date(2024, 1, 1),): (1.0, None)})
    parquet = BytesIO()
    frame.write_parquet(parquet)
    wanted = search(contract, "2024-99-99")
    assert stored_row(parquet, contract.shape(), wanted) is None


def publish_many(store: Store, versions: int, promoted: int = 0) -> list[float]:
    """Versions of 120 scores of which each changes a few, and the score of KEY in each; the first
    ones are promoted.
    """
    store.define(parse_contract(SOURCE), SOURCE)
    scores = {key: 100.0 + number for number, key in enumerate(KEYS)}
    said: list[float] = []
    for number in range(1, versions + 1):
        changed = KEY if number % 4 == 0 else KEYS[number]
        scores[changed] += number / 1000
        said.append(scores[KEY])
        rows = pl.DataFrame({"customer": list(scores), "score": list(scores.values())})
        store.publish("scores", rows, provenance(f"run-{number}", number))
        if number <= promoted:
            store.promote("scores", number, reason="test")
    return said


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("promoted", [0, 5, 12])
def test_no_read_file_is_made(
    local_store: Store, promoted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Versions that were never promoted are read from their Parquet files, a shared part once."""
    said = publish_many(local_store, 12, promoted)
    parts: list[object] = []

    def reads(parquet: Any, *of: Any) -> bytes | None:
        parts.append(parquet)
        return stored_row(parquet, *of)

    monkeypatch.setattr(key_rows, "stored_row", reads)
    reader = Store(local_store.root)
    history = reader["scores"].history(KEY).body["history"]
    assert [entry["estimate"]["score"] for entry in history] == said
    assert not list(reader.cache.glob("*.lookup"))
    assert len(parts) == len({*said[promoted:]} - {*said[:promoted]})
    assert reader["scores"].history("never").body["history"][3]["estimate"] is None


@pytest.mark.usefixtures("small_parts")
def test_damage_is_told(local_store: Store) -> None:
    """A damaged Parquet file without a read file is an error that names it."""
    publish_many(local_store, 2)
    path = Path(local_store.root) / parquet_of(local_store, local_store.resolve("scores", 2))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    reader = Store(local_store.root)
    assert code_of(lambda: reader["scores"].history(KEYS[0])) == "file_damaged"


@pytest.fixture
def bucket(
    s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_parts: None
) -> Store:
    """An empty store in a bucket, with small parts."""
    for name, value in s3.environment().items():
        monkeypatch.setenv(name, value)
    url = f"sqlite:///{tmp_path / 'catalog.db'}"
    return make_store(f"s3://{s3.bucket()}/x", url, cache=tmp_path / "writer")


def replica(store: Store, cache: Path) -> Store:
    """The store on another machine."""
    return Store(store.root, catalog=str(store.catalog.engine.url), cache=cache)


@pytest.mark.slow
def test_a_replica_fetches_ranges(bucket: Store, tmp_path: Path) -> None:
    """A cold replica answers from ranges of read files, a history too; what is asked often is
    fetched.
    """
    said = publish_many(bucket, 5, 3)
    cold = replica(bucket, tmp_path / "cold")
    history = cold["scores"].history(KEY).body["history"]
    assert [entry["estimate"]["score"] for entry in history] == said
    assert cold["scores"].get(KEY)["score"] == said[2]
    assert not list(cold.cache.glob("*.lookup"))
    assert len(list((cold.cache / "manifests").iterdir())) == 5
    for key in [KEY] * 10:
        cold["scores"].get(key)
    assert len(list(cold.cache.glob("*.lookup"))) == 1
    assert cold["scores"].scan(limit=120).body["total"] == 120


@pytest.mark.slow
def test_a_damaged_read_file_in_a_bucket_is_passed_by(bucket: Store, tmp_path: Path) -> None:
    """The row comes from the part, and a lookup makes the read file anew."""
    said = publish_many(bucket, 3, 3)
    for name in bucket.objects.names("sets/scores/reads"):
        if name.endswith(".lookup"):
            content = bytearray(bucket.objects.get(name))
            content[1024:-600] = bytes(len(content) - 1624)
            bucket.objects.put(name, bytes(content))
    cold = replica(bucket, tmp_path / "cold")
    history = cold["scores"].history(KEY).body["history"]
    assert [entry["estimate"]["score"] for entry in history] == said
    assert cold["scores"].get(KEY)["score"] == said[-1]
    assert len(list(cold.cache.glob("*.lookup"))) == 1


@pytest.mark.slow
def test_a_read_file_that_goes_while_it_is_read_by_ranges(bucket: Store, tmp_path: Path) -> None:
    """As those of an earlier version do when production moves: no key is missing because of it."""
    said = publish_many(bucket, 3, 3)
    cold = replica(bucket, tmp_path / "cold")
    history = cold["scores"].history(KEYS[0]).body["history"]
    assert len(history) == 3
    for name in bucket.objects.names("sets/scores/reads"):
        bucket.objects.delete(name)
    history = cold["scores"].history(KEY).body["history"]
    assert [entry["estimate"]["score"] for entry in history] == said
    assert cold["scores"].get(KEYS[1])["score"] == 101.001
    assert cold["scores"].get(KEY)["score"] == said[-1]
