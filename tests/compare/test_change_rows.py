"""Rows of changes as JSON, and back."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import polars as pl

from estimates.compare.change_page import ChangePage, full_name
from estimates.compare.change_rows import body, decoded
from estimates.contract.contract_file import parse_contract
from estimates.stability.change_columns import change_columns

CONTRACT = parse_contract(
    'name = "s"\n[key.shop]\ntype = "string"\n[key.day]\ntype = "date"\n[columns.v]\n'
    '[columns.at]\nrole = "attribute"\ntype = "timestamp"\n'
)
_AT = datetime(2024, 6, 3, 16, tzinfo=UTC)
_HEAD = {"set": "s", "from": 1, "to": 2, "pairing": "same_key"}


def rows() -> pl.DataFrame:
    """A key that moved and one that is new, whose metrics are missing."""
    days = [date(2024, 6, 3), date(2024, 6, 4)]
    cells: dict[str, list[object]] = {
        name: [None, None] for name in change_columns(CONTRACT) if name.startswith("v.")
    }
    cells |= {"v.a": [1.0, None], "v.b": [1.5, 2.0], "v.d": [0.5, None], "v.material": [True, None]}
    types = {"v.material": pl.Boolean}
    table = {
        "shop": ['a"b', "c"],
        "day": days,
        "change": ["changed", "added"],
        **{
            name: pl.Series(cell, dtype=types.get(name, pl.Float64)) for name, cell in cells.items()
        },
        "at.a": pl.Series([_AT, None], dtype=pl.Datetime("us", "UTC")),
        "at.b": pl.Series([_AT, _AT + timedelta(microseconds=1)]),
    }
    return pl.DataFrame(table)


def test_there_and_back() -> None:
    """Every cell in its type: dates, missing values, text with quotes."""
    content = body(_HEAD, rows(), CONTRACT)
    assert decoded(content, CONTRACT).equals(rows())
    page = ChangePage("s", None, content, 2, None)
    assert page.frame(CONTRACT).equals(rows())


def test_the_json() -> None:
    """Parts of keys are text, so that they can be sent back; what is missing is null."""
    content = json.loads(body(_HEAD, rows(), CONTRACT))
    assert {name: content[name] for name in _HEAD} == _HEAD
    first, second = content["changes"]
    assert (first["key"], first["change"]) == (['a"b', "2024-06-03"], "changed")
    assert first["columns"]["at"] == {"a": "2024-06-03T16:00:00Z", "b": "2024-06-03T16:00:00Z"}
    assert second["columns"]["v"]["d"] is None
    assert json.loads(body(_HEAD, rows().clear(), CONTRACT))["changes"] == []


def test_versions_of_two_sets() -> None:
    """Their names say which set they are of."""
    assert full_name("s", 3) == "s version 3"
    head = {"from": full_name("s", 3), "to": full_name("t", 1), "changes": []}
    assert ChangePage("", None, json.dumps(head).encode(), 0, None).first("s") == 3
