"""Grants: their text, which sets they cover."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.access.grant import Grant, parse_grant
from estimates.errors import InvalidError

_TEXT = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=8)
_COLUMN = _TEXT.filter(lambda name: name != "columns" and "," not in name)


@given(
    sets=st.sampled_from(["demand", "demand*", "*"]),
    condition=st.none() | st.tuples(_COLUMN, st.lists(_TEXT, min_size=1, max_size=3)),
    columns=st.none() | st.lists(_COLUMN, min_size=1, max_size=3),
)
def test_text_reads_back(
    sets: str, condition: tuple[str, list[str]] | None, columns: list[str] | None
) -> None:
    """A grant written as one word is read back as it was, whatever its values are."""
    where, values = condition or (None, [])
    grant = Grant(sets, where, tuple(values), None if columns is None else tuple(columns))
    assert parse_grant(grant.text()) == grant


@pytest.mark.parametrize(
    "text", ["", "?shop=1", "a*b", "a?shop=1&day=2", "a?columns=", "a?shop", "a?", "a?=x"]
)
def test_no_grant(text: str) -> None:
    """What names no set, two key columns or no column is refused, with what a grant looks like."""
    with pytest.raises(InvalidError, match=r"demand\?shop=0412") as refused:
        parse_grant(text)
    assert refused.value.code == "bad_grant"


def test_covers() -> None:
    """A grant covers its set alone; with a star every set that begins so."""
    assert Grant("demand").covers("demand")
    assert not Grant("demand").covers("demand-north")
    assert Grant("demand*").covers("demand-north")
    assert not Grant("demand*").covers("sales")
    assert Grant().covers("anything")
