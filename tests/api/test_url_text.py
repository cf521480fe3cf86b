"""The text of a path and a query: keys, refs, times, columns, and the names that a route knows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.datastructures import MultiDict
from litestar.handlers import BaseRouteHandler

from estimates import InvalidError
from estimates.errors import EstimatesError
from estimates_api.app import create_app
from estimates_api.http.parameters import EstimateParameters, PageParameters
from estimates_api.http.url_text import (
    check_names,
    leading_key,
    names_of,
    read_fields,
    read_key,
    read_ref,
    read_time,
)
from tests.builders import make_store


@pytest.mark.parametrize(
    ("text", "ref"),
    [("7", 7), ("007", 7), (7, 7), ("production", "production"), ("\u0667", "\u0667")],
)
def test_digits_are_a_version(text: str | int, ref: str | int) -> None:
    """ASCII digits are a number, anything else is an alias."""
    assert read_ref(text) == ref


@pytest.mark.parametrize(
    ("text", "fields"), [(None, None), ("", []), ("a", ["a"]), ("a,b", ["a", "b"])]
)
def test_fields(text: str | None, fields: list[str] | None) -> None:
    """No text asks for all columns, an empty one for none."""
    assert read_fields(text) == fields


def test_a_time_is_an_instant() -> None:
    """Text with an offset is read in UTC; no text is no time."""
    assert read_time("2024-06-03T02:00:00+02:00", "as_of") == datetime(2024, 6, 3, tzinfo=UTC)
    assert read_time(None, "as_of") is None


@pytest.mark.parametrize(
    ("read", "code"),
    [
        (lambda: read_ref("9" * 16), "unknown_version"),
        (lambda: read_time("soon", "as_of"), "bad_time"),
        (lambda: check_names({"raf": "1"}, ["ref"]), "unknown_parameter"),
        (
            lambda: check_names(MultiDict([("ref", "1"), ("ref", "2")]), ["ref"]),
            "repeated_parameter",
        ),
    ],
)
def test_what_cannot_be_read_is_an_error(read: Any, code: str) -> None:
    """Each error has its code."""
    with pytest.raises(EstimatesError) as raised:
        read()
    assert raised.value.code == code


@pytest.fixture
def routes(tmp_path: Path) -> Iterator[dict[str, BaseRouteHandler]]:
    """The handlers of the service by name, with their dependencies."""
    store = make_store(tmp_path / "store")
    yield {
        handler.handler_name: handler
        for route in create_app(store).routes
        for handler in getattr(route, "route_handlers", [])
    }
    store.catalog.engine.dispose()


def test_route_and_fast_path_have_one_table(routes: dict[str, BaseRouteHandler]) -> None:
    """The fields of the Struct are the names that the documented route takes."""
    assert names_of(routes["one_estimate"]) == list(EstimateParameters.__struct_fields__)
    assert names_of(routes["estimates_under"]) == list(PageParameters.__struct_fields__)


def test_names_are_the_public_ones(routes: dict[str, BaseRouteHandler]) -> None:
    """`from` and `to` are arguments of another name: `from` is a word of Python."""
    assert {"from", "to", "by", "min_change"} <= set(names_of(routes["changes"]))


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
    assert read_key("%2541") == ["%41"]


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
