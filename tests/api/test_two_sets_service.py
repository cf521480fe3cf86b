"""Changes between versions of two sets, over a real server: the store's answers in every form, by
every client.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest
from litestar.testing import TestClient

from estimates.client import AsyncClient, Client
from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError
from estimates.reading import tabular
from estimates.store.store import Store
from estimates_api.app import create_app
from tests.api.served import Asking, caught_up, serving
from tests.builders import SET, define, frame, make_store, promoted, provenance
from tests.client.faces import Face, async_client, in_process, outcome, raw_http, sync_client
from tests.jobs.cli.calls import call

OTHER, PATH = "others", f"/v1/sets/{SET}/diff/changes"
ASKED = {"from": 1, "to": 1, "other": OTHER, "limit": 4}


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Two sets of one key: of `closes` 1 and 2; of `others` 1, which has one column more, and no
    ticker AAPL.
    """
    store = make_store(tmp_path_factory.mktemp("two") / "store")
    define(store)
    promoted(store, "one")
    promoted(store, "two", 101.0, day=1)
    define(store, OTHER, more="[columns.more]\n")
    store.publish(OTHER, frame(103.0, more=1.0).filter(pl.col("ticker") != "AAPL"), provenance("o"))
    store.judge(OTHER, 1)
    store.promote(OTHER, 1, reason="test")
    keyed = 'name = "keyed"\n[key.customer]\ntype = "string"\n[columns.value]\nunit = "USD"\n'
    store.define(parse_contract(keyed), keyed)
    store.publish("keyed", pl.DataFrame({"customer": ["a"], "value": [1.0]}), provenance("k"))
    named = 'name = "named"\n[key.other]\ntype = "string"\n[columns.value]\n'
    store.define(parse_contract(named), named)
    for run, value in (("n1", 1.0), ("n2", 2.0)):
        store.publish("named", pl.DataFrame({"other": [OTHER], "value": [value]}), provenance(run))
    define(store, "euros", more="")
    source = (
        store.view()
        .set(SET)
        .contracts[0]
        .source.replace('"closes"', '"euros"')
        .replace("USD", "EUR")
    )
    store.define(parse_contract(source), source)
    store.publish("euros", frame(), provenance("e"))
    yield store
    store.catalog.engine.dispose()


@pytest.fixture(scope="module")
def server(two: Store) -> Iterator[httpx.Client]:
    """A client of a real server over the two sets."""
    with serving(Path(two.root)) as url, httpx.Client(base_url=url, transport=Asking()) as client:
        yield client


@pytest.fixture(
    scope="module", params=(sync_client, async_client, raw_http), ids=lambda face: face.__name__
)
def face(request: pytest.FixtureRequest, two: Store, server: httpx.Client) -> Iterator[Face]:
    """One way to ask a service."""
    with request.param(two, str(server.base_url)) as opened:
        yield opened


def test_what_a_page_says(two: Store, server: httpx.Client) -> None:
    """Both versions by the names of their sets, the columns of both alone, what moved most first,
    then what is gone.
    """
    page = server.get(PATH, params=ASKED).json()
    assert (page["set"], page["from"], page["to"]) == ("", f"{SET} version 1", f"{OTHER} version 1")
    assert (page["by"], page["total"], page["limit"]) == ("value.d", 6, 4)
    assert [row["change"] for row in page["changes"]] == ["changed"] * 4
    assert page["changes"][0]["columns"]["value"]["d"] == pytest.approx(3.0)
    assert set(page["changes"][0]["columns"]) == {"value", "note"}
    rest = server.get(PATH, params=ASKED | {"cursor": page["next"]}).json()
    assert ([row["key"][0] for row in rest["changes"]], rest["next"]) == (["AAPL", "AAPL"], None)


@pytest.mark.parametrize(
    ("refs", "named"),
    [
        ((1, 1), {}),
        ((1,), {}),
        (("production", "latest"), {"by": "value.r", "min_change": 0.01}),
        ((2, 1), {"key": ("ÆØÅ",)}),
        (("production",), {"key": ("AAPL", "2024-06-03")}),
        ((1, 1), {"limit": 2}),
        ((1, 1), {"pairing": "same_horizon"}),
        ((1, 2), {}),
        ((1, 1), {"other": "nobody"}),
        ((1, 1), {"other": "keyed"}),
        ((1, 1), {"other": "euros"}),
        ((1, 1), {"by": "more.d"}),
        ((1, 1), {"cursor": "AAAA"}),
        ((1, "production"), {"as_of": "2001-01-01T00:00:00Z"}),
    ],
)
def test_every_way_to_ask(
    face: Face, two: Store, refs: tuple[Any, ...], named: dict[str, Any]
) -> None:
    """In process, both clients and HTTP by hand give the same bytes or the same error."""
    query = {"other": OTHER} | named
    with in_process(two, "") as store:
        expected = outcome(store, SET, "changes_page", *refs, **query)
    got = outcome(face, SET, "changes_page", *refs, **query)
    if isinstance(expected, tuple):
        assert isinstance(got, tuple)
        assert got[1] == expected[1]
    else:
        assert got == expected


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"other": "nobody"}, 404, "unknown_set"),
        ({"other": "keyed"}, 400, "other_keys"),
        ({"other": "euros"}, 409, "other_shape"),
        ({"to": 7}, 404, "unknown_version"),
        ({"by": "more.d"}, 400, "unknown_metric"),
    ],
)
def test_errors_are_those_of_the_report(
    server: httpx.Client, query: dict[str, Any], status: int, code: str
) -> None:
    """Sets and versions that cannot be compared, with the status and the code that the report of
    two sets has.
    """
    answer = server.get(PATH, params=ASKED | query)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    if "by" not in query:
        pair = {name: value for name, value in (ASKED | query).items() if name != "limit"}
        assert server.get(f"/v1/sets/{SET}/diff", params=pair).json()["code"] == code


def test_a_cursor_stays_with_both_versions(two: Store, server: httpx.Client) -> None:
    """It goes on with the versions it was made for; with another set, set order or question it is
    refused.
    """
    cursor = two[SET].changes_page(1, 1, other=OTHER, limit=4).cursor
    again = server.get(PATH, params=ASKED | {"cursor": cursor})
    assert again.content == two[SET].changes_page(1, 1, other=OTHER, limit=4, cursor=cursor).json
    for wrong in ({"other": SET}, {"other": "nobody"}, {"from": 2}, {"by": "value.r"}):
        assert server.get(PATH, params=ASKED | wrong | {"cursor": cursor}).status_code in (400, 404)
    swapped = server.get(
        f"/v1/sets/{OTHER}/diff/changes", params=ASKED | {"other": SET, "cursor": cursor}
    )
    assert swapped.json()["code"] == "bad_cursor"
    alone = {"from": 1, "to": 1, "cursor": cursor}
    assert server.get(PATH, params=alone).json()["code"] == "bad_cursor"


def test_a_cursor_outlives_a_promotion(tmp_path: Path) -> None:
    """Production of the other set moves between two pages: the second goes on with the first."""
    store = make_store(tmp_path / "store")
    for name, level in ((SET, 100.0), (OTHER, 103.0)):
        define(store, name)
        promoted(store, f"{name}-1", level, name=name)
    query = {"from": "production", "other": OTHER, "limit": 4}
    with TestClient(create_app(store)) as client:
        first = client.get(PATH, params=query).json()
        promoted(store, "o2", 104.0, name=OTHER, day=1)
        caught_up(client, store)
        assert client.get(PATH, params=query).json()["to"] == f"{OTHER} version 2"
        second = client.get(PATH, params=query | {"cursor": first["next"]}).json()
        assert (second["to"], len(second["changes"])) == (f"{OTHER} version 1", 2)
        define(store, OTHER, more="[columns.new]\n")
        caught_up(client, store)
        # of another shape
        assert client.get(PATH, params=query | {"cursor": first["next"]}).status_code == 200
    store.catalog.engine.dispose()


def test_forms(two: Store, server: httpx.Client) -> None:
    """CSV, NDJSON, Arrow and Parquet have the rows of the JSON page, flat, in the columns that both
    sets have.
    """
    page = two[SET].changes_page(1, 1, other=OTHER, limit=4)
    table = page.frame(two[SET].contract_of_changes(page))
    assert table.equals(two[SET].changes(1, 1, other=OTHER)[:4])

    def get(form: str) -> httpx.Response:
        answer = server.get(PATH, params=ASKED, headers={"accept": form})
        assert (answer.status_code, answer.headers["estimates-total"]) == (200, "6")
        assert f"cursor={page.cursor}" in answer.headers["link"]
        assert answer.headers["cache-control"] == "public, max-age=3600"
        return answer

    assert pl.read_parquet(io.BytesIO(get("application/vnd.apache.parquet").content)).equals(table)
    arrow = get("application/vnd.apache.arrow.stream").content
    assert arrow == tabular.arrow(table, {"set": OTHER, "version": "1"})
    assert get("text/csv").content == tabular.csv(table)
    assert len(get("application/x-ndjson").text.splitlines()) == 4


def test_clients_give_the_frame(two: Store, server: httpx.Client) -> None:
    """All changes as one frame, of a leading part of the key too: the store's, by both clients."""
    expected = two[SET].changes(2, 1, other=OTHER)
    assert expected.height == 6
    with Client(str(server.base_url)) as client:
        assert client[SET].changes(2, 1, other=OTHER).equals(expected)
        assert (
            client[SET]
            .changes(2, 1, other=OTHER, key=("AAPL",))
            .equals(two[SET].changes(2, 1, other=OTHER, key=("AAPL",)))
        )

    async def ask() -> pl.DataFrame:
        async with AsyncClient(str(server.base_url)) as client:
            return await client[SET].changes(2, 1, other=OTHER)

    assert asyncio.run(ask()).equals(expected)


def test_a_key_column_named_like_a_parameter(two: Store, server: httpx.Client) -> None:
    """A part of such a key would be taken for the other set: clients do not send it."""
    assert two["named"].changes(1, 2, key=(OTHER,)).height == 1
    with Client(str(server.base_url)) as client:
        assert client["named"].changes(1, 2).height == 1
        with pytest.raises(InvalidError) as error:
            client["named"].changes(1, 2, key=(OTHER,))
    assert error.value.code == "key_parts"


def test_the_command_line(two: Store, server: httpx.Client, tmp_path: Path) -> None:
    """`diff SET FROM TO --to-set OTHER --changes` is the same with a URL as with the store, as
    pages and as a file.
    """
    command = ("diff", SET, 1, 1, "--to-set", OTHER, "--changes")
    for style in ("text", "json", "csv"):
        local = call(*command, "--limit", 4, "--store", two.root, "--format", style)
        assert local == call(*command, "--limit", 4, "--store", server.base_url, "--format", style)
        assert local.code == 0
    page = two[SET].changes_page(1, 1, other=OTHER, limit=4)
    shown = call(*command, "--limit", 4, "--store", server.base_url).text
    assert f"{SET} version 1 → {OTHER} version 1, 4 of 6 changes, by value.d" in shown
    assert f"--cursor {page.cursor}" in shown
    last = call(*command, "--limit", 4, "--cursor", page.cursor, "--store", server.base_url).text
    assert last.count("removed") == 2
    for store, file in (
        (two.root, tmp_path / "local.parquet"),
        (server.base_url, tmp_path / "remote.parquet"),
    ):
        assert call(*command, "--output", file, "--store", store).code == 0
        assert pl.read_parquet(file).equals(two[SET].changes(1, 1, other=OTHER))
