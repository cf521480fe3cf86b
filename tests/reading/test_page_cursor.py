"""Cursors: text for a URL and back, and what is no cursor of ours."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.errors import InvalidError
from estimates.reading.page_cursor import (
    MAX_LIMIT,
    ScanCursor,
    check_limit,
    cursor_version,
    decode_cursor,
    encode_cursor,
)

NUMBERS = st.integers(0, 2**40)


@given(NUMBERS, NUMBERS, NUMBERS)
def test_a_cursor_comes_back(version: int, row: int, mark: int) -> None:
    """Three numbers as letters, digits, - and _, and the same numbers again."""
    text = encode_cursor([version, row, mark])
    assert text.replace("-", "a").replace("_", "a").isalnum()
    assert decode_cursor(text, ScanCursor) == (version, row, mark)
    assert cursor_version(text) == version


@pytest.mark.parametrize(
    "text",
    ["", "x", "ä", "AAAA", base64.b64encode(b"[1,2]").decode(), encode_cursor([1, 2, 3, 4])],
)
def test_what_is_no_cursor_is_refused(text: str) -> None:
    """Text that was not made by `encode_cursor`, and a cursor of another kind."""
    with pytest.raises(InvalidError) as caught:
        cursor_version(text)
    assert caught.value.code == "bad_cursor"


@pytest.mark.parametrize("limit", [0, -1, MAX_LIMIT + 1])
def test_a_page_has_between_one_row_and_the_most(limit: int) -> None:
    """Limits outside of that are refused."""
    check_limit(1)
    check_limit(MAX_LIMIT)
    with pytest.raises(InvalidError) as caught:
        check_limit(limit)
    assert caught.value.code == "bad_limit"


@pytest.mark.parametrize("last", [1, 101])
def test_a_limit_of_other_things_names_both_ends(last: int) -> None:
    """What is limited has a name and ends of its own, which the error says."""
    check_limit(2, 100, least=2, name="last")
    check_limit(100, 100, least=2, name="last")
    with pytest.raises(InvalidError, match=f"last {last} is not between 2 and 100") as caught:
        check_limit(last, 100, least=2, name="last")
    assert caught.value.code == "bad_limit"
