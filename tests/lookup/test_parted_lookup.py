"""A lookup over several parts answers as one read file of all rows does."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.contract.contract import Contract
from estimates.errors import CorruptError
from estimates.keys.search_key import search_pieces
from estimates.keys.search_keys import SearchKeys
from estimates.lookup.parted_lookup import Lookup, PartedLookup
from estimates.lookup.read_file import ReadFile
from estimates.lookup.read_file_writing import build
from estimates.render.row_text import joined
from tests.lookup.read_files import ID, frame_of, search, tables


def parted(contract: Contract, rows: Any, cuts: list[int], folder: Path) -> PartedLookup:
    """A lookup over parts that begin at the cuts."""
    starts = [0, *cuts, rows.height]
    files: list[ReadFile] = []
    for number, (start, stop) in enumerate(pairwise(starts)):
        path = folder / str(number)
        build(rows.slice(start, stop - start), contract.shape(), ID, path)
        files.append(ReadFile(path, ID))
    firsts = rows.select(joined(search_pieces(rows, list(contract.key)))).to_series()
    keys = [firsts[start].encode() for start in starts[:-1]]
    return PartedLookup(keys, starts, files.__getitem__, lambda _: None, lambda: files)


@given(tables(), st.data())
def test_parts_answer_as_the_whole(
    table: tuple[Contract, dict[tuple[Any, ...], tuple[Any, Any]]], data: st.DataObject
) -> None:
    """Whole keys, leading parts of keys, batches and pages are those of one file."""
    contract, cells = table
    rows = frame_of(contract, cells)
    if rows.height < 2:
        return
    cuts = sorted(data.draw(st.sets(st.integers(1, rows.height - 1), min_size=1, max_size=4)))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build(rows, contract.shape(), ID, folder / "whole")
        whole, several = ReadFile(folder / "whole", ID), parted(contract, rows, cuts, folder)
        keys = [search(contract, *key) for key in rows.select(list(contract.key)).rows()]
        absent = [(key[0][:-1] + b"~\0", key[1]) for key in keys]
        asks: list[Callable[[Lookup], object]] = [
            lambda lookup: lookup.get_many(SearchKeys.of([*keys, *absent])),
            lambda lookup: [lookup.get(key) for key in [*keys, *absent]],
            lambda lookup: lookup.find((b"", b"")),
        ]
        prefixes = {
            search(contract, *key[:count])
            for key in rows.select(list(contract.key)).rows()
            for count in range(1, len(contract.key) + 1)
        }
        asks += [lambda lookup, of=of: lookup.find(of) for of in sorted(prefixes)]
        bounds = [0, rows.height // 3, rows.height // 2]
        asks += [
            lambda lookup, a=a, b=b: lookup.read(range(a, b))
            for a in bounds
            for b in [*bounds, rows.height]
        ]
        for ask in asks:
            assert ask(several) == ask(whole)
        for of in prefixes:
            few = several.read_few(of)
            assert few is None or few == (len(whole.find(of)), whole.read(whole.find(of)))


def test_a_part_that_stays_damaged_is_an_error() -> None:
    """What is damaged again after it was made again is told."""
    discarded: list[int] = []

    def damaged(part: int) -> ReadFile:
        raise CorruptError("lookup_damaged", f"part {part}")

    lookup = PartedLookup([b"a\0", b"c\0"], [0, 5, 9], damaged, discarded.append, list)
    with pytest.raises(CorruptError, match="part 1"):
        lookup.get((b"d\0", b'\n{"k":"d",'))
    assert discarded == [1]
    assert lookup.get((b"A\0", b'\n{"k":"A",')) is None
