"""Queries of rows from values of Python."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from estimates.reading.row_request import RowQuery, row_query

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("AAPL", "AAPL"),
        (5, "5"),
        (date(2026, 12, 1), "2026-12-01"),
        ((date(2026, 12, 1), date(2026, 12, 7)), "2026-12-01..2026-12-07"),
        ((None, date(2026, 12, 7)), "..2026-12-07"),
        ((5, None), "5.."),
        ((NOON, None), "2026-11-24T12:00:00Z.."),
        (("A", "C"), "[A..C]"),
        (("A", None), "[A..]"),
        ((None, None), ".."),
    ],
)
def test_a_range_has_both_ends_and_one_of_texts_brackets(value: Any, text: str) -> None:
    """An end that is not given is open."""
    assert row_query({"k": value}, {}).where == {"k": text}


def test_options_are_the_fields_of_a_query() -> None:
    """None of them is a plain one, of one version."""
    plain = row_query(None, {})
    assert plain == RowQuery()
    assert not plain.of_many
    full = row_query({}, {"fields": ["a"], "order": ["-a"], "release": 2})
    assert (full.fields, full.order, full.release) == (("a",), ("-a",), 2)
    assert row_query({}, {"fields": []}).fields == ()


@pytest.mark.parametrize("option", [{"release": "first"}, {"lag": "7d"}, {"deadline": "PT36H"}])
def test_each_of_three_asks_of_many_versions(option: Any) -> None:
    """Whichever is given."""
    assert row_query({}, option).of_many
