"""The short way past the framework: it is taken, and nobody can tell it from the route."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from litestar.testing import TestClient

from api.follower import Follower
from api.metrics import requests
from api.short_way import short_way
from estimates import Store, instants
from tests.api_served import ODD, path_of
from tests.builders import SET

pytest_plugins = ("tests.api_fixtures",)

ONE = path_of(SET, "AAPL", "2024-06-03")
PAGE = f"/v1/sets/{SET}/estimates"
PLAIN = (
    (ONE, ""),
    (ONE, "ref=1"),
    (ONE, "ref=latest"),
    (ONE, "fields=value"),
    (ONE, "ref=4&fields=note,value"),
    (PAGE, ""),
    (PAGE, "ticker=AAPL"),
    (PAGE, "ticker=AAPL&target_date=2024-06-03&ref=1"),
    (path_of(ODD, "batch", 0), ""),
)
PROBLEMS = (
    (path_of(SET, "nobody", "2024-06-03"), ""),
    (path_of(SET, "AAPL"), ""),
    (path_of(SET, "AAPL", "soon"), ""),
    (path_of("nope", "AAPL"), ""),
    (ONE, "ref=99"),
    (ONE, "ref=1&as_of=2024-06-03T00:00:00Z"),
    (ONE, "raf=1"),
    (ONE, "ref"),
    (ONE, "fields=nope"),
    (PAGE, "target_date=2024-06-03"),
    (PAGE, "ticker=AAPL&colour=red"),
)
ON_THE_ROUTE = (
    (ONE, "ref=%31"),
    (ONE, "ref=1&ref=1"),
    (ONE, "shape=1"),
    (PAGE, "limit=2"),
    (path_of(SET, "BRK/B", "2024-06-03"), ""),
    (f"{ONE}/", ""),
    (f"/v1/sets/{SET}", ""),
    ("/v1/sets", ""),
)


@pytest.fixture
def follower(filled: Store) -> Iterator[Follower]:
    """A follower of the filled store that knows all and has the files open."""
    follower = Follower(filled)
    follower.poll()
    for version in follower.view.set(SET).versions:
        filled.open(version)
    return follower


def scope_of(path: str, query: str, **headers: str) -> dict[str, Any]:
    """A request as a server hands it over."""
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "method": "GET", "path": path, "query_string": query.encode(), "headers": raw}


@pytest.mark.parametrize(("path", "query"), PLAIN)
def test_plain_requests_take_it(follower: Follower, path: str, query: str) -> None:
    """What is asked all day is answered before the framework, and counted under its route."""
    scope = scope_of(path, query)
    assert short_way(follower, scope) is not None
    assert scope["path_template"] == "/v1/sets/{set}/estimates" + ("/{key}" if path != PAGE else "")


@pytest.mark.parametrize(("path", "query"), [*PROBLEMS, *ON_THE_ROUTE])
def test_anything_else_takes_the_route(follower: Follower, path: str, query: str) -> None:
    """Problems, escapes, rare parameters and other routes have no short way."""
    assert short_way(follower, scope_of(path, query)) is None


def test_both_ways_are_counted_under_one_route(client: TestClient[Any]) -> None:
    """`/metrics` names the route of a request, whichever way it took."""
    before = {route: _counted(route) for route in ("/v1/sets/{set}/estimates/{key}", "/v1/sets/{set}/estimates")}
    for escaped in (False, True):
        asked(client, ONE, "ref=1", escaped)
        asked(client, PAGE, "ticker=AAPL", escaped)
    assert {route: _counted(route) for route in before} == {route: count + 2 for route, count in before.items()}


def _counted(route: str) -> float:
    return sum(sum(row[:-1]) for (named, _, _), row in requests.counted.items() if named == route)


def test_other_forms_take_the_route(follower: Follower) -> None:
    """A client that wants a table, or nothing that there is, is the route's to answer."""
    assert short_way(follower, scope_of(ONE, "", accept="text/csv")) is None
    assert short_way(follower, scope_of(ONE, "", accept="image/png")) is None
    assert short_way(follower, scope_of(ONE, "", accept="application/json")) is not None


def asked(client: TestClient[Any], path: str, query: str, escaped: bool) -> httpx.Response:
    """The answer on the short way, or on the route: an escape in the query changes nothing but the way."""
    last = query[-1:]
    return client.get(f"{path}?{query[:-1]}%{ord(last):02X}" if escaped and last else f"{path}?{query}")


@pytest.mark.parametrize(("path", "query"), [*PLAIN, *PROBLEMS])
def test_both_ways_give_the_same(client: TestClient[Any], filled: Store, path: str, query: str) -> None:
    """Status, headers and bytes are the same, 304 and HEAD too."""
    query = query or f"as_of={instants.text(filled.view().moment)}"
    short, route = asked(client, path, query, False), asked(client, path, query, True)
    assert (short.status_code, short.content, _told(short)) == (route.status_code, route.content, _told(route))
    if short.status_code == 200:
        tag = {"if-none-match": short.headers["etag"]}
        again = client.get(f"{path}?{query}", headers=tag)
        assert (again.status_code, again.content) == (304, b"")
        assert _told(client.head(f"{path}?{query}")) == _told(short)


def _told(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "date"}
