"""Snapshots: the same frame the same bytes; whatever is altered afterwards is found and named."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.catalog.records import Version
from estimates.contract.conform import conform
from estimates.errors import CorruptError, EstimatesError
from estimates.storage import snapshot
from estimates.store.store import Store
from estimates.store.verify import verify
from tests.builders import (
    SET,
    contract,
    define,
    frame,
    manifest_of,
    parquet_of,
    promoted,
    provenance,
    publish,
)

PARQUET = "estimates.parquet"
MANIFEST = "manifest.json"


def path_of(store: Store, version: Version, name: str) -> Path:
    """A file of a snapshot."""
    folder = snapshot.folder(version.set, version.snapshot_id)
    return Path(store.root) / (
        parquet_of(store, version) if name == PARQUET else f"{folder}/{name}"
    )


@given(order=st.permutations(range(6)), chunks=st.integers(1, 3))
def test_same_rows_same_bytes(order: list[int], chunks: int) -> None:
    """Row order, column order, chunks and the sign of zero do not change the bytes."""
    rows = frame(0.0)
    other = rows[order].select(reversed(rows.columns))
    other = pl.concat([other[i::chunks] for i in range(chunks)], rechunk=False)
    other = other.with_columns(
        pl.when(pl.col("value") == 0).then(-0.0).otherwise("value").alias("value")
    )
    first, two = (
        list(snapshot.encode_parts(conform(f, contract()), contract().shape()))
        for f in (rows, other)
    )
    assert first == two


def test_content_and_shape_name_the_snapshot() -> None:
    """Another value, and the same values in another unit, are other snapshots."""
    euros = contract(more='[columns.other]\nunit = "EUR"\n').shape()
    names = {
        manifest_of(frame(100.0), contract()).snapshot_id,
        manifest_of(frame(100.1), contract()).snapshot_id,
        manifest_of(frame(100.0), contract(), euros).snapshot_id,
    }
    assert len(names) == 3


def test_publishing_twice_is_harmless(local_store: Store) -> None:
    """The same content published again is another version of the same files."""
    define(local_store)
    first, second = publish(local_store, "a"), publish(local_store, "b")
    assert (first.version, second.version) == (1, 2)
    assert first.snapshot_id == second.snapshot_id


@pytest.mark.parametrize("name", [PARQUET, MANIFEST])
@pytest.mark.parametrize("damage", ["truncated", "altered", "missing", "empty"])
def test_damage_is_found_and_named(local_store: Store, name: str, damage: str) -> None:
    """A damaged file is an error that names it, on open and in verify; the other one is whole."""
    define(local_store)
    promoted(local_store, "good", 100.0)
    version = publish(local_store, "bad", 100.1)
    file = path_of(local_store, version, name)
    content = file.read_bytes()
    if damage == "missing":
        file.unlink()
    else:
        altered = (
            content[: len(content) // 2]
            + bytes([content[len(content) // 2] ^ 1])
            + content[len(content) // 2 + 1 :]
        )
        file.write_bytes({"truncated": content[:-1], "altered": altered, "empty": b""}[damage])
    with pytest.raises(CorruptError) as caught:
        Store(local_store.root)[SET].scan(ref=2)
    assert str(file) in caught.value.message
    [fault] = verify(local_store)
    assert (fault.set, fault.version, fault.code) == (SET, 2, caught.value.code)
    assert str(file) in fault.message


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "step"),
    [
        (PARQUET, 97),
        (MANIFEST, 31),
        pytest.param(PARQUET, 23, marks=pytest.mark.stack),
        pytest.param(MANIFEST, 1, marks=pytest.mark.stack),
    ],
)
def test_no_flipped_byte_goes_unnoticed(local_store: Store, name: str, step: int) -> None:
    """Whichever byte of a snapshot is altered, verify finds it."""
    define(local_store)
    file = path_of(local_store, publish(local_store, "run"), name)
    content = file.read_bytes()
    for i in range(0, len(content), step):
        file.write_bytes(content[:i] + bytes([content[i] ^ 0x11]) + content[i + 1 :])
        assert [fault.version for fault in verify(local_store)] == [1], (
            f"byte {i}: {content[i : i + 20]!r}"
        )
    file.write_bytes(content)
    assert verify(local_store) == []


def test_a_damaged_version_is_refused_by_the_gate(local_store: Store) -> None:
    """A version whose file was altered gets a verdict that blocks; repairing it by publishing again
    lets it pass.
    """
    define(local_store)
    version = publish(local_store, "run")
    path_of(local_store, version, PARQUET).write_bytes(b"PAR1")
    assert local_store.judge(SET, 1).blocks
    publish(local_store, "again")
    assert not local_store.judge(SET, 1).blocks


def test_another_manifest_under_the_same_name_is_corruption(local_store: Store) -> None:
    """Publishing content whose manifest is there but says something else stops."""
    define(local_store)
    file = path_of(local_store, publish(local_store, "run"), MANIFEST)
    file.write_bytes(file.read_bytes().replace(b'"rows": 6', b'"rows": 7'))
    with pytest.raises(CorruptError) as caught:
        publish(local_store, "again")
    assert caught.value.code == "manifest_differs"


def test_a_newer_format_is_refused(local_store: Store) -> None:
    """A manifest of a format that this reader does not know is an error that says so."""
    define(local_store)
    file = path_of(local_store, publish(local_store, "run"), MANIFEST)
    file.write_bytes(file.read_bytes().replace(b'"format": 2', b'"format": 3'))
    with pytest.raises(CorruptError) as caught:
        local_store[SET].scan(ref=1)
    assert caught.value.code == "manifest_format"


def test_copies_of_the_catalog_are_completed(local_store: Store) -> None:
    """Copies that were lost after the commit are written by the next publish."""
    define(local_store)
    promoted(local_store, "a")
    folder = Path(local_store.root) / "log"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert len(before) == local_store.view().last_event
    max(folder.iterdir()).unlink()
    publish(local_store, "b")
    assert {path.name for path in folder.iterdir()} > set(before)
    assert verify(local_store) == []
    assert {name: (folder / name).read_bytes() for name in before} == before


def test_storage_that_fails_is_said(local_store: Store) -> None:
    """Where files cannot be written publish says so with a code, and no version exists."""
    define(local_store)
    place = Path(local_store.root) / "sets" / SET / "snapshots"
    place.parent.mkdir(parents=True)
    place.write_bytes(b"a file where a folder is needed")
    with pytest.raises(EstimatesError) as caught:
        local_store.publish(SET, frame(), provenance("run"))
    assert caught.value.code == "storage_refused"
    assert local_store[SET].versions() == []


def test_targets_are_dates() -> None:
    """The frame of these tests is what it claims to be."""
    assert conform(frame(), contract())["target_date"].unique().to_list() == [
        date(2024, 6, 3),
        date(2024, 6, 4),
    ]
