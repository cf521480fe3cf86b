"""Which two versions are compared."""

from __future__ import annotations

from datetime import UTC, datetime

from estimates.compare.queries import ChangeQuery, DiffQuery, diff_query
from tests.builders import code_of

_AT = datetime(2024, 6, 3, tzinfo=UTC)


def test_options_of_a_diff() -> None:
    """A time is a moment or its text; what is not given is what a query begins with."""
    assert diff_query(1, "production", {}) == DiffQuery(1)
    expected = DiffQuery(1, 2, _AT, "same_key", "other")
    for moment in (_AT, "2024-06-03T00:00:00Z"):
        options = {"as_of": moment, "pairing": "same_key", "other": "other"}
        assert diff_query(1, 2, options) == expected  # pyrefly: ignore
    assert code_of(lambda: diff_query(1, 2, {"as_of": "then"})) == "bad_time"


def test_changes_without_a_wish() -> None:
    """All of them, by the main column."""
    assert ChangeQuery() == ChangeQuery(None, 0.0, (), "")
