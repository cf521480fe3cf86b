"""The fast path past the framework: it is taken, and nobody can tell it from the route."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest
from litestar.testing import TestClient

from estimates import Store, instants
from estimates_api.fast_path import fast_batch, fast_get
from estimates_api.serving.follower import Follower
from estimates_api.serving.request_counts import request_counts
from tests.api.served import ODD, path_of
from tests.builders import SET

pytest_plugins = ("tests.api.fixtures",)

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
    (path_of(SET, "BRK/B", "2024-06-03"), ""),
    (path_of(ODD, "日本", 12), ""),
    (ONE, "shape=1"),
    (PAGE, "limit=2"),
    (PAGE, "ticker=AAPL&limit=1&shape=1"),
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
    (ONE, "shape=x"),
    (ONE, "limit=2"),
    (PAGE, "limit=0"),
    (PAGE, "limit=many"),
    (PAGE, "cursor=x"),
    (PAGE, "clock=other"),
)
ON_THE_ROUTE = (
    (ONE, "ref=%31"),
    (ONE, "ref=1&ref=1"),
    (f"{ONE}/", ""),
    ("/v1/sets/clo%2Fses/estimates/AAPL/2024-06-03", ""),
    (f"/v1/sets/{SET}", ""),
    ("/v1/sets", ""),
)


@pytest.fixture
def follower(filled: Store) -> Follower:
    """A follower of the filled store that knows all and has the files open."""
    follower = Follower(filled)
    follower.poll()
    for version in follower.view.set(SET).versions:
        filled.lookups.open_all(version)
    return follower


def scope_of(path: str, query: str, **headers: str) -> dict[str, Any]:
    """A request as a server hands it over."""
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    return {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": raw,
    }


@pytest.mark.parametrize(("path", "query"), PLAIN)
def test_plain_requests_take_it(follower: Follower, path: str, query: str) -> None:
    """What is asked all day is answered before the framework, and counted under its route."""
    scope = scope_of(path, query)
    assert fast_get(follower, scope) is not None
    assert scope["path_template"] == "/v1/sets/{set}/estimates" + ("/{key}" if path != PAGE else "")


@pytest.mark.parametrize(("path", "query"), [*PROBLEMS, *ON_THE_ROUTE])
def test_anything_else_takes_the_route(follower: Follower, path: str, query: str) -> None:
    """Problems, escapes and other routes have no fast path."""
    assert fast_get(follower, scope_of(path, query)) is None


def test_both_ways_are_counted_under_one_route(client: TestClient[Any]) -> None:
    """`/metrics` names the route of a request, whichever way it took."""
    before = {
        route: _counted(route)
        for route in ("/v1/sets/{set}/estimates/{key}", "/v1/sets/{set}/estimates")
    }
    for escaped in (False, True):
        ask(client, ONE, "ref=1", escaped)
        ask(client, PAGE, "ticker=AAPL", escaped)
    assert {route: _counted(route) for route in before} == {
        route: count + 2 for route, count in before.items()
    }


def _counted(route: str) -> float:
    return sum(
        sum(row[:-1]) for (named, _, _), row in request_counts.rows.items() if named == route
    )


def test_other_forms_take_the_route(follower: Follower) -> None:
    """A client that wants a table, or nothing that there is, is the route's to answer."""
    assert fast_get(follower, scope_of(ONE, "", accept="text/csv")) is None
    assert fast_get(follower, scope_of(ONE, "", accept="image/png")) is None
    assert fast_get(follower, scope_of(ONE, "", accept="application/json")) is not None


def ask(client: TestClient[Any], path: str, query: str, escaped: bool) -> httpx.Response:
    """The answer of the fast path, or of the route: an escape in the query changes nothing else."""
    last = query[-1:]
    return client.get(
        f"{path}?{query[:-1]}%{ord(last):02X}" if escaped and last else f"{path}?{query}"
    )


@pytest.mark.parametrize(("path", "query"), [*PLAIN, *PROBLEMS])
def test_both_ways_give_the_same(
    client: TestClient[Any], filled: Store, path: str, query: str
) -> None:
    """Status, headers and bytes are the same, 304 and HEAD too."""
    query = query or f"as_of={instants.text(filled.view().moment)}"
    fast, route = ask(client, path, query, False), ask(client, path, query, True)
    assert (fast.status_code, fast.content, _told(fast)) == (
        route.status_code,
        route.content,
        _told(route),
    )
    if fast.status_code == 200:
        tag = {"if-none-match": fast.headers["etag"]}
        again = client.get(f"{path}?{query}", headers=tag)
        assert (again.status_code, again.content) == (304, b"")
        assert _told(client.head(f"{path}?{query}")) == _told(fast)


KEYS = [
    ["AAPL", "2024-06-03"],
    ["nobody", "2024-06-03"],
    ["AAPL", "2024-06-03"],
    ["BRK/B", "2024-06-03"],
]
BATCHES = (
    {"keys": KEYS},
    {"keys": KEYS[:1], "ref": 1},
    {"keys": KEYS, "ref": "latest", "fields": ["value"]},
    {"keys": []},
)
BAD_BATCHES = (
    {"keys": KEYS, "colour": "red"},
    {"keys": KEYS, "ref": 99},
    {"keys": KEYS, "fields": ["nope"]},
    {"keys": [["AAPL"]]},
    {"keys": [["AAPL", "soon"]]},
    {"keys": "AAPL"},
    {"keys": KEYS, "shape": "1"},
    {"keys": KEYS[:1] * 2001},
    [],
)


def _fast(follower: Follower, content: Any, path: str = PAGE, query: str = "", **h: str) -> Any:
    body = msgspec.json.encode(content)
    headers = {"content-length": str(len(body))} | {
        name.replace("_", "-"): value for name, value in h.items()
    }
    scope = scope_of(path, query, **headers) | {"method": "POST"}
    return fast_batch(follower, scope, body)


@pytest.mark.parametrize("content", BATCHES)
def test_plain_batches_take_it(follower: Follower, content: Any) -> None:
    """A batch is answered before the framework."""
    assert _fast(follower, content) is not None


@pytest.mark.parametrize("content", BAD_BATCHES)
def test_other_batches_take_the_route(follower: Follower, content: Any) -> None:
    """What is a problem, or large, is left to the route."""
    assert _fast(follower, content) is None


@pytest.mark.parametrize(
    "how",
    [
        {"accept": "text/csv"},
        {"content_type": "text/plain"},
        {"query": "a=1"},
        {"path": f"{PAGE}/AAPL"},
        {"path": "/v1/sets/%41/estimates"},
    ],
)
def test_batches_in_another_way_take_the_route(follower: Follower, how: dict[str, str]) -> None:
    """Other forms, parameters and paths are the route's."""
    assert _fast(follower, BATCHES[0], **how) is None


@pytest.mark.parametrize("content", [*BATCHES, *BAD_BATCHES])
def test_both_ways_give_the_same_batch(client: TestClient[Any], content: Any) -> None:
    """Status, headers and bytes of a batch are the same; a parameter of the media type changes
    nothing but the way.
    """
    body = msgspec.json.encode(content)
    fast, route = (
        client.post(PAGE, content=body, headers={"content-type": f"application/json{parameter}"})
        for parameter in ("", "; charset=utf-8")
    )
    assert (fast.status_code, fast.content, _told(fast)) == (
        route.status_code,
        route.content,
        _told(route),
    )


def _told(answer: httpx.Response) -> dict[str, str]:
    own = ("date", "x-request-id")  # of the one request
    return {name: value for name, value in answer.headers.items() if name not in own}
