"""Rows over HTTP: ranges, order, releases, lags and deadlines, on pages and in whole versions; the
client says the same as the store.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from litestar.testing import TestClient
from polars.testing import assert_frame_equal

from estimates import instants
from estimates.catalog.at import At
from estimates.client import Client
from estimates.store.store import Store
from estimates_api.app import create_app
from estimates_api.http.representation import ARROW, CSV, NDJSON
from tests.api.bad_requests import assert_problem
from tests.api.served import serving
from tests.reading.daily_load import DAY, FIRST, daily_load

PAGE = "/v1/sets/load/estimates"
DATA = "/v1/sets/load/versions/production/data"
RANGE = f"{FIRST + 7 * DAY}..{FIRST + 8 * DAY}"


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Six versions of a set that rolls on."""
    store = daily_load(tmp_path_factory.mktemp("rows") / "store")
    yield store
    store.catalog.engine.dispose()


@pytest.fixture(scope="module")
def client(load: Store) -> Iterator[TestClient[Any]]:
    """A service of the store, in this process."""
    with TestClient(create_app(load)) as client:
        yield client


def table(client: TestClient[Any], url: str, **query: str) -> pl.DataFrame:
    """The answer as Arrow."""
    answer = client.get(url, params=query, headers={"accept": ARROW})
    assert answer.status_code == 200, answer.text
    return pl.read_ipc_stream(io.BytesIO(answer.content))


def test_a_page_by_ranges_across_series(client: TestClient[Any], load: Store) -> None:
    """One week of all zones: the rows of the store, with a cursor from page to page."""
    first = client.get(PAGE, params={"day": RANGE, "limit": 3}).json()
    assert (first["total"], len(first["estimates"]), first["version"]) == (4, 3, 6)
    query = {"day": RANGE, "limit": 3, "cursor": first["next"]}
    second = client.get(PAGE, params=query).json()
    assert second["next"] is None
    rows = [*first["estimates"], *second["estimates"]]
    expected = load["load"].rows({"day": (FIRST + 7 * DAY, FIRST + 8 * DAY)})
    assert [(row["zone"], row["day"], row["mw"]) for row in rows] == [
        (zone, str(day), mw) for zone, day, mw in expected["zone", "day", "mw"].iter_rows()
    ]
    other = client.get(PAGE, params={"day": RANGE, "zone": "N", "cursor": first["next"]})
    assert_problem(other, 400, "bad_cursor")


def test_a_page_of_a_part_that_does_not_lead(client: TestClient[Any]) -> None:
    """The second key column alone is a filter; a row is what a lookup says."""
    day = FIRST + 7 * DAY
    page = client.get(PAGE, params={"day": str(day)}).json()
    assert [row["zone"] for row in page["estimates"]] == ["N", "S"]
    assert page["estimates"][0] == client.get(f"{PAGE}/N/{day}").json()["estimate"]


def test_an_order_and_columns(client: TestClient[Any]) -> None:
    """The largest first, in each form."""
    query = {"order": "-mw", "fields": "mw", "limit": "2"}
    rows = client.get(PAGE, params=query).json()["estimates"]
    assert [row["mw"] for row in rows] == [106.9, 106.9]
    lines = client.get(PAGE, params=query, headers={"accept": NDJSON}).text.splitlines()
    assert [json.loads(line) for line in lines] == rows
    shown = client.get(PAGE, params=query, headers={"accept": CSV}).text.splitlines()
    assert shown[0] == "zone,day,mw"


@pytest.mark.parametrize(
    "query",
    [
        {"release": "first"},
        {"release": "2", "fields": "mw"},
        {"release": "latest", "order": "-mw,zone"},
        {"lag": "P2D"},
        {"fields": ""},
    ],
)
def test_whole_versions_are_asked_the_same(
    client: TestClient[Any], load: Store, query: dict[str, str]
) -> None:
    """`…/data` and a page give the rows of the store, with the version of each of many."""
    options: dict[str, Any] = dict(query)
    for name in ("fields", "order"):
        if name in options:
            options[name] = options[name].split(",") if options[name] else []
    expected = load["load"].rows(**options)
    assert_frame_equal(table(client, DATA, **query), expected)
    page = client.get(PAGE, params=query).json()
    assert page["total"] == expected.height
    if "version" in expected.columns:
        assert [row["version"] for row in page["estimates"]] == expected["version"].to_list()


def test_a_deadline_at_a_moment(client: TestClient[Any], load: Store) -> None:
    """What was said at six of the day before, by claimed times of release."""
    moment = instants.now()
    at = At(as_of=moment, clock="released")
    query = {"deadline": "D-1T06:00", "as_of": instants.text(moment), "clock": "released"}
    expected = load["load"].rows(deadline="D-1T06:00", at=at)
    assert expected.height
    assert_frame_equal(table(client, DATA, **query), expected)
    del query["as_of"]
    assert_frame_equal(table(client, DATA, **query), expected)
    page = client.get(PAGE, params=query)
    assert page.json()["total"] == expected.height
    assert page.headers["estimates-imported"] == "true"
    assert_problem(client.get(PAGE, params={"clock": "released"}), 400, "bad_clock")
    key = f"/v1/sets/load/history/N/{FIRST + 4 * DAY}"
    history = client.get(key, params={"deadline": "D-2T12:00", "clock": "released"}).json()
    assert [entry["version"] for entry in history["history"]] == [1, 2, 3]


def test_a_whole_version_as_lines(client: TestClient[Any], load: Store) -> None:
    """NDJSON by Accept and by name; latest equals as_of now."""
    plain = client.get(DATA, params={"format": "ndjson"})
    assert plain.headers["content-type"] == NDJSON
    rows = [json.loads(line) for line in plain.text.splitlines()]
    assert len(rows) == load["load"].frame().height
    latest = table(client, DATA, release="latest").filter(version=6)
    now = table(client, DATA, as_of=instants.text(load.view().moment))
    assert_frame_equal(latest.drop("version", "published_at"), now)


def test_answers_can_be_revalidated(client: TestClient[Any]) -> None:
    """The same request has the same tag, another one another."""
    first = client.get(DATA, params={"day": RANGE})
    again = client.get(
        DATA, params={"day": RANGE}, headers={"if-none-match": first.headers["etag"]}
    )
    assert again.status_code == 304
    assert client.get(DATA, params={"zone": "N"}).headers["etag"] != first.headers["etag"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"day": ".."}, "bad_key_range"),
        ({"day": "x..y"}, "bad_key_range"),
        ({"release": "last"}, "bad_release"),
        ({"lag": "x"}, "bad_lag"),
        ({"deadline": "x"}, "bad_deadline"),
        ({"deadline": "PT1H", "lag": "1d"}, "two_releases"),
        ({"order": "x"}, "unknown_field"),
        ({"other": "1..2"}, "unknown_parameter"),
    ],
)
def test_what_cannot_be_asked(client: TestClient[Any], query: dict[str, str], code: str) -> None:
    """A page and a whole version refuse the same."""
    for url in (PAGE, DATA):
        assert_problem(client.get(url, params=query), 400, code)


def test_the_client_says_the_same(load: Store) -> None:
    """Rows and joins at a deadline, from a service."""
    moment = At(as_of=instants.now(), clock="released")
    with serving(Path(load.root)) as url, Client(url) as remote:
        closes, here = remote["load"], load["load"]
        where = {"zone": ("A", "O"), "day": (None, FIRST + 8 * DAY)}
        assert_frame_equal(closes.rows(where, order=["-mw"]), here.rows(where, order=["-mw"]))
        said = closes.rows(deadline="PT36H", at=moment)
        assert_frame_equal(said, here.rows(deadline="PT36H", at=moment))
        keys = said.select("zone", "day")
        joins = [s.as_of_join(keys, deadline="PT36H", clock="released") for s in (closes, here)]
        assert_frame_equal(*joins)


def test_values_choose_rows(client: TestClient[Any], load: Store) -> None:
    """A column that is no part of the key: a value, or a range, on pages and in whole versions."""
    rows = load["load"].rows()
    most = rows["mw"].max()
    wanted = rows.filter(pl.col("mw") == most).height
    assert client.get(PAGE, params={"mw": f"{most}.."}).json()["total"] == wanted
    listed = client.get(PAGE, params={"mw": str(most)}).json()["estimates"]
    assert [row["mw"] for row in listed] == [most] * wanted
    assert table(client, DATA, mw=f"{most}..").height == wanted
