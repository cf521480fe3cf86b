"""Candidates for a key: columns that tell all rows of both tables apart."""

from __future__ import annotations

import polars as pl

from estimates.guess.key_candidates import completed, key_candidates

SALES = pl.DataFrame(
    {
        "shop": ["a", "a", "b", "b"],
        "day": [1, 2, 1, 2],
        "sold": [0.5, 1.5, 2.5, 3.5],
        "row": [1, 2, 3, 4],
    }
)


def test_a_single_column_comes_before_pairs() -> None:
    """Decimal numbers are unique by chance and no candidate."""
    assert key_candidates(SALES, SALES) == [["row"]]


def test_pairs_where_no_column_is_enough() -> None:
    """Two columns together tell the rows apart."""
    rows = SALES.drop("row")
    assert key_candidates(rows, rows) == [["shop", "day"]]


def test_what_both_tables_share_comes_first() -> None:
    """A number of the row is unique in each table; the code that both have is the better key."""
    old = pl.DataFrame({"row": [1, 2, 3, 4], "code": ["p", "q", "r", "s"]})
    new = pl.DataFrame({"row": [1, 2, 9, 8], "code": ["p", "q", "r", "s"]})
    assert key_candidates(old, new) == [["code"], ["row"]]


def test_nulls_and_other_types_are_no_key() -> None:
    """A key is filled on every row and of one type in both tables."""
    rows = pl.DataFrame({"a": [1, None], "b": ["x", "y"]})
    other = pl.DataFrame({"a": [1, 2], "b": [1, 2]})
    assert key_candidates(rows, other) == []


def test_a_key_is_completed_by_as_few_as_possible() -> None:
    """One more column where that is enough, two where it takes two, else none."""
    assert completed([SALES], ["shop"], ["sold", "day"]) == ["shop", "sold"]
    assert completed([SALES], ["shop"], ["day"]) == ["shop", "day"]
    cube = pl.DataFrame({"x": [0] * 4, "y": [0, 0, 1, 1], "z": [0, 1, 0, 1]})
    assert completed([cube], ["x"], ["y", "z"]) == ["x", "y", "z"]
    assert completed([pl.concat([cube, cube])], ["x"], ["y", "z"]) is None


def test_three_columns_together() -> None:
    """Where neither one nor two tell the rows apart, three are proposed."""
    rows = [(day, shop, item, 1.5) for day in "ab" for shop in "xyz" for item in "klmn"]
    frame = pl.DataFrame(rows, schema=["day", "shop", "item", "sold"], orient="row")
    assert key_candidates(frame, frame) == [["day", "shop", "item"]]
