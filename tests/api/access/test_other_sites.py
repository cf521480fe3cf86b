"""What pages of other sites, and requests to other names, get."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from litestar.testing import TestClient

from estimates.access.access_rules import AccessRules, LimitRules
from estimates_api.app import create_app
from tests.builders import SET, define, make_store, promoted

_APP = "https://app.example.com"
_PATH = f"/v1/sets/{SET}/estimates/AAPL/2024-06-03"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient[Any]]:
    """An app with a name, which pages of one origin may read."""
    store = make_store(tmp_path_factory.mktemp("sites") / "store")
    define(store)
    promoted(store, "one")
    rules = AccessRules(limits=LimitRules(hosts=("ok.example",), origins=(_APP,)))
    with TestClient(create_app(store, rules), base_url="http://ok.example") as client:
        yield client


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (_APP, True),
        ("https://appXexample.com", False),
        (f"{_APP}.evil.example", False),
        (f"{_APP}:81", False),
        ("null", False),
    ],
)
def test_origins(client: TestClient[Any], origin: str, allowed: bool) -> None:
    """Scripts of a named origin may read, without cookies; caches keep forms apart."""
    answer = client.get(_PATH, headers={"origin": origin})
    assert (answer.headers.get("access-control-allow-origin") == _APP) == allowed
    assert "access-control-allow-credentials" not in answer.headers
    assert {"accept", "origin"} <= set(answer.headers["vary"].split(", "))


@pytest.mark.parametrize("path", [_PATH, f"/v1/sets/{SET}", "/health/live", "/v1/nothing"])
def test_caches_know_that_the_origin_counts(client: TestClient[Any], path: str) -> None:
    """Also where nobody named one: else a cache gives that answer to the script of a named one."""
    varies = client.get(path).headers["vary"].split(", ")
    assert "origin" in varies
    assert len(set(varies)) == len(varies)


def test_two_hosts_are_none(client: TestClient[Any]) -> None:
    """A request with two Host headers is to no name of the service."""
    answer = client.get(_PATH, headers=[("host", "ok.example"), ("host", "evil.example")])
    assert answer.status_code == 421


@pytest.mark.parametrize(
    ("host", "status"),
    [("ok.example", 200), ("OK.example:81", 200), ("evil.example", 421), ("x:ok.example", 421)],
)
def test_hosts(client: TestClient[Any], host: str, status: int) -> None:
    """The service answers to its names, with any port, and to no other."""
    assert client.get(_PATH, headers={"host": host}).status_code == status
