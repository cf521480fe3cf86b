"""Changes over HTTP: pages, cursors, forms, headers; the clients and the command line tell the
same.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest
from litestar.testing import TestClient

from estimates import instants
from estimates.client import Client
from estimates.store.store import Store
from estimates_api.app import create_app
from tests.api.served import caught_up, serving
from tests.builders import SET, define, frame, make_store, promoted, provenance
from tests.client.faces import Face, async_client, in_process, outcome, raw_http, sync_client
from tests.jobs.cli.calls import call
from tests.waiting import until

pytest_plugins = ("tests.api.fixtures",)

PATH = f"/v1/sets/{SET}/diff/changes"


def body(client: TestClient[Any], **parameters: Any) -> dict[str, Any]:
    """The JSON of a page; `from` is given as `a`."""
    named = {"from" if name == "a" else name: value for name, value in parameters.items()}
    answer = client.get(PATH, params=named)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_page_of_changes(client: TestClient[Any], filled: Store) -> None:
    """The body is the page that the library gives, by number and by alias."""
    expected = filled[SET].changes_page(1, 5, limit=3)
    answer = client.get(PATH, params={"from": 1, "to": 5, "limit": 3})
    assert answer.content == expected.json
    assert (
        client.get(PATH, params={"from": 1, "limit": 3}).content
        == filled[SET].changes_page(1, limit=3).json
    )
    page = answer.json()
    assert (page["from"], page["to"], page["by"], page["total"], page["limit"]) == (
        1,
        5,
        "value.d",
        6,
        3,
    )
    assert [row["change"] for row in page["changes"]] == ["changed"] * 3


def test_pages_make_up_the_whole(client: TestClient[Any], filled: Store) -> None:
    """Following `next` gives every change once, in order; `total` is the same on each page."""
    rows: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = body(client, a=1, to=5, limit=4, **cursor)
        assert page["total"] == 6
        rows += page["changes"]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert [row["change"] for row in rows] == ["changed"] * 4 + ["removed"] * 2
    assert rows == filled[SET].changes_page(1, 5).body["changes"]


def test_the_link_leads_to_the_next_page(client: TestClient[Any]) -> None:
    """The Link header is the same URL with the cursor."""
    answer = client.get(
        PATH, params={"from": 1, "to": 5, "limit": 4, "ticker": "ÆØÅ", "min_change": 0.5}
    )
    assert "link" not in answer.headers
    answer = client.get(PATH, params={"from": 1, "to": 5, "limit": 1, "ticker": "ÆØÅ"})
    following = client.get(f"{PATH}{answer.headers['link'].partition('>')[0][1:]}")
    assert [row["key"] for row in (*answer.json()["changes"], *following.json()["changes"])] == [
        ["ÆØÅ", "2024-06-03"],
        ["ÆØÅ", "2024-06-04"],
    ]


def test_forms(client: TestClient[Any], filled: Store) -> None:
    """CSV, NDJSON, Arrow and Parquet have the rows of the JSON page, flat; total and link stand in
    headers.
    """
    query, expected = {"from": 1, "to": 5, "limit": 4}, filled[SET].changes_page(1, 5, limit=4)
    table = expected.frame(filled[SET].contract)

    def get(form: str) -> httpx.Response:
        answer = client.get(PATH, params=query, headers={"accept": form})
        assert (answer.status_code, answer.headers["estimates-total"]) == (200, "6")
        assert f"cursor={expected.cursor}" in answer.headers["link"]
        assert "accept" in answer.headers["vary"]
        return answer

    assert pl.read_parquet(io.BytesIO(get("application/vnd.apache.parquet").content)).equals(table)
    assert pl.read_ipc_stream(get("application/vnd.apache.arrow.stream").content).equals(table)
    assert pl.read_csv(get("text/csv").content, schema=table.schema).equals(table)
    assert (
        get("application/x-ndjson").text.splitlines()[0]
        == get("application/json").text.split('"changes":[')[1].split(',{"key"')[0]
    )
    assert client.get(PATH, params=query, headers={"accept": "image/png"}).status_code == 406


def test_headers(client: TestClient[Any], filled: Store) -> None:
    """The version that changes lead to; two numbers keep for a while, an alias on either side does
    not.
    """
    answer = client.get(PATH, params={"from": 1, "to": 4})
    assert answer.headers["estimates-version"] == "4"
    assert answer.headers["estimates-as-of"] == instants.text(filled.view().moment)
    assert answer.headers["cache-control"] == "public, max-age=3600"
    again = client.get(
        PATH, params={"from": 1, "to": 4}, headers={"if-none-match": answer.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    for query in ({"from": 1}, {"from": "production", "to": 1}, {"from": 1, "to": "latest"}):
        assert client.get(PATH, params=query).headers["cache-control"] == "no-cache"
    answers = [
        client.get(PATH, params={"from": 1, "to": 4} | more)
        for more in (
            {"to": 4},
            {"by": "value.r"},
            {"min_change": 1},
            {"limit": 2},
            {"ticker": "AAPL"},
            {"from": 3},
        )
    ]
    assert (
        len({answer.headers["etag"] for answer in answers})
        == len({answer.content for answer in answers})
        > 3
    )
    assert client.head(PATH, params={"from": 1}).status_code == 200


def test_as_of_pins_aliases(client: TestClient[Any], filled: Store) -> None:
    """Report and changes answer as the aliases meant it at a time; two numbers have no time."""
    moves = [event for event in filled.view().set(SET).events if event.kind == "promoted"]
    for event in moves:
        at = {"as_of": instants.text(event.at)}
        assert body(client, a=1, **at)["to"] == event.version
        assert body(client, a="production", to=2, **at)["from"] == event.version
        for path in (PATH, PATH.removesuffix("/changes")):
            answer = client.get(path, params={"from": 1} | at)
            assert (answer.headers["estimates-version"], answer.headers["estimates-as-of"]) == (
                str(event.version),
                at["as_of"],
            )
            refused = client.get(path, params={"from": 1, "to": 2} | at)
            assert (refused.status_code, refused.json()["code"]) == (400, "as_of_with_number")


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("", 400, "bad_parameter"),
        ("from=1&by=value", 400, "unknown_metric"),
        ("from=1&by=", 400, "unknown_metric"),
        ("from=1&min_change=-1", 400, "bad_min_change"),
        ("from=1&min_change=nan", 400, "bad_min_change"),
        ("from=1&min_change=much", 400, "bad_parameter"),
        ("from=1&limit=0", 400, "bad_limit"),
        ("from=1&limit=10001", 400, "bad_limit"),
        ("from=1&cursor=AAAA", 400, "bad_cursor"),
        ("from=1&cursor=WzEsOTksMiwwXQ", 400, "bad_cursor"),
        ("from=1&cursor=%FF", 400, "bad_parameter"),
        ("from=1&target_date=2024-06-03", 400, "key_parts"),
        ("from=1&ticker=AAPL&target_date=June", 400, "bad_key_part"),
        ("from=1&color=red", 400, "unknown_parameter"),
        ("from=1&from=2", 400, "repeated_parameter"),
        ("from=1&as_of=yesterday", 400, "bad_time"),
        ("from=99", 404, "unknown_version"),
        ("from=1&to=nobody", 404, "unknown_alias"),
    ],
)
def test_questions_that_cannot_be(
    client: TestClient[Any], query: str, status: int, code: str
) -> None:
    """Each wrong question is a problem with its code."""
    answer = client.get(f"{PATH}?{query}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.fixture
def moving(tmp_path: Path) -> Iterator[tuple[Store, TestClient[Any]]]:
    """A store of its own with versions 1 and 2, the second in production, and the app over it."""
    store = make_store(tmp_path / "store")
    define(store)
    promoted(store, "one")
    promoted(store, "two", 101.0, day=1)
    with TestClient(create_app(store), raise_server_exceptions=False) as client:
        yield store, client


def test_a_cursor_stays_with_its_versions(moving: tuple[Store, TestClient[Any]]) -> None:
    """Production moves between two pages: the second goes on with the first; another measure makes
    it stale.
    """
    store, client = moving
    first = body(client, a=1, limit=4)
    third = promoted(store, "three", 105.0, day=2)
    caught_up(client, store)
    assert body(client, a=1, limit=4)["to"] == third.version
    second = body(client, a=1, limit=4, cursor=first["next"])
    assert (second["to"], len(second["changes"])) == (2, 2)
    define(store, more="[stability]\nrtol = 0.5\n")
    caught_up(client, store)
    stale = client.get(PATH, params={"from": 1, "limit": 4, "cursor": first["next"]})
    assert (stale.status_code, stale.json()["code"]) == (400, "bad_cursor")


def test_versions_of_two_shapes(moving: tuple[Store, TestClient[Any]]) -> None:
    """They are not compared, and a cursor that says so is forged."""
    store, client = moving
    define(store, more="[columns.second]\n")
    store.publish(SET, frame(second=1.0), provenance("three", 2))
    caught_up(client, store)
    answer = client.get(PATH, params={"from": 1, "to": 3})
    assert (answer.status_code, answer.json()["code"]) == (409, "other_shape")


@pytest.fixture(
    scope="module", params=(sync_client, async_client, raw_http), ids=lambda face: face.__name__
)
def face(request: pytest.FixtureRequest, filled: Store, server: httpx.Client) -> Iterator[Face]:
    """One way to ask a service."""
    with request.param(filled, str(server.base_url)) as opened:
        yield opened


@pytest.mark.parametrize(
    ("refs", "named"),
    [
        ((1, 4), {}),
        ((1,), {"by": "value.r", "min_change": 0.01}),
        ((1, 5), {"key": ("AAPL",)}),
        ((5, "production"), {"key": ("ÆØÅ", "2024-06-03")}),
        ((1, 4), {"limit": 2}),
        ((1, 1), {}),
        ((1, "nothing"), {}),
        ((9, 1), {}),
        ((1, 4), {"by": "nope"}),
        ((1, 4), {"min_change": -1.0}),
        ((1, 4), {"limit": 0}),
        ((1, 4), {"cursor": "AAAA"}),
        ((1, "production"), {"as_of": "2001-01-01T00:00:00Z"}),
        ((1, 4), {"as_of": "2024-01-01T00:00:00Z"}),
    ],
)
def test_every_way_to_ask(
    face: Face, filled: Store, refs: tuple[Any, ...], named: dict[str, Any]
) -> None:
    """In process, both clients and HTTP by hand give the same bytes or the same error."""
    with in_process(filled, "") as store:
        expected = outcome(store, SET, "changes_page", *refs, **named)
    got = outcome(face, SET, "changes_page", *refs, **named)
    if isinstance(expected, tuple):
        assert got[1] == expected[1]
    else:
        assert got == expected


def test_the_client_gives_the_same_frame(server: httpx.Client, filled: Store) -> None:
    """All pages as one frame, types and all; of no changes too."""
    closes = filled[SET]
    with Client(str(server.base_url)) as client:
        remote = client[SET]
        questions: list[dict[str, Any]] = [
            {},
            {"key": ("AAPL",)},
            {"by": "value.r", "min_change": 0.01},
        ]
        for question in questions:
            for pair in ((1, 5), (4, 1), (1, 1), (1, "production")):
                assert remote.changes(*pair, **question).equals(closes.changes(*pair, **question))
        at = filled.view().set(SET).versions[0].published_at
        second = next(
            e.at for e in filled.view().set(SET).events if e.kind == "promoted" and e.at > at
        )
        pinned = client.at(second)[SET]
        assert pinned.changes(3).equals(closes.changes(3, 1))
        assert pinned.diff(3) == remote.diff(3, 1)


def test_a_cache_that_asks_what_changed(tmp_path: Path) -> None:
    """The example of docs/client.md: a cache that refreshes what changed equals a full read after
    every version.
    """
    store = make_store(tmp_path / "store")
    define(store, more='[gate]\nprofile = "exploratory"\n')
    promoted(store, "one")
    refresh = example()
    with serving(Path(store.root)) as url, Client(url) as client:
        closes = client[SET]
        cache: dict[tuple[str, str], Any] = {}
        version = refresh(closes, cache, None)
        for number, rows in enumerate(weeks(), start=2):
            store.publish(SET, rows, provenance(f"run {number}", number))
            store.promote(SET, number, reason="test")
            version = followed(closes, number, lambda known=version: refresh(closes, cache, known))
            assert cache == whole(store, number)
        store.rollback(SET, reason="test")
        followed(closes, version - 1, lambda: refresh(closes, cache, version))
        assert cache == whole(store, version - 1)


def weeks() -> list[pl.DataFrame]:
    """Versions after the first: one ticker moves, an attribute alone, a ticker goes, it comes back
    and all moves.
    """
    moved = frame().with_columns(
        value=pl.when(pl.col("ticker") == "AAPL").then(101.0).otherwise("value")
    )
    carried = moved.with_columns(note=pl.lit("only what is carried along"))
    return [moved, carried, carried.filter(pl.col("ticker") != "AAPL"), frame(102.0)]


def followed(closes: Any, number: int, refresh: Callable[[], int]) -> int:
    """Refresh once the service answers from this version."""
    until(lambda: closes.resolve().version == number)
    assert refresh() == number
    return number


def whole(store: Store, number: int) -> dict[tuple[str, str], Any]:
    """All estimates of a version by key."""
    rows = store[SET].scan(ref=number).body["estimates"]
    return {(row["ticker"], row["target_date"]): row for row in rows}


def example() -> Any:
    """The function that docs/client.md shows."""
    text = (Path(__file__).parents[2] / "docs" / "client.md").read_text()
    source = text.partition("def refresh(")[2].partition("```")[0]
    row: dict[str, Any] = {}
    exec(f"def refresh({source}", row)
    return row["refresh"]


def test_the_command_line(server: httpx.Client, filled: Store, tmp_path: Path) -> None:
    """diff --changes prints a page for people, the body of HTTP, or CSV; with a URL too."""
    command = ("diff", SET, 1, 5, "--changes", "--limit", 4)
    for style in ("text", "json", "csv"):
        local = call(*command, "--store", filled.root, "--format", style)
        assert local == call(*command, "--store", server.base_url, "--format", style)
        assert local.code == 0
    page = filled[SET].changes_page(1, 5, limit=4)
    assert call(*command, "--store", filled.root, "--format", "json").out == page.json
    table = page.frame(filled[SET].contract)
    printed = call(*command, "--store", filled.root, "--format", "csv")
    assert pl.read_csv(printed.out, schema=table.schema).equals(table)
    assert page.cursor is not None
    assert page.cursor in printed.err
    shown = call(*command, "--store", filled.root).text
    assert f"{SET} version 1 → 5, 4 of 6 changes, by value.d" in shown
    assert f"--cursor {page.cursor}" in shown
    rest = call(
        "diff", SET, 1, 5, "AAPL", "--changes", "--by", "value.r", "--store", filled.root
    ).text
    assert rest.count("removed") == 2
    assert "next page" not in rest


@pytest.mark.parametrize(
    "arguments",
    [
        ("diff", SET, 1, 4, "AAPL"),
        ("diff", SET, 1, 4, "--by", "value.d"),
        ("diff", SET, 1, 4, "--format", "csv"),
        ("promote", SET, 1, "--format", "csv"),
    ],
)
def test_options_that_have_no_effect(filled: Store, arguments: tuple[Any, ...]) -> None:
    """Options of changes alone, and CSV where there is none, are wrong usage and never ignored."""
    called = call(*arguments, "--store", filled.root)
    assert (called.code, called.out) == (2, b"")


def test_changes_at_a_horizon(client: TestClient[Any]) -> None:
    """A horizon of the report bounds changes: those of the target that it stands for; one that
    there is not has none, and a set without a target no horizons.
    """
    url = "/v1/sets/closes/diff/changes?from=1&to=4&within="
    horizons = client.get("/v1/sets/closes/diff?from=1&to=4").json()["columns"]["value"]["horizons"]
    assert [group["value"] for group in horizons] == ["1", "2"]
    for place, day in (("1", "2024-06-03"), ("2", "2024-06-04")):
        changes = client.get(f'{url}[["horizon","{place}"]]').json()["changes"]
        assert [change["key"][1] for change in changes] == [day] * 3
    assert client.get(f'{url}[["horizon","9"]]').json()["total"] == 0
    odd = client.get('/v1/sets/odd/diff/changes?from=1&to=1&within=[["horizon","1"]]')
    assert odd.json()["code"] == "bad_bounds"
