"""The first rows of a long list."""

from __future__ import annotations

import polars as pl
import pytest

from estimates_api.serving.leading_rows import depth_for, leading_rows


@pytest.mark.parametrize(
    ("stop", "depth"), [(1, 10_000), (10_000, 10_000), (10_001, 100_000), (2_000_000, 10_000_000)]
)
def test_pages_one_after_another_share_what_is_kept(stop: int, depth: int) -> None:
    """Ten times as much is kept for whoever reads on."""
    assert depth_for(stop) == depth


def test_only_the_first_rows_stay_in_memory() -> None:
    """What is kept has the first rows and says how many there are, and does not hold the others."""
    whole = pl.DataFrame({"name": [f"a name of more than twelve bytes {i}" for i in range(50_000)]})
    kept = leading_rows(lambda: whole, 10)
    assert kept.rows.equals(whole.head(10))
    assert kept.total == 50_000
    assert kept.estimated_size() < 1000
    assert leading_rows(lambda: whole, 50_000).rows.equals(whole)
