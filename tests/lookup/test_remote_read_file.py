"""A read file in a bucket answers as one on this machine does, and little of it is fetched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.contract.contract import Contract
from estimates.errors import CorruptError, NotFoundError, RefusedError
from estimates.keys.search_key import SearchKey
from estimates.keys.search_keys import SearchKeys
from estimates.lookup.read_file import ReadFile
from estimates.lookup.read_file_writing import build
from estimates.lookup.remote_read_file import FEW_KEYS, RemoteReadFile
from tests.builders import code_of
from tests.lookup.read_files import ID, built, contract_of, search, tables

Ranges = list[tuple[int, int]]


def remote(content: bytes, ranges: Ranges, whole: Callable[[], ReadFile]) -> RemoteReadFile:
    """A read file that is somewhere else, and the ranges that are read of it."""

    def fetch(start: int, stop: int) -> bytes:
        ranges.append((start, stop))
        return content[start:stop]

    return RemoteReadFile("bucket/file", ID, fetch, whole)


@given(tables(), st.data())
def test_it_answers_as_the_file(
    table: tuple[Contract, dict[tuple[Any, ...], tuple[Any, Any]]], data: st.DataObject
) -> None:
    """Keys that are there and that are not, leading parts of keys, batches and pages."""
    contract, cells = table
    with built(contract, cells) as here:
        there = remote(Path(here.path).read_bytes(), [], lambda: here)
        keys = [search(contract, *key) for key in cells]
        keys += [(key[0][:-1] + b"~\0", key[1]) for key in keys]
        for key in keys:
            assert there.get(key) == here.get(key)
            assert there.get_near(key, 1) == here.get_near(key, 1)
            assert there.read_few(key) == here.read_few(key)
        many = SearchKeys.of(keys)
        assert there.get_many(many) == here.get_many(many)
        for key in cells:
            prefix = search(contract, *key[: data.draw(st.integers(1, len(key)))])
            assert there.find(prefix) == here.find(prefix)
        numbers = range(len(cells) // 3, len(cells))
        assert there.read(numbers) == here.read(numbers)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> ReadFile:
    """A read file of 60,000 rows, a few megabytes."""
    path = tmp_path_factory.mktemp("large") / "file.lookup"
    rows = pl.DataFrame({"k0": range(60_000), "value": [0.1 * i for i in range(60_000)]})
    rows = rows.with_columns(note=pl.lit("x" * 40))
    build(rows, contract_of(("integer",)).shape(), ID, path)
    return ReadFile(path, ID)


def test_one_lookup_takes_four_requests(large: ReadFile) -> None:
    """The header, the keys, both tables and the group; less than a twentieth of the file."""
    content, ranges = Path(large.path).read_bytes(), Ranges()
    there = remote(content, ranges, lambda: large)
    key = search(contract_of(("integer",)), 31_415)
    assert there.get(key) == large.get(key)
    assert len(ranges) == 4
    assert sum(stop - start for start, stop in ranges) < len(content) / 20


def test_a_near_key_takes_three(large: ReadFile) -> None:
    """Who knows where the key was in another version does without the keys."""
    ranges = Ranges()
    there = remote(Path(large.path).read_bytes(), ranges, lambda: large)
    key = search(contract_of(("integer",)), 31_415)
    near = large.get_near(key, -1)[1]
    assert there.get_near(key, near) == (large.get(key), near)
    assert len(ranges) == 3


def test_much_is_asked_of_the_whole(large: ReadFile) -> None:
    """A batch of more than a few keys, and a long page, fetch the file."""
    fetched: list[bool] = []

    def whole() -> ReadFile:
        fetched.append(True)
        return large

    there = remote(Path(large.path).read_bytes(), [], whole)
    each = [search(contract_of(("integer",)), number) for number in range(FEW_KEYS + 1)]
    keys = SearchKeys.of(each)
    assert there.get_many(keys) == large.get_many(keys)
    assert there.read(range(5000)) == large.read(range(5000))
    assert len(fetched) == 2


@given(st.data())
def test_damage_is_an_error_and_no_wrong_row(data: st.DataObject) -> None:
    """Wherever a bit is flipped or the file ends, a row is right or `lookup_damaged`."""
    contract = contract_of(("string", "integer"))
    cells = {(name, i): (i / 3, None) for name in ("ab", "ö") for i in range(40)}
    with built(contract, cells) as here:
        content = bytearray(Path(here.path).read_bytes())
        if data.draw(st.booleans()):
            del content[data.draw(st.integers(0, len(content) - 1)) :]
        else:
            content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(
                st.integers(0, 7)
            )
        for key in cells:
            wanted = search(contract, *key)
            rows: list[bytes | None] = []

            def read(wanted: SearchKey = wanted, rows: list[bytes | None] = rows) -> None:
                there = remote(bytes(content), [], lambda: here)
                rows.extend((there.get(wanted), there.get_near(wanted, 3)[0]))

            if code_of(read) != "lookup_damaged":
                assert rows == [here.get(wanted)] * 2


def test_a_range_that_is_refused_is_damage(tmp_path: Path) -> None:
    """A bucket refuses ranges behind the end of a file; who asks then asks for all of it."""

    def fetch(start: int, stop: int) -> bytes:
        raise RefusedError("storage_refused", "416")

    with pytest.raises(CorruptError, match="length"):
        RemoteReadFile("bucket/file", ID, fetch, lambda: ReadFile(tmp_path, ID))


def test_a_file_that_was_removed_is_damaged_and_no_missing_key(large: ReadFile) -> None:
    """Whoever reads it goes on with what it can be made of."""
    content, there = Path(large.path).read_bytes(), True

    def fetch(start: int, stop: int) -> bytes:
        if not there:
            raise NotFoundError("no_object", "bucket/file: is not there")
        return content[start:stop]

    file = RemoteReadFile("bucket/file", ID, fetch, lambda: large)
    there = False
    assert code_of(lambda: file.get(search(contract_of(("integer",)), 7))) == "lookup_damaged"
