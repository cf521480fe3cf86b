"""`clock=released` over HTTP: on every read as of a time, marked, and without effect on anything
that does not ask.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from estimates import instants
from estimates.client import Client
from estimates.store.store import Store
from estimates_api.app import create_app
from tests.api.served import path_of, serving
from tests.builders import SET, START, define, frame, make_store, promoted, provenance

THEN = f"as_of={instants.text(START + timedelta(days=2))}"
ONE = path_of(SET, "AAPL", "2024-06-03")
PATHS = (
    ONE,
    f"/v1/sets/{SET}/estimates",
    f"/v1/sets/{SET}/versions/production",
    f"/v1/sets/{SET}/versions/production/verdict",
    f"/v1/sets/{SET}/versions/production/data",
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Version 1 imported with a claim, version 2 live."""
    store = make_store(tmp_path_factory.mktemp("clock") / "store")
    define(store)
    store.publish(SET, frame(100.0), provenance("old"), released_at=START + timedelta(days=1))
    store.judge(SET, 1)
    store.promote(SET, 1, reason="import")
    promoted(store, "live", 101.0, day=3)
    yield store
    store.catalog.engine.dispose()


@pytest.fixture(scope="module")
def client(served: Store) -> Iterator[TestClient[Any]]:
    """The app over it."""
    with TestClient(create_app(served), raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize("path", PATHS)
def test_claims_count_where_they_are_asked_for(client: TestClient[Any], path: str) -> None:
    """By the clock `released` the imported version answers, marked and not to be kept; else nothing
    was there yet.
    """
    answer = client.get(f"{path}?{THEN}&clock=released")
    assert answer.status_code == 200
    marks = {
        name: answer.headers.get(name)
        for name in ("estimates-version", "estimates-imported", "cache-control")
    }
    assert marks == {
        "estimates-version": "1",
        "estimates-imported": "true",
        "cache-control": "no-cache",
    }
    assert client.get(f"{path}?{THEN}").json()["code"] == "before_first"
    present = client.get(f"{path}?as_of={instants.text(instants.now())}&clock=released").headers
    assert (present["estimates-version"], "estimates-imported" in present) == ("2", False)


@pytest.mark.parametrize("path", [path for path in PATHS if "/estimates" in path])
def test_the_json_says_so(client: TestClient[Any], path: str) -> None:
    """Behind the version: true, false for a version without a claim; by the default clock there is
    no such word.
    """
    then = client.get(f"{path}?{THEN}&clock=released").text
    assert then.startswith(f'{{"set":"{SET}","version":1,"imported":true,')
    now = client.get(f"{path}?as_of={instants.text(instants.now())}&clock=released").text
    assert now.startswith(f'{{"set":"{SET}","version":2,"imported":false,')
    assert now.replace('"imported":false,', "") == client.get(path).text


def test_batches(client: TestClient[Any]) -> None:
    """A batch takes the clock in its body."""
    body = {"keys": [["AAPL", "2024-06-03"]], "as_of": THEN.partition("=")[2], "clock": "released"}
    answer = client.post(f"/v1/sets/{SET}/estimates", json=body)
    assert (
        answer.headers["estimates-imported"],
        answer.json()["results"][0]["estimate"]["value"],
    ) == ("true", 100.03)
    refused = client.post(f"/v1/sets/{SET}/estimates", json=body | {"clock": "sun"})
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_body")


@pytest.mark.parametrize(
    "query", ["clock=released", f"{THEN}&clock=released&ref=1", f"{THEN}&clock=released&ref=latest"]
)
@pytest.mark.parametrize("path", PATHS[:2])
def test_a_clock_without_effect_is_refused(client: TestClient[Any], path: str, query: str) -> None:
    """Without a time, or for what means the same by every clock, asking for one is a mistake."""
    refused = client.get(f"{path}?{query}")
    assert (refused.status_code, refused.json()["code"]) == (400, "bad_clock")


def test_pages_stay_with_their_version(client: TestClient[Any]) -> None:
    """The link to the next page of an imported version leads on in it."""
    first = client.get(f"/v1/sets/{SET}/estimates?{THEN}&clock=released&limit=2")
    second = client.get(f"/v1/sets/{SET}/estimates{first.links['next']['url']}")
    assert (second.json()["version"], second.json()["imported"]) == (1, True)
    assert second.headers["estimates-imported"] == "true"


def test_the_client_asks_by_the_clock(served: Store) -> None:
    """`Client` gives the answers that the store gives in process, marked in the same way."""
    key, then = ("AAPL", "2024-06-03"), START + timedelta(days=2)
    told_: list[list[bytes]] = []
    with serving(Path(served.root)) as url, Client(url) as client:
        for source in (served[SET], client[SET]):
            query: dict[str, Any] = {"as_of": then, "clock": "released"}
            answers = (
                source.get(*key, **query),
                source.get_many([key], **query),
                source.scan("AAPL", **query),
            )
            assert [answer.imported for answer in answers] == [True, True, True]
            pages = [source.scan("AAPL", limit=1, **query)]
            pages.append(source.scan("AAPL", limit=1, cursor=pages[0].cursor, **query))
            told_.append([answer.json for answer in (*answers, *pages)])
            assert answers[0]["value"] == 100.03
            assert source.resolve(**query).version == 1
            history = source.history(*key, until=then, clock="released")
            assert ([entry["version"] for entry in history["history"]], history.imported) == (
                [1],
                True,
            )
            assert not source.get(*key).imported
    assert told_[0] == told_[1]
    assert [json.loads(body)["imported"] for body in told_[0]] == [True] * 5


def test_history_by_the_clock(client: TestClient[Any], served: Store) -> None:
    """By the clock `released` a history tells of claims: bounds, times in production, marks; in
    tables too.
    """
    path = path_of(SET, "AAPL", "2024-06-03", route="history")
    claimed, live = instants.text(START + timedelta(days=1)), served[SET].versions()[1]
    answer = client.get(f"{path}?clock=released")
    first, second = answer.json()["history"]
    promoted_at = second["production"][0]["from"]
    assert (first["released_at"], first["imported"]) == (claimed, True)
    assert first["production"] == [{"from": claimed, "to": promoted_at}]
    assert (second["released_at"], second["imported"]) == (None, False)
    assert answer.headers["estimates-imported"] == "true"
    table = client.get(f"{path}?clock=released", headers={"Accept": "text/csv"}).text
    assert claimed in table
    since = client.get(f"{path}?clock=released&since={instants.text(live.published_at)}")
    assert (
        [entry["version"] for entry in since.json()["history"]],
        "estimates-imported" in since.headers,
    ) == (
        [2],
        False,
    )
    plain = client.get(path)
    assert claimed not in plain.text
    assert "imported" not in plain.json()["history"][0]
    assert "estimates-imported" not in plain.headers
