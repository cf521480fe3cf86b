"""The revision triangle of a set, against its cells one by one."""

from __future__ import annotations

from itertools import product

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from estimates.stability.through_time.revision_report import Across
from estimates.stability.through_time.triangle import HORIZON, VALUE, VERSION, triangle_of

CELL = st.tuples(st.sampled_from("ab"), st.integers(1, 4), st.integers(1, 3))
CELLS = st.dictionaries(CELL, st.floats(-9, 9), min_size=1, max_size=12)


def rows(cells: dict[tuple[str, int, int], float]) -> pl.DataFrame:
    """A row a cell: key, version, horizon, value; one horizon a key and version."""
    schema = {"id": pl.String, VERSION: pl.Int64, HORIZON: pl.Int64, VALUE: pl.Float64}
    last = {(key, version): (horizon, x) for (key, version, horizon), x in cells.items()}
    table = [(*place, *cell) for place, cell in last.items()]
    return pl.DataFrame(table, schema, orient="row")


@given(CELLS, st.sampled_from(["horizon", "version"]))
@example({("a", 1, 2): 1.0, ("a", 2, 2): 2.0, ("b", 2, 1): 3.0}, "horizon")
def test_each_cell_is_what_was_said_last(
    cells: dict[tuple[str, int, int], float], across: Across
) -> None:
    """A row a key and a column a horizon, farthest first, or a version, oldest first; of two
    versions at one horizon the newer one counts, and what nobody said is null.
    """
    every = rows(cells)
    table = triangle_of(every, ["id"], across)
    of, letter = (HORIZON, "h") if across == "horizon" else (VERSION, "v")
    numbers = sorted(set(every[of]), reverse=across == "horizon")
    assert table.columns == ["id", *(f"{letter}{number}" for number in numbers)]
    keys = sorted(set(every["id"]))
    assert table["id"].to_list() == keys
    for key, number in product(keys, numbers):
        said = every.filter(pl.col("id") == key, pl.col(of) == number).sort(VERSION)
        value = table.filter(id=key)[f"{letter}{number}"].item()
        assert value == (said[VALUE][-1] if said.height else None)


def test_several_columns_are_a_key() -> None:
    """Rows are sorted by all of them."""
    table = triangle_of(
        rows({("b", 1, 1): 1.0, ("a", 1, 1): 2.0}).with_columns(day=pl.Series([2, 1])),
        ["day", "id"],
        "version",
    )
    assert table.rows() == [(1, "a", 2.0), (2, "b", 1.0)]
    assert table["v1"].to_list() == pytest.approx([2.0, 1.0])
