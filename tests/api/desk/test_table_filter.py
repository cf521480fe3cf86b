"""The filter above a table of estimates, as parameters of the routes."""

from __future__ import annotations

import pytest

from estimates_api.desk.table_filter import TableFilter


@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        ({}, {}),
        ({"k2": "2024-06-03"}, {"day": "2024-06-03"}),
        ({"of": "value", "low": "1", "high": "5"}, {"value": "[1..5]"}),
        ({"of": "value", "low": " 1 ", "high": ""}, {"value": "[1..]"}),
        ({"of": "note", "low": "b", "high": "b"}, {"note": "b"}),
        ({"of": "value", "low": "", "high": ""}, {}),
        ({"low": "1", "high": "5"}, {}),
        ({"k1": "a", "of": "value", "high": "5"}, {"ticker": "a", "value": "[..5]"}),
    ],
)
def test_parameters(query: dict[str, str], parameters: dict[str, str]) -> None:
    """Ends of a range are in brackets, one value is itself, half a filter is none."""
    shown = TableFilter(["ticker", "day"], ["value", "note"], query)
    assert shown.query() == parameters
    assert shown.any == bool(parameters)
