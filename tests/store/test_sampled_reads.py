"""Which rows are read by key before production moves, and what another number there means."""

from __future__ import annotations

from typing import Any

import pytest

from estimates.errors import CorruptError
from estimates.store import sampled_reads
from estimates.store.judge import Judgement
from estimates.store.sampled_reads import check_sampled_reads, row_numbers, sampled_rows
from estimates.store.store import Store
from tests.builders import SET, define, frame, publish


@pytest.mark.parametrize(
    ("parts", "drawn"),
    [([1000], 100), ([40], 40), ([10, 0, 5], 15), ([70, 1000, 3], 100), ([0], 0)],
)
def test_so_many_rows_are_drawn_each_once(parts: list[int], drawn: int) -> None:
    """Ascending, of the rows that each part has; all of them where there are few."""
    numbers = row_numbers(parts, 7)
    assert len(numbers) == len(parts)
    assert sum(map(len, numbers)) == drawn
    for rows, of_part in zip(parts, numbers, strict=True):
        assert of_part == sorted(set(of_part))
        assert all(0 <= number < rows for number in of_part)


def test_the_same_content_is_looked_at_in_the_same_rows() -> None:
    """Other content in others."""
    assert row_numbers([1000, 1000], 7) == row_numbers([1000, 1000], 7)
    assert row_numbers([1000, 1000], 7) != row_numbers([1000, 1000], 8)


def judged(store: Store, number: int) -> Judgement:
    """A version's judgement, without its rows at hand."""
    verdict = store.judge(SET, number)
    return Judgement(verdict)


def test_rows_are_of_the_parts_that_the_baseline_lacks(
    local_store: Store, small_parts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others were looked at when that was promoted; of equal content all are."""
    assert small_parts is None
    define(local_store)
    publish(local_store, "first")
    local_store.promote(SET, 1, reason="good")
    version = publish(local_store, "second", 101.0, day=1)
    monkeypatch.setattr(sampled_reads, "SAMPLED_READS", 4)
    rows = sampled_rows(local_store, version, judged(local_store, 2))
    assert rows.height == 4
    again = publish(local_store, "third", 100.0, day=2)
    assert sampled_rows(local_store, again, judged(local_store, 3)).height == 4


def test_another_number_by_key_is_damage(
    local_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names the key and the files to remove; right ones are counted."""
    define(local_store)
    version = publish(local_store, "first")
    judgement = judged(local_store, 1)
    assert check_sampled_reads(local_store, version, judgement) == frame().height

    def others(*of: Any) -> Any:
        rows = sampled_rows(*of)
        return rows.with_columns(rows["value"] + 1)

    monkeypatch.setattr(sampled_reads, "sampled_rows", others)
    with pytest.raises(CorruptError, match=r"reading AAPL/2024-06-03 gives another") as damaged:
        check_sampled_reads(local_store, version, judgement)
    assert damaged.value.code == "read_differs"
