"""Which rows of a table are a set's own."""

from __future__ import annotations

import polars as pl
import pytest

from estimates.contract.own_rows import own_rows
from estimates.errors import InvalidError

TABLE = pl.DataFrame(
    {"target": ["hosp", "hosp", "deaths", None], "week": [1, 2, 1, 1], "final": [True] * 4}
)


@pytest.mark.parametrize(
    ("where", "rows"),
    [
        ({"target": "hosp"}, [0, 1]),
        ({"target": ("hosp", "deaths")}, [0, 1, 2]),
        ({"target": "hosp", "week": 2}, [1]),
        ({"final": True, "week": "1"}, [0, 2, 3]),
        ({}, [0, 1, 2, 3]),
    ],
)
def test_rows_are_chosen_by_their_text(where: dict[str, object], rows: list[int]) -> None:
    """Of text, numbers and booleans alike; null is no value; what is left out is counted."""
    notes: list[tuple[object, ...]] = []
    own = own_rows(
        TABLE.with_row_index(),
        where,  # pyrefly: ignore
        "t.csv",
        lambda source, said, own, of: notes.append((source, own, of)),
    )
    assert own["index"].to_list() == rows
    assert notes == ([] if len(rows) == 4 else [("t.csv", len(rows), 4)])


def test_no_row_and_no_column_are_errors() -> None:
    """The values, or the column, that there are instead are named."""
    with pytest.raises(InvalidError, match="'deaths', 'hosp'") as caught:
        own_rows(TABLE, {"target": "wk inc flu"}, "t.csv", print)
    assert caught.value.code == "no_rows"
    with pytest.raises(InvalidError, match="did you mean 'target'") as caught:
        own_rows(TABLE, {"targte": "hosp"}, "t.csv", print)
    assert caught.value.code == "columns"
