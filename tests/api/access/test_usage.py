"""The service counts who reads what, and shows it to whoever may see it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from estimates.access.access_rules import AccessRules, UsageRules
from estimates.access.grant import Grant
from estimates.storage.usage_record import UsageRecord
from estimates.store.store import Store
from estimates_api.app import create_app
from tests.api.served import ODD, fill
from tests.builders import SET, make_store

_APPLE = "AAPL/2024-06-03"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The store of `fill`."""
    store = make_store(tmp_path_factory.mktemp("usage") / "store")
    fill(store)
    yield store
    store.catalog.engine.dispose()


@pytest.fixture
def counted(filled: Store, tmp_path: Path) -> Store:
    """The same with an empty cache."""
    return Store(filled.root, cache=tmp_path)


def counts(store: Store) -> dict[tuple[str, str], int]:
    """What was written down."""
    return {
        (row.principal, row.set): row.requests
        for day in UsageRecord(store.cache).read()
        for row in day.reads
    }


def ask(client: TestClient[Any], secret: str, path: str, **more: Any) -> int:
    """The status of an answer."""
    headers = {"authorization": f"Bearer {secret}"}
    if more:
        return client.post(path, headers=headers, **more).status_code
    return client.get(path, headers=headers).status_code


def test_answers_with_estimates_count(counted: Store) -> None:
    """Of lookups, batches, pages and reports, on the fast path and the route, and of pages of the
    desk; contracts, errors and whoever may not read count for nothing.
    """
    app, shop = (
        counted.create_token("app").secret,
        counted.create_token("shop", grants=[Grant(ODD)]),
    )
    with TestClient(create_app(counted, AccessRules("tokens", usage=UsageRules()))) as client:
        for path in (
            f"/v1/sets/{SET}/estimates/{_APPLE}",
            f"/v1/sets/{SET}/estimates/BRK%2FB/2024-06-03",
            f"/v1/sets/{SET}/estimates",
            f"/v1/sets/{SET}/history/{_APPLE}",
            f"/sets/{SET}",
        ):
            assert ask(client, app, path) == 200
        keys = {"keys": [["AAPL", "2024-06-03"]]}
        assert ask(client, app, f"/v1/sets/{SET}/estimates", json=keys) == 200
        assert ask(client, app, f"/v1/sets/{SET}") == 200
        assert ask(client, app, f"/v1/sets/{SET}/estimates/nobody/2024-06-03") == 404
        assert ask(client, shop.secret, f"/v1/sets/{SET}/estimates/{_APPLE}") == 404
        assert ask(client, "wrong", f"/v1/sets/{SET}/estimates/{_APPLE}") == 401
    assert counts(counted) == {("app", SET): 6}


def test_who_may_see_it(counted: Store) -> None:
    """A token that may `usage` sees the sets of its grants that it covers as a whole."""
    secrets = {
        name: counted.create_token(name, may=may, grants=grants).secret
        for name, may, grants in (
            ("reader", ("read",), [Grant()]),
            ("owner", ("usage",), [Grant(SET)]),
            ("of all", ("usage",), []),
            ("narrow", ("usage",), [Grant(SET, "ticker", ("AAPL",))]),
        )
    }
    seen = {}
    with TestClient(create_app(counted, AccessRules("tokens", usage=UsageRules()))) as client:
        for name in (SET, ODD):
            assert ask(client, secrets["reader"], f"/v1/sets/{name}/versions/latest") == 200
        for name, secret in secrets.items():
            answer = client.get("/v1/usage", headers={"authorization": f"Bearer {secret}"})
            days = answer.json().get("days")
            seen[name] = (
                answer.json()["code"]
                if days is None
                else [row["set"] for day in days for row in day["reads"]]
            )
    assert seen == {
        "reader": "not_permitted",
        "owner": [SET],
        "of all": sorted([SET, ODD]),
        "narrow": [],
    }


def test_anybody(counted: Store) -> None:
    """Where no token is wanted, reads are counted without a name; days can be chosen."""
    with TestClient(create_app(counted, AccessRules(usage=UsageRules()))) as client:
        assert client.get(f"/v1/sets/{SET}/estimates/{_APPLE}").status_code == 200
        [day] = client.get("/v1/usage").json()["days"]
        assert [(row["principal"], row["requests"]) for row in day["reads"]] == [("", 1)]
        assert client.get("/v1/usage?since=2999-01-01").json() == {"days": []}


def test_off_by_default(counted: Store) -> None:
    """Nothing is counted or kept unless the operator says so."""
    with TestClient(create_app(counted)) as client:
        assert client.get(f"/v1/sets/{SET}/estimates/{_APPLE}").status_code == 200
        assert client.get("/v1/usage").json()["code"] == "no_usage"
    assert not (counted.cache / "usage").exists()
