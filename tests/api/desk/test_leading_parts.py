"""Parts of a key that a form of the desk asks for."""

from __future__ import annotations

import pytest

from estimates_api.desk.leading_parts import LeadingParts
from tests.builders import code_of

KEY = ["ticker", "day", "step"]


def test_parts_without_a_gap() -> None:
    """Leading parts go on to the routes by the names of their columns, whatever these are."""
    parts = LeadingParts(["k2", "k1"], {"k1": "a", "k2": ""})
    assert parts.query() == {"k2": "a"}
    assert parts.fields == [("k2", "k1", "a"), ("k1", "k2", "")]
    assert parts.any
    assert not LeadingParts(KEY, {}).any


def test_a_gap() -> None:
    """What stands behind one is refused, or told apart where there may be any."""
    query = {"k1": "a", "k3": "5"}
    assert code_of(lambda: LeadingParts(KEY, query)) == "key_parts"
    parts = LeadingParts(KEY, query, gaps=True)
    assert (parts.parts, parts.beyond) == (["a"], {"step": "5"})


@pytest.mark.parametrize(
    ("parts", "query"), [([], {}), (["a"], {"k1": "a"}), (["a", 2], {"k1": "a", "k2": "2"})]
)
def test_a_page_that_fills_parts_in(parts: list[object], query: dict[str, str]) -> None:
    """The fields of the form, not the columns, are what a link to the page has."""
    assert LeadingParts(KEY, {}).query_of(parts) == query
