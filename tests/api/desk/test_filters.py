from __future__ import annotations

import pytest

from estimates_api.desk.filters import bounds


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[["ticker","AAPL"]]', "ticker AAPL"),
        ('[["segment",null],["horizon","3"]]', "segment none; horizon 3"),
        ('[["value.r",-0.1,0.25]]', "value.r from −0.1 to 0.25"),
        ('[["value.a",null,5]]', "value.a to 5"),
        ("no bounds", "no bounds"),
    ],
)
def test_bounds_are_said_in_words(text: str, words: str) -> None:
    """A bar is a range of a metric, a group a value; what is no bound stays as it is."""
    assert bounds(text) == words
