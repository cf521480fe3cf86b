"""Which rows are read by key before production moves, and what another number there means."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from estimates.contract.contract_file import parse_contract
from estimates.errors import CorruptError
from estimates.store import sampled_reads
from estimates.store.judge import Judgement
from estimates.store.sampled_reads import check_sampled_reads, row_numbers, sampled_rows
from estimates.store.store import Store
from tests.builders import SET, define, frame, provenance, publish


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


SCORES = 'name = "scores"\n[key.customer]\ntype = "string"\n[columns.score]\n'


def test_rows_are_of_the_parts_that_the_baseline_lacks(
    local_store: Store, small_parts: None
) -> None:
    """Others were looked at when that was promoted; of equal content all are."""
    assert small_parts is None
    local_store.define(parse_contract(SCORES), SCORES)
    keys = [f"c{number:04}" for number in range(400)]
    first = pl.DataFrame({"customer": keys, "score": [float(n % 7) for n in range(400)]})
    local_store.publish("scores", first, provenance("first"))
    local_store.promote("scores", 1, reason="good")
    changed = first.with_columns(
        score=pl.when(pl.col("customer") == "c0200").then(3.5).otherwise("score")
    )
    version = local_store.publish("scores", changed, provenance("second", 1))
    rows = sampled_rows(local_store, version, Judgement(local_store.judge("scores", 2)))
    assert 20 <= rows.height <= 60  # all of the one part that changed
    assert "c0200" in rows["customer"]
    again = local_store.publish("scores", first, provenance("third", 2))
    whole = sampled_rows(local_store, again, Judgement(local_store.judge("scores", 3)))
    assert whole.height == 100


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
