"""The key in a URL: segments of a path, leading parts in a query."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates import InvalidError
from estimates_api.http.key_path import leading_key, read_key, read_segment

KEY = ["ticker", "target_date"]


def test_a_date_is_its_iso_text() -> None:
    """A date in a path is the text of the key part, nothing is encoded."""
    assert read_key("AAPL/2024-06-03") == ["AAPL", "2024-06-03"]


@given(st.lists(st.text(min_size=1), min_size=1, max_size=4))
def test_any_key_comes_back(parts: list[str]) -> None:
    """Parts with slashes, signs and other alphabets are what was encoded."""
    assert read_key("/".join(quote(part, safe="") for part in parts)) == parts


def test_a_segment_is_decoded_once() -> None:
    """An encoded percent sign stays one."""
    assert read_segment("%2541") == "%41"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, []),
        ({"ticker": "AAPL", "limit": "2"}, ["AAPL"]),
        ({"target_date": "2024-06-03", "ticker": "AAPL"}, ["AAPL", "2024-06-03"]),
    ],
)
def test_leading_parts_come_in_the_order_of_the_key(
    query: dict[str, str], expected: list[str]
) -> None:
    """The order of the query does not count; parameters of the route are no parts."""
    assert leading_key(query, KEY, ["limit"]) == expected


@pytest.mark.parametrize(
    ("query", "code"),
    [({"target_date": "2024-06-03"}, "key_parts"), ({"colour": "red"}, "unknown_parameter")],
)
def test_what_is_no_leading_part_is_refused(query: dict[str, str], code: str) -> None:
    """A gap in the key, and a name that nobody knows."""
    with pytest.raises(InvalidError) as raised:
        leading_key(query, KEY, ["limit"])
    assert raised.value.code == code


def test_a_reserved_name_is_no_part() -> None:
    """A key column that is named like a parameter cannot be filtered by."""
    assert leading_key({"by": "d"}, ["by", "ticker"], ["by"], reserved=["by"]) == []
