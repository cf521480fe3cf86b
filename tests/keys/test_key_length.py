"""Keys of another length than the contract's lead on to what their reader wants."""

from __future__ import annotations

import pytest

from estimates.keys.key_length import wrong_length

COLUMNS = ["shop", "day"]


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ((), "got none; give shop, day too, or list what begins so: `estimates get s`, "),
        (("a b",), "got 1: a b; give day too, or list what begins so: `estimates get s 'a b'`, "),
        (("a&b",), "/v1/sets/s/estimates?shop=a%26b over HTTP"),
        (("\ud800",), "/v1/sets/s/estimates?shop=%3F over HTTP"),
        (("a", "b", "c"), "got 3: a, b, c; leave out what comes after day"),
    ],
)
def test_it_says_what_is_lacking_and_where_to_look(key: tuple[str, ...], said: str) -> None:
    """The parts that are lacking, and the questions that take a leading part; or what is too
    many.
    """
    error = wrong_length("s", COLUMNS, key)
    assert error.code == "key_parts"
    assert error.message.startswith("s: a key has 2 parts, {shop}/{day}; got ")
    assert said in error.message
