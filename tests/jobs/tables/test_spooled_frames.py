"""Parts of a long answer, in memory and in files."""

from __future__ import annotations

import polars as pl
import pytest

from estimates_jobs.tables import spooled_frames
from estimates_jobs.tables.spooled_frames import SpooledFrames

EMPTY = pl.DataFrame(schema={"n": pl.Int64})


@pytest.mark.parametrize("limit", [1 << 20, 20, 0])
def test_rows_come_back_in_order(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether all, some or no frames fit into memory; types become those that hold all."""
    monkeypatch.setattr(spooled_frames, "_IN_MEMORY", limit)
    spooled = SpooledFrames()
    for values in ([1, 2], [3], [0.5], [4, 5], [6]):
        spooled.add(pl.DataFrame({"n": values}))
    rows = spooled.rows(EMPTY).collect()
    assert rows["n"].to_list() == [1.0, 2.0, 3.0, 0.5, 4.0, 5.0, 6.0]
    assert rows.schema == {"n": pl.Float64}
    assert spooled.rows(EMPTY).collect().equals(rows)


def test_no_frame_is_an_empty_one() -> None:
    """Its columns are there."""
    assert SpooledFrames().rows(EMPTY).collect().equals(EMPTY)
