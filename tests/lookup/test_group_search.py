"""Bisection over groups: the same group whether the keys are in memory or not."""

from __future__ import annotations

import pytest

from estimates.keys.search_keys import SearchKeys
from estimates.lookup import group_search, read_file_writing
from estimates.lookup.group_search import GroupSearch
from estimates.lookup.mapped_file import map_file
from estimates.lookup.read_file_layout import AFTER, Pieces, decode_header
from tests.lookup.read_files import ID, built, contract_of, search

CONTRACT = contract_of(("integer",))
TABLE = {(i,): (float(i), None) for i in range(0, 40, 2)}


@pytest.mark.parametrize("in_memory", [False, True])
@pytest.mark.parametrize("limit", [2, 1000])
def test_every_key_lies_in_its_group(
    in_memory: bool, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are two to a group: the group of a row is half of its place, of what is absent too."""
    monkeypatch.setattr(read_file_writing, "GROUP", 2)
    monkeypatch.setattr(read_file_writing, "BLOCK", 2)
    monkeypatch.setattr(read_file_writing, "MEMORY_KEYS", limit)
    worth = 1_000_000 if in_memory else 0
    monkeypatch.setattr(group_search, "KEYS_WORTH_A_SEARCH", worth)
    with built(CONTRACT, TABLE) as file:
        content, size = map_file(file.path)
        header = decode_header(file.path, content, ID, size)
        blocks = Pieces(file.path, content, header.blocks, "block")
        groups = GroupSearch(content, blocks, header)
        keys = [search(CONTRACT, number) for number in range(40)]
        expected = [number // 4 for number in range(40)]
        assert [groups.find(key[0] + AFTER) for key in keys] == expected
        many = SearchKeys.of(keys)
        assert groups.find_many(many, many.numbers).tolist() == expected
        assert groups.find_many(many, many.numbers[1::2]).tolist() == expected[1::2]
        assert groups.find(search(CONTRACT, -1)[0] + AFTER) == -1
        for key, group in zip(keys, expected, strict=True):
            for low in range(-1, group + 1):
                next_one = groups.find_next(key[0] + AFTER, low)
                assert next_one == group if group <= low + 1 else next_one > low + 1
        assert (groups.keys is not None) == in_memory
