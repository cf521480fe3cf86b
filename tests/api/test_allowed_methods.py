"""`Allow` is right for every route: a table of all routes and all methods."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar, asgi
from litestar.testing import TestClient

from estimates.access.access_rules import AccessRules, LimitRules
from estimates.store.store import Store
from estimates_api.app import ReadService, create_app

pytest_plugins = ("tests.api.fixtures",)

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND")
READ = "GET, HEAD, OPTIONS"
# What else than reading some routes allow.
ALLOWED = {
    "/v1/sets/{set:str}/estimates": "GET, HEAD, OPTIONS, POST",
    "/sign-in": "GET, HEAD, OPTIONS, POST",
    "/sign-out": "OPTIONS, POST",
}
FILLED = {"set": "closes", "key": "AAPL/2024-06-03", "name": "icon.svg"}
ACCEPTS = ("*/*", "text/html")  # of programs and of browsers, which get a page


def routes(app: ReadService) -> dict[str, set[str]]:
    """By path the methods that handlers are declared for."""
    declared: dict[str, set[str]] = defaultdict(set)
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            declared[route.path] |= set(map(str, handler.http_methods))
    return declared


def path_of(route: str) -> str:
    """A path of a route."""
    return re.sub(r"{(\w+):\w+}", lambda name: FILLED.get(name[1], "4"), route)


@pytest.fixture(scope="module")
def closed(filled: Store) -> Iterator[TestClient[Any]]:
    """The app where a token is wanted, and pages of another origin may read."""
    rules = AccessRules("tokens", limits=LimitRules(origins=("https://app.example.com",)))
    with TestClient(create_app(filled, rules), raise_server_exceptions=False) as client:
        yield client


def test_the_table_is_whole(client: TestClient[Any]) -> None:
    """Every route but those of the table has handlers of GET alone."""
    app: Any = client.app
    for route, methods in routes(app).items():
        names = methods | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())
        assert ", ".join(sorted(names)) == ALLOWED.get(route, READ), route


@pytest.mark.parametrize("method", METHODS)
def test_every_route_says_what_it_allows(client: TestClient[Any], method: str) -> None:
    """A method that is allowed is not a 405; any other one is, and names those that are. OPTIONS
    names them too, and has no body.
    """
    app: Any = client.app
    for route in routes(app):
        allowed = ALLOWED.get(route, READ)
        for accept in ACCEPTS:
            if method == "GET":
                continue  # asked by all other tests
            answer = client.request(
                method, path_of(route), headers={"accept": accept}, follow_redirects=False
            )
            where = f"{method} {path_of(route)} {accept}: {answer.status_code}"
            if method in allowed.split(", ") and method != "OPTIONS":
                assert answer.status_code != 405, where
                assert "allow" not in answer.headers, where
            else:
                assert answer.status_code == (204 if method == "OPTIONS" else 405), where
                assert answer.headers["allow"] == allowed, where
                if method == "OPTIONS":
                    assert answer.content == b"", where
                    assert "content-length" not in answer.headers, where


@pytest.mark.parametrize("path", ["/nowhere", "/v1", "/v1/sets/closes/nothing", "/schema/x", "*"])
@pytest.mark.parametrize("method", METHODS)
def test_nothing_is_allowed_where_nothing_is(
    client: TestClient[Any], method: str, path: str
) -> None:
    """A path without a route is a 404 to every method, without `Allow`."""
    answer = client.request(method, path)
    assert answer.status_code == 404
    assert "allow" not in answer.headers


def test_who_has_no_token_may_ask_what_is_allowed(closed: TestClient[Any]) -> None:
    """It says nothing of a set; pages of an origin that is named get what browsers ask for."""
    app: Any = closed.app
    for route in routes(app):
        answer = closed.options(path_of(route))
        assert answer.status_code == 204
        assert answer.headers["allow"] == ALLOWED.get(route, READ)
    asked_by_browser = {
        "origin": "https://app.example.com",
        "access-control-request-method": "POST",
    }
    answer = closed.options("/v1/sets/closes/estimates", headers=asked_by_browser)
    assert answer.headers["access-control-allow-origin"] == "https://app.example.com"


def test_a_mounted_service_says_the_same(filled: Store) -> None:
    """Below another app the paths are those below the mount."""
    mounted = asgi("/inner", is_mount=True, copy_scope=True)(create_app(filled))
    with TestClient(Litestar([mounted], openapi_config=None)) as client:
        assert client.options("/inner/v1/sets").headers["allow"] == READ
        assert client.delete("/inner/v1/sets").headers["allow"] == READ
