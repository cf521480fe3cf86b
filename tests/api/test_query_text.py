"""The text of a query: refs, times, columns, and the names that a route knows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from litestar.datastructures import MultiDict
from litestar.handlers import BaseRouteHandler

from estimates.errors import EstimatesError
from estimates_api.app import create_app
from estimates_api.http.parameters import EstimateParameters, PageParameters
from estimates_api.http.query_text import check_names, names_of, read_fields, read_ref, read_time
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
