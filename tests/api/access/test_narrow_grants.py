"""What grants of some keys, of many sets and of limited time do not open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import msgspec
import polars as pl
import pytest
from litestar.testing import TestClient

from estimates.access.access_rules import AccessRules, LimitRules
from estimates.access.grant import Grant
from estimates.catalog.records import CarriedOver
from estimates.client.clients import Client
from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates.store.store import Store
from estimates_api.access import request_rate
from estimates_api.app import create_app
from estimates_api.serving.example_requests import example_requests
from tests.builders import SET, frame, make_store, provenance, source
from tests.waiting import LONGEST_S, until

LATER, ODD = f"{SET}-later", "odd"
_DOMAIN = """
[gate.checks.removed_keys.groups.ticker."BRK/B"]
warn = 0.0
[domain]
kind = "product"
values = { ticker = ["AAPL", "BRK/B", "ÆØÅ"], target_date = ["2024-06-03", "2024-06-04"] }
"""
# The first column of its key is another one; its values are those of tickers.
_LATER = f"""\
name = "{LATER}"
[key.desk]
type = "string"
[key.ticker]
type = "string"
[columns.value]
"""
# A column of its key is named like a parameter of the route.
_ODD = """\
name = "odd"
[key.release]
type = "integer"
[columns.value]
"""


def _publish(store: Store, text: str, rows: pl.DataFrame) -> None:
    name = store.define(parse_contract(text), text).set
    store.publish(name, rows, provenance(name))
    store.judge(name, 1)
    store.promote(name, 1, reason="test")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A set that lists its keys, actual values of it, and two sets with keys of other kinds."""
    store = make_store(tmp_path_factory.mktemp("narrow") / "store")
    text = source(more=_DOMAIN).replace("description", 'actuals = "truth"\ndescription', 1)
    _publish(store, text, frame())
    _publish(store, source("truth"), frame())
    yield store
    store.catalog.engine.dispose()


@pytest.fixture(scope="module")
def apple(store: Store) -> dict[str, str]:
    """Headers of a token that was made before sets whose keys begin with another column."""
    headers = _of(store, Grant(f"{SET}*", "ticker", ("AAPL",)))
    keys = {"desk": ["AAPL", "AAPL", "MSFT"], "ticker": ["AAPL", "MSFT", "AAPL"]}
    _publish(store, _LATER, pl.DataFrame(keys | {"value": [1.0, 2.0, 3.0]}))
    _publish(store, _ODD, pl.DataFrame({"release": [1, 2], "value": [1.0, 2.0]}))
    return headers


@pytest.fixture(scope="module")
def client(store: Store, apple: dict[str, str]) -> Iterator[TestClient[Any]]:
    """The app over it, which wants a token."""
    assert apple
    app = create_app(store, AccessRules("tokens"))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def _of(store: Store, *grants: Grant) -> dict[str, str]:
    """What a reader with these grants sends."""
    return {"authorization": f"Bearer {store.create_token('reader', grants=grants).secret}"}


def test_a_value_of_another_column(client: TestClient[Any], apple: dict[str, str]) -> None:
    """A grant of a ticker opens no key that begins with another column of the same value."""
    path = f"/v1/sets/{LATER}"
    for about in (f"{path}/estimates/AAPL/MSFT", f"{path}/history/AAPL/MSFT", f"{path}/keys/AAPL"):
        assert client.get(about, headers=apple).json()["code"] == "outside_grant"
    batch = client.post(f"{path}/estimates", json={"keys": [["AAPL", "MSFT"]]}, headers=apple)
    assert batch.json()["code"] == "outside_grant"
    rows = client.get(f"{path}/estimates?ticker=AAPL", headers=apple).json()["estimates"]
    assert {row["ticker"] for row in rows} == {"AAPL"}
    assert client.get(f"{path}/estimates?desk=AAPL", headers=apple).status_code == 404


def test_a_column_named_like_a_parameter(client: TestClient[Any], store: Store) -> None:
    """`release=1` chooses versions and no key: it opens nothing."""
    headers = _of(store, Grant(ODD, "release", ("1",)))
    _wait(client, headers, ODD)
    assert client.get(f"/v1/sets/{ODD}/estimates?release=1", headers=headers).status_code == 404
    assert client.get(f"/v1/sets/{ODD}/estimates/1", headers=headers).status_code == 200


def test_actual_values_of_other_keys(client: TestClient[Any], store: Store) -> None:
    """What came of a key is told to whoever may read all of the set that says so."""
    path = f"/v1/sets/{SET}/outcome/BRK%2FB/2024-06-03"
    for grant, status in (
        (Grant("truth", "ticker", ("AAPL",)), 403),
        (Grant("truth", columns=("note",)), 403),
        (Grant("odd"), 404),
        (Grant("truth"), 200),
    ):
        headers = _of(store, Grant(SET), grant)
        _wait(client, headers, SET)
        assert client.get(path, headers=headers).status_code == status, grant


def test_listed_keys(client: TestClient[Any], store: Store, apple: dict[str, str]) -> None:
    """The contract lists the keys that may be read, and nothing of what the gate says of others."""
    path = f"/v1/sets/{SET}"
    whole = _of(store, Grant(SET))
    _wait(client, whole, SET)
    for headers, tickers in ((whole, ["AAPL", "BRK/B", "ÆØÅ"]), (apple, ["AAPL"])):
        contract = client.get(path, headers=headers).json()["contract"]
        assert contract["domain"]["values"]["ticker"] == tickers
        assert ("gate" in contract) == (headers is whole)
        assert msgspec.convert(contract, Contract).name == SET
        assert client.get(f"/sets/{SET}", headers=headers).status_code == 200
    assert "BRK" not in client.get(path, headers=apple).text


def test_groups_that_are_carried_over(
    client: TestClient[Any], store: Store, apple: dict[str, str]
) -> None:
    """Answers of a version with rows of an earlier one name the groups that may be read."""
    made = msgspec.structs.replace(
        provenance("two", 1), carried_over=CarriedOver("ticker", ("AAPL", "BRK/B"), 4, 1, 1)
    )
    store.publish(SET, frame(101.0), made)
    store.judge(SET, 2)
    store.promote(SET, 2, reason="test")
    whole = _of(store, Grant(SET))
    path = f"/v1/sets/{SET}/estimates/AAPL/2024-06-03"
    until(lambda: client.get(path, headers=apple).json()["version"] == 2)
    _wait(client, whole, SET)
    page = f"/v1/sets/{SET}/estimates?ticker=AAPL"
    for about in (path, page, f"{page}&order=value", f"/v1/sets/{SET}/history/AAPL/2024-06-03"):
        for form in ("application/json", "application/vnd.apache.arrow.stream"):
            text = client.get(about, headers=apple | {"accept": form})
            assert text.status_code == 200
            assert "BRK" not in text.text
    batch = {"keys": [["AAPL", "2024-06-03"]]}
    for headers, groups in ((whole, ["AAPL", "BRK/B"]), (apple, ["AAPL"])):
        assert client.get(path, headers=headers).json()["carried_over"]["groups"] == groups
        mark = client.post(page.partition("?")[0], json=batch, headers=headers).json()
        assert mark["carried_over"]["groups"] == groups


def test_a_stream_ends_with_its_token(client: TestClient[Any], store: Store) -> None:
    """Whose token is revoked gets no further event on a stream that is open."""
    made = store.create_token("watcher")
    headers = {"authorization": f"Bearer {made.secret}"}
    _wait(client, headers, SET)
    stream = headers | {"accept": "text/event-stream"}
    asking = Thread(
        target=client.get, args=("/v1/events",), kwargs={"headers": stream}, daemon=True
    )
    asking.start()
    asking.join(0.3)
    assert asking.is_alive()
    store.revoke_token(made.token.id, reason="left")
    asking.join(LONGEST_S)
    assert not asking.is_alive()


def test_guesses_are_counted(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sends wrong tokens is slowed down as all others."""
    monkeypatch.setattr(request_rate, "monotonic", lambda: 100.0)
    rules = AccessRules("tokens", limits=LimitRules(requests_per_second=1))
    with TestClient(create_app(store, rules)) as client:
        wrong = {"authorization": "Bearer wrong"}
        answers = [client.get("/v1/sets", headers=wrong).status_code for _ in range(4)]
    assert answers == [401, 401, 429, 429]


def _wait(client: TestClient[Any], headers: dict[str, str], name: str) -> None:
    """Until the service knows a token."""
    until(lambda: client.get(f"/v1/sets/{name}", headers=headers).status_code == 200)


def test_a_client_reads_what_its_grant_opens(
    store: Store, client: TestClient[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A leading part of the key, whose columns nothing has named before, and the state of a
    version.
    """
    headers = _of(store, Grant(SET, "ticker", ("AAPL",)))
    _wait(client, headers, SET)
    with Client("http://testserver.local") as remote, monkeypatch.context() as patch:
        patch.setattr(client, "headers", headers)
        patch.setattr(remote, "_http", client)
        page = remote[SET].scan("AAPL", limit=1)
        assert page.version is not None
        assert page.total == 2
        assert remote[SET].state(page.version) == "production"


def test_lines_to_paste_send_the_token(store: Store) -> None:
    """Where a token is wanted, each of them sends the one of the environment."""
    printed = example_requests(store, "http://127.0.0.1:8000", tokens=True)
    ends = [
        command.endswith(' -H "Authorization: Bearer $ESTIMATES_TOKEN"') for _, command in printed
    ]
    assert ends
    assert all(ends)


def test_a_column_of_an_earlier_shape_is_no_way_to_learn_its_values(tmp_path: Path) -> None:
    """What only a version of an earlier shape has bounds nothing for whoever may not read it."""
    store = make_store(tmp_path / "store")
    head = '[key.k]\ntype = "string"\n[columns.v]\n'
    earlier, later = (f'name = "shop"\n{head}{more}' for more in ("[columns.margin]\n", ""))
    _publish(store, earlier, pl.DataFrame({"k": ["a"], "v": [1.0], "margin": [50.0]}))
    store.define(parse_contract(later), later)
    url = "/v1/sets/shop/estimates?ref=1"
    whole, narrow = (_of(store, grant) for grant in (Grant("shop"), Grant("shop", columns=("v",))))
    with TestClient(create_app(store, AccessRules("tokens"))) as client:
        assert len(client.get(f"{url}&margin=10..100", headers=whole).json()["estimates"]) == 1
        assert client.get(url, headers=narrow).json()["estimates"] == [{"k": "a", "v": 1.0}]
        refused = client.get(f"{url}&margin=10..100", headers=narrow)
    assert (refused.status_code, refused.json()["code"]) == (400, "unknown_field")
    store.catalog.engine.dispose()
