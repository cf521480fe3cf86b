"""The forms of an answer: what is accepted, what comes, that it says the same as JSON, and when it
is compressed.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import TestClient

from estimates.contract.contract_file import parse_contract
from estimates.store.store import Store
from estimates_api.app import create_app
from estimates_api.http.representation import (
    ARROW,
    CSV,
    JSON,
    NDJSON,
    PARQUET,
    TABLES,
    best_offer,
    takes_gzip,
)
from tests.api.bad_requests import assert_problem
from tests.api.served import path_of
from tests.builders import SET, make_store, provenance

pytest_plugins = ("tests.api.fixtures",)

ONE = path_of(SET, "AAPL", "2024-06-03")
SCAN = f"/v1/sets/{SET}/estimates"
HISTORY = path_of(SET, "AAPL", "2024-06-03", route="history")
QUESTIONS = (
    ONE,
    f"{ONE}?ref=1&fields=value",
    SCAN,
    f"{SCAN}?ticker=AAPL",
    f"{SCAN}?ticker=nobody",
    HISTORY,
)
KEYS = {
    "keys": [["AAPL", "2024-06-03"], ["nobody", "2024-06-03"], ["AAPL", "2024-06-03"]],
    "ref": 5,
}
WIDE = """\
name = "wide"
[key.code]
type = "string"
[columns.value]
"""


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient[Any]]:
    """The app over a set of 2,000 keys with zeros in front."""
    store = make_store(tmp_path_factory.mktemp("wide") / "store")
    store.define(parse_contract(WIDE), WIDE)
    rows = pl.DataFrame(
        {"code": [f"{number:05d}" for number in range(2000)], "value": [n / 7 for n in range(2000)]}
    )
    store.publish("wide", rows, provenance("one"))
    with TestClient(create_app(store)) as client:
        yield client
    store.catalog.engine.dispose()


# -- what is accepted

RANGES = [*TABLES, PARQUET, "*/*", "application/*", "text/*", "image/png", "image/*", "TEXT/CSV"]
QUALITIES = ["", ";q=0", ";q=0.0", ";q=0.5", ";q=0.50", "; q=0.9", ";q=1", ";Q=0.3", ";q=1.000"]
ACCEPTS = st.lists(
    st.tuples(st.sampled_from(RANGES), st.sampled_from(QUALITIES)), min_size=1, max_size=5
)


def liked(ranges: list[tuple[str, str]], kind: str) -> float:
    """How well a media type is liked, as RFC 9110 tells it: of the ranges that fit, the most
    specific one counts.
    """
    main = kind.split("/")[0]
    for fitting in (kind, f"{main}/*", "*/*"):
        forms = [
            float((q.lower().partition("q=")[2]) or 1)
            for name, q in ranges
            if name.lower() == fitting
        ]
        if forms:
            return max(forms)
    return 0.0


@given(ACCEPTS, st.sampled_from([TABLES, (PARQUET, ARROW, CSV)]))
def test_the_best_liked_form_is_chosen(
    accept: list[tuple[str, str]], offered: tuple[str, ...]
) -> None:
    """By the most specific range, of equals the first one offered; none when all are unwanted."""
    text = ", ".join(name + quality for name, quality in accept).encode()
    top = max(liked(accept, kind) for kind in offered)
    assert best_offer(text, offered) == (
        next(k for k in offered if liked(accept, k) == top) if top else None
    )


@given(st.text(st.characters(max_codepoint=255), max_size=30), st.sampled_from(TABLES))
def test_an_accept_header_may_be_anything(rubbish: str, kind: str) -> None:
    """What is no media range counts for nothing and hides nothing; parameters, with quoted commas
    too, are let be.
    """
    best_offer(rubbish.encode("latin-1"), TABLES)
    header = f'{rubbish.replace("*", "")}, {kind};x="a,b",'
    assert best_offer(header.encode("latin-1"), (kind,)) == kind


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (b"", False),
        (b"gzip", True),
        (b"gzip, deflate, br", True),
        (b"X-GZIP", True),
        (b"*", True),
        (b"gzip;q=0, *", False),
        (b"gzip;q=0.4, identity", False),
        (b"gzip;q=0.5, identity;q=0.5", True),
        (b"br, zstd", False),
        (b"identity;q=0", False),
    ],
)
def test_gzip_is_for_those_who_like_it(accept: bytes, expected: bool) -> None:
    """Named or by `*`, at least as much as no compression."""
    assert takes_gzip(accept) is expected


@pytest.mark.parametrize("path", QUESTIONS)
@pytest.mark.parametrize(
    "accept", [None, "*/*", JSON, "application/*;q=0.1", "text/html, */*;q=0.8"]
)
def test_who_does_not_mind_gets_json(
    client: TestClient[Any], path: str, accept: str | None
) -> None:
    """A browser, curl, and clients that say nothing."""
    answer = client.get(path, headers={} if accept is None else {"accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, JSON)


@pytest.mark.parametrize("path", QUESTIONS)
@pytest.mark.parametrize(
    "accept", ["image/png", "text/csv;q=0", "nonsense", "application/vnd.apache.parquet"]
)
def test_nothing_that_fits_is_a_406(client: TestClient[Any], path: str, accept: str) -> None:
    """The problem names what there is."""
    answer = client.get(path, headers={"accept": accept})
    assert_problem(answer, 406, "not_acceptable")
    assert answer.json()["available"] == list(TABLES)
    assert_problem(client.post(SCAN, json=KEYS, headers={"accept": accept}), 406, "not_acceptable")


# -- what comes


def rows_of(answer: httpx.Response) -> list[dict[str, Any]]:
    """The rows of a form, each cell as text (what is null is no text); read by nothing of ours."""
    kind = answer.headers["content-type"].partition(";")[0]
    if kind == CSV:
        assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
        return [dict(row) for row in csv.DictReader(io.StringIO(answer.text, newline=""))]
    if kind == ARROW:
        table = pl.DataFrame(pl.from_arrow(pa.ipc.open_stream(answer.content).read_all()))
        spans = [name for name, dtype in table.schema.items() if dtype.is_nested()]
        return [
            {name: _cell(row[name]) for name in row if name not in spans}
            for row in table.to_dicts()
        ]
    assert kind == NDJSON
    return [_flat(json.loads(line)) for line in answer.text.splitlines()]


def _flat(row: dict[str, Any]) -> dict[str, str]:
    """A row of JSON with its estimate and key laid out, as a table has them."""
    estimate = row.pop("estimate", None) or {}
    if "key" in row:
        estimate |= dict(zip(("ticker", "target_date"), row.pop("key"), strict=True))
    return {
        name: _cell(value)
        for name, value in (row | estimate).items()
        if not isinstance(value, list)
    }


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value.isoformat().replace("+00:00", "Z") if hasattr(value, "isoformat") else str(value)


def json_rows(answer: httpx.Response) -> list[dict[str, Any]]:
    """The rows of the JSON answer."""
    body = answer.json()
    return (
        next(body[part] for part in ("estimates", "results", "history") if part in body)
        if "estimate" not in body
        else [body["estimate"]]
    )


def with_all_columns(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The rows as a table has them: a column is there for all or none, without lists."""
    names = {name for row in rows for name in row} - {"production"}
    return [{name: row.get(name, "") for name in sorted(names)} for row in rows]


@pytest.mark.parametrize("form", [NDJSON, CSV, ARROW])
@pytest.mark.parametrize("path", QUESTIONS)
def test_every_form_says_the_same(client: TestClient[Any], path: str, form: str) -> None:
    """One estimate, pages, an empty one, a history: the rows of the JSON in the same order, value
    by value.
    """
    plain, other = client.get(path), client.get(path, headers={"accept": form})
    assert other.status_code == 200, other.text
    expected = with_all_columns([_flat(row) for row in json_rows(plain)])
    got = with_all_columns(rows_of(other))
    # a table has the key in every row, NDJSON and JSON where there is an estimate
    if "history" in path:
        for row in (*expected, *got):
            del row["ticker"], row["target_date"]
    assert got == expected
    for name in (
        "estimates-version",
        "estimates-as-of",
        "estimates-shape",
        "cache-control",
        "estimates-total",
        "link",
    ):
        assert other.headers.get(name) == plain.headers.get(name)


@pytest.mark.parametrize("form", [NDJSON, CSV, ARROW])
@pytest.mark.parametrize("fields", [None, [], ["note"]])
def test_every_form_of_a_batch_says_the_same(
    client: TestClient[Any], form: str, fields: list[str] | None
) -> None:
    """A row for each key asked, in that order, with its status and the last version that had it."""
    body = KEYS if fields is None else {**KEYS, "fields": fields}
    plain, other = (
        client.post(SCAN, json=body),
        client.post(SCAN, json=body, headers={"accept": form}),
    )
    rows = with_all_columns(rows_of(other))
    expected = with_all_columns([_flat(row) for row in json_rows(plain)])
    assert [{name: row[name] for name in expected[0]} for row in rows] == expected
    assert [row["status"] for row in rows] == ["removed", "outside_domain", "removed"]
    assert other.headers["estimates-version"] == "5"


def test_lines_are_rows_byte_for_byte(client: TestClient[Any]) -> None:
    """Each line of NDJSON stands in the JSON as it is."""
    for path in QUESTIONS:
        plain, lines = client.get(path), client.get(path, headers={"accept": NDJSON})
        assert lines.content.count(b"\n") == len(json_rows(plain))
        assert all(line in plain.content for line in lines.content.splitlines())


def test_arrow_names_set_and_version(client: TestClient[Any]) -> None:
    """In the metadata of the schema; a history has no one version."""
    for path, expected in (
        (SCAN, {b"set": SET.encode(), b"version": b"4"}),
        (HISTORY, {b"set": SET.encode()}),
    ):
        answer = client.get(path, headers={"accept": ARROW})
        assert pa.ipc.open_stream(answer.content).schema.metadata == expected


DOCUMENTED = re.findall(
    r"```http\n(GET|POST) (\S+)\n(?:Accept: (\S+)\n)?([^`]*)```\n```text\n(ticker|status)(.*?)```",
    (Path(__file__).parents[2] / "docs" / "http.md").read_text(),
    re.DOTALL,
)


@pytest.mark.parametrize(("method", "path", "accept", "body", "first", "rest"), DOCUMENTED)
def test_the_documented_tables_are_true(
    client: TestClient[Any], method: str, path: str, accept: str, body: str, first: str, rest: str
) -> None:
    """Asked again, a request of docs/http.md gives the rows that it shows, perhaps more."""
    answer = client.request(method, path, content=body or None, headers={"accept": accept or "*/*"})
    assert answer.text.startswith(first + rest)


def test_zeros_in_front_stay(wide: TestClient[Any]) -> None:
    """A code is a string in every form, and read by type it is the same again."""
    path = "/v1/sets/wide/estimates?ref=1&limit=10000"
    stored = pl.read_parquet(wide.get("/v1/sets/wide/versions/1/data").content)
    text = wide.get(path, headers={"accept": CSV}).content
    assert pl.read_csv(text, schema=stored.schema).equals(stored)
    assert pl.read_ipc_stream(wide.get(path, headers={"accept": ARROW}).content).equals(stored)
    assert pl.read_ndjson(
        wide.get(path, headers={"accept": NDJSON}).content, schema=stored.schema
    ).equals(stored)


def test_no_fields_are_the_key_alone(client: TestClient[Any]) -> None:
    """An empty list means the same in a URL, in a batch and in every form."""
    assert client.get(f"{ONE}?fields=").json()["estimate"] == {
        "ticker": "AAPL",
        "target_date": "2024-06-03",
    }
    assert (
        client.get(f"{ONE}?fields=", headers={"accept": CSV}).text
        == "ticker,target_date\nAAPL,2024-06-03\n"
    )
    rows = client.post(SCAN, json={"keys": [["AAPL", "2024-06-03"]], "fields": []}).json()[
        "results"
    ]
    assert rows == [{"status": "ok", "estimate": {"ticker": "AAPL", "target_date": "2024-06-03"}}]


# -- caching


@pytest.mark.parametrize("path", [*QUESTIONS, f"/v1/sets/{SET}/versions/1/data"])
def test_answers_say_what_they_depend_on(client: TestClient[Any], path: str) -> None:
    """`Vary` names Accept in every form; a tag belongs to one form, and asks for that form only."""
    forms = (PARQUET, ARROW, CSV) if path.endswith("data") else TABLES
    answers = {form: client.get(path, headers={"accept": form}) for form in forms}
    assert len({answer.headers["etag"] for answer in answers.values()}) == len(forms)
    for form, answer in answers.items():
        assert "accept" in answer.headers["vary"].split(", ")
        same = client.get(path, headers={"accept": form, "if-none-match": answer.headers["etag"]})
        assert (same.status_code, same.content) == (304, b"")
        assert same.headers["vary"] == answer.headers["vary"]
        assert client.get(
            path, headers={"accept": CSV, "if-none-match": answer.headers["etag"]}
        ).status_code == (304 if form == CSV else 200)
        head = client.head(path, headers={"accept": form})
        assert (head.content, dict(head.headers)) == (b"", dict(answer.headers))


# -- pages


@pytest.mark.parametrize("form", TABLES)
def test_links_lead_through_all_pages(client: TestClient[Any], form: str) -> None:
    """`Link` goes on with the same question until nothing is left, in every form; the total is the
    same on all.
    """
    path, seen = f"{SCAN}?ref=1&limit=4&fields=value", 0
    while True:
        answer = client.get(path, headers={"accept": form})
        seen += len(rows_of(answer)) if form != JSON else len(answer.json()["estimates"])
        assert answer.headers["estimates-total"] == "6"
        if "link" not in answer.headers:
            break
        assert set(answer.links) == {"next"}
        path = urljoin(path, answer.links["next"]["url"])
        assert "fields=value" in path
    assert seen == 6


@pytest.mark.parametrize(
    "path", [f"/v1/sets/{SET}/versions?limit=2&state=refused", "/v1/events?limit=7&set=closes"]
)
def test_links_lead_through_versions_and_events(client: TestClient[Any], path: str) -> None:
    """What stands in `next`, as a URL; none on the last page."""
    whole = client.get(path.replace("limit=2", "limit=1000").replace("limit=7", "limit=1000"))
    part = next(name for name in ("versions", "events") if name in whole.json())
    seen: list[Any] = []
    for _ in whole.json()[part]:
        answer = client.get(path)
        seen += answer.json()[part]
        if "link" not in answer.headers:
            break
        path = urljoin(path, answer.links["next"]["url"])
    assert seen == whole.json()[part]
    assert "link" not in whole.headers


def test_a_link_holds_any_key(server: httpx.Client) -> None:
    """A slash, a letter of another alphabet, an ampersand: the link names the key that was asked
    for.
    """
    for ticker in ("BRK/B", "ÆØÅ"):
        first = server.get(SCAN, params={"ticker": ticker, "limit": 1})
        assert first.headers["link"].isascii()
        following = server.get(urljoin(str(first.url), first.links["next"]["url"])).json()
        assert [row["ticker"] for row in following["estimates"]] == [ticker]
        assert following["next"] is None


# -- compression


def raw(client: TestClient[Any], path: str, **headers: str) -> tuple[httpx.Response, bytes]:
    """The answer and its bytes as they were sent."""
    with client.stream(
        "GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()}
    ) as answer:
        return answer, b"".join(answer.iter_raw())


@pytest.mark.parametrize("form", TABLES)
def test_large_answers_are_compressed(wide: TestClient[Any], form: str) -> None:
    """With another tag, and a length that is that of what is sent; the same bytes every time."""
    path = "/v1/sets/wide/estimates?ref=1&limit=10000"
    plain, content = raw(wide, path, accept=form, accept_encoding="identity")
    packed, sent = raw(wide, path, accept=form, accept_encoding="gzip")
    assert "content-encoding" not in plain.headers
    assert (packed.headers["content-encoding"], gzip.decompress(sent)) == ("gzip", content)
    assert packed.headers["content-length"] == str(len(sent))
    assert packed.headers["etag"] != plain.headers["etag"]
    assert "accept-encoding" in packed.headers["vary"]
    assert "accept-encoding" in plain.headers["vary"]
    assert raw(wide, path, accept=form, accept_encoding="gzip")[1] == sent
    again, nothing = raw(
        wide, path, accept=form, accept_encoding="gzip", if_none_match=packed.headers["etag"]
    )
    assert (again.status_code, nothing, "content-encoding" in again.headers) == (304, b"", False)


def test_a_large_batch_and_a_whole_csv_are_compressed(wide: TestClient[Any]) -> None:
    """As they are for clients that ask for nothing special: httpx takes gzip."""
    keys = [[f"{number:05d}"] for number in range(2000)]
    batch = wide.post("/v1/sets/wide/estimates", json={"keys": keys, "ref": 1})
    whole = wide.get("/v1/sets/wide/versions/1/data?format=csv")
    for answer in (batch, whole):
        assert answer.headers["content-encoding"] == "gzip"
        assert "accept-encoding" in answer.headers["vary"]
    assert [row["estimate"]["code"] for row in batch.json()["results"]] == [key for (key,) in keys]
    assert len(whole.text.splitlines()) == 2001


def test_a_long_list_of_versions_is_compressed(tmp_path: Path) -> None:
    """What tells of many things grows large too."""
    store = make_store(tmp_path / "store")
    store.define(parse_contract(WIDE), WIDE)
    for number in range(60):
        store.publish(
            "wide", pl.DataFrame({"code": ["a"], "value": [1.0]}), provenance(f"run-{number}")
        )
    with TestClient(create_app(store)) as client:
        listed = client.get("/v1/sets/wide/versions")
        assert listed.headers["content-encoding"] == "gzip"
        assert listed.headers["vary"] == "accept-encoding"
        assert len(listed.json()["versions"]) == 60
        few = client.get("/v1/sets/wide/versions?limit=5")
        assert "content-encoding" not in few.headers
    store.catalog.engine.dispose()


@pytest.mark.parametrize(
    "path",
    [
        "/v1/sets/wide/estimates/00001?ref=1",
        "/v1/sets/wide/estimates?ref=1&limit=5",
        "/v1/sets/wide/versions/1/data",
        "/v1/sets/wide/versions/1/data?format=arrow",
    ],
)
def test_small_answers_and_parquet_are_not_compressed(wide: TestClient[Any], path: str) -> None:
    """Nothing is to be won there."""
    assert "content-encoding" not in wide.get(path, headers={"accept-encoding": "gzip"}).headers


def test_a_frame_in_process_is_the_arrow_of_http(client: TestClient[Any], filled: Store) -> None:
    """`answer.frame(contract)` and the Arrow answer to the same question are equal, for all four
    kinds.
    """
    closes, key = filled[SET], ("AAPL", "2024-06-03")
    arrow = {"accept": ARROW}
    pairs = [
        (closes.get(*key), client.get(ONE, headers=arrow)),
        (closes.scan("AAPL"), client.get(f"{SCAN}?ticker=AAPL", headers=arrow)),
        (closes.history(*key), client.get(HISTORY, headers=arrow)),
        (closes.get_many(KEYS["keys"], ref=5), client.post(SCAN, json=KEYS, headers=arrow)),
    ]
    for answer, response in pairs:
        assert answer.frame(closes.contract).equals(pl.read_ipc_stream(response.content))
