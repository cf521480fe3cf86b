"""Whole versions over HTTP: Parquet and its parts, Arrow, CSV; read by polars and DuckDB straight
from the URL.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import httpx
import numpy as np
import polars as pl
import pytest
from fsspec.implementations.http import HTTPFileSystem
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import TestClient

from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError, UnavailableError
from estimates.store.store import Store
from estimates_api.app import create_app
from estimates_api.http import streaming
from estimates_api.http.ranges import byte_range
from estimates_api.http.representation import ARROW, CSV, NDJSON, PARQUET
from estimates_api.http.streaming import ChunkedAnswer
from tests.api.bad_requests import assert_problem
from tests.api.served import serving
from tests.builders import SET, define, make_store, parquet_of, promoted, provenance

pytest_plugins = ("tests.api.fixtures",)

DATA = f"/v1/sets/{SET}/versions/1/data"
FORMS = (PARQUET, ARROW, CSV, NDJSON)
ROWS = 300_000
COLUMNS = tuple("abcdef")
LARGE = 'name = "large"\n[key.code]\ntype = "string"\n' + "".join(
    f"[columns.{name}]\n" for name in COLUMNS
)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path, pl.DataFrame]]:
    """A real server's URL of a version of 300,000 rows and six columns, its file, and its rows."""
    store = make_store(tmp_path_factory.mktemp("large") / "store")
    store.define(parse_contract(LARGE), LARGE)
    numbers = np.random.default_rng(0)
    codes = pl.Series("code", range(ROWS)).cast(pl.String).str.zfill(6)
    rows = pl.DataFrame([codes, *(pl.Series(name, numbers.random(ROWS)) for name in COLUMNS)])
    store.publish("large", rows, provenance("one"))
    file = next(Path(store.root).rglob("*.parquet"))
    with serving(Path(store.root)) as url:
        yield f"{url}/v1/sets/large/versions/1/data", file, rows
    store.catalog.engine.dispose()


# -- ranges


def positions(text: str, size: int) -> list[int] | None:
    """Which bytes a well-formed single range asks for, one by one; None where it is to be passed
    over.
    """
    first, last = text.removeprefix("bytes=").split("-")
    if not first:
        return [at for at in range(size) if at >= size - int(last)]
    if last and int(last) < int(first):
        return None
    return [at for at in range(size) if at >= int(first) and (not last or at <= int(last))]


NUMBER = st.integers(0, 30).map(str)
RANGE = st.builds("bytes={}-{}".format, NUMBER, NUMBER | st.just("")) | st.builds(
    "bytes=-{}".format, NUMBER
)


@given(RANGE, st.integers(1, 25))
def test_a_range_is_the_bytes_it_says(text: str, size: int) -> None:
    """From one to another, inclusive; to the end; the last so many; nothing at all is an error with
    the size.
    """
    expected = positions(text, size)
    if expected == []:
        with pytest.raises(InvalidError) as caught:
            byte_range(text.encode(), size)
        assert (caught.value.code, caught.value.details) == ("bad_range", {"size": size})
    else:
        part = byte_range(text.encode(), size)
        assert (None if part is None else list(part)) == expected


@given(
    st.binary(max_size=20)
    | st.sampled_from([b"", b"items=0-1", b"bytes=0-1,3-4", b"bytes=", b"bytes=-", b"0-1"])
)
def test_what_is_no_range_is_passed_over(text: bytes) -> None:
    """Nothing, other units, several ranges, anything: the whole is sent."""
    if (
        not text.lower().startswith(b"bytes=")
        or text.count(b"-") != 1
        or b"," in text
        or len(text) < 8
    ):
        assert byte_range(text, 100) is None


# -- Parquet


def stored(store: Store, version: int = 1) -> bytes:
    """The file of a version of `closes` as it is in the store."""
    name = parquet_of(store, store.view().set(SET).versions[version - 1])
    return (Path(store.root) / name).read_bytes()


@pytest.mark.one_part
def test_the_file_is_sent_as_it_is_stored(client: TestClient[Any], filled: Store) -> None:
    """Byte for byte, with its length, its digest, a name for it, and the headers of every answer
    from a version.
    """
    answer, content = client.get(DATA), stored(filled)
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["content-type"] == PARQUET
    assert answer.headers["content-length"] == str(len(content))
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-disposition"] == f'attachment; filename="{SET}-1.parquet"'
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    assert answer.headers["repr-digest"] == f"sha-256=:{digest}:"
    assert answer.headers["estimates-version"] == "1"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.one_part
def test_a_version_is_named_as_everywhere(client: TestClient[Any], filled: Store) -> None:
    """By alias, which may change, and as of a time; what is not there is a 404."""
    aliased = client.get(f"/v1/sets/{SET}/versions/production/data")
    assert (aliased.content, aliased.headers["cache-control"]) == (stored(filled, 4), "no-cache")
    then = client.get(f"/v1/sets/{SET}/versions/1").json()["production"][0]["from"]
    assert client.get(f"/v1/sets/{SET}/versions/production/data?as_of={then}").content == stored(
        filled
    )
    assert_problem(client.get(f"/v1/sets/{SET}/versions/77/data"), 404, "unknown_version")


@pytest.mark.one_part
@pytest.mark.parametrize(
    "requested", ["bytes=0-3", "bytes=4-", "bytes=-8", "bytes=1-999999", "bytes=7-7"]
)
def test_a_part_is_a_206(client: TestClient[Any], filled: Store, requested: str) -> None:
    """With its place in the file, its own length, and the tag of the whole."""
    content, answer = stored(filled), client.get(DATA, headers={"range": requested})
    wanted = positions(requested, len(content))
    assert wanted
    part = content[wanted[0] : wanted[-1] + 1]
    assert (answer.status_code, answer.content) == (206, part)
    assert answer.headers["content-range"] == f"bytes {wanted[0]}-{wanted[-1]}/{len(content)}"
    assert answer.headers["content-length"] == str(len(part))
    assert answer.headers["etag"] == client.get(DATA).headers["etag"]


@pytest.mark.one_part
def test_no_part_is_a_416(client: TestClient[Any], filled: Store) -> None:
    """A range beyond the end, or of no bytes, tells the size."""
    size = len(stored(filled))
    for requested in (f"bytes={size}-", "bytes=-0", "bytes=99999-100000"):
        answer = client.get(DATA, headers={"range": requested})
        assert_problem(answer, 416, "bad_range")
        assert (answer.headers["content-range"], answer.json()["size"]) == (f"bytes */{size}", size)


@pytest.mark.one_part
def test_a_part_is_only_sent_of_what_the_client_holds(client: TestClient[Any]) -> None:
    """If-Range with the tag gives the part; another tag, a weak one or a date the whole file."""
    tag = client.get(DATA).headers["etag"]
    for given_tag, status in (
        (tag, 206),
        ('"other"', 200),
        (f"W/{tag}", 200),
        ("Sat, 21 Nov 2026 00:00:00 GMT", 200),
    ):
        assert (
            client.get(DATA, headers={"range": "bytes=0-3", "if-range": given_tag}).status_code
            == status
        )
    assert client.get(DATA, headers={"range": "bytes=0-3", "if-none-match": tag}).status_code == 304


@pytest.mark.one_part
@pytest.mark.parametrize("headers", [{}, {"range": "bytes=0-3"}, {"range": "bytes=99999-"}])
def test_head_tells_the_length_of_the_whole(
    client: TestClient[Any], filled: Store, headers: dict[str, str]
) -> None:
    """Ranges are for GET alone (RFC 9110, 14.2)."""
    head = client.head(DATA, headers=headers)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(stored(filled)))


def test_head_reads_nothing() -> None:
    """Headers alone: no piece is made for who does not want any."""
    sent: list[Any] = []

    def pieces() -> Iterator[bytes]:
        raise AssertionError("a piece was made")
        yield b""

    async def ask(message: Any = None) -> Any:
        sent.append(message)

    asyncio.run(
        ChunkedAnswer(200, [(b"etag", b'"x"')], pieces())({"type": "http", "head": True}, ask, ask)
    )  # type: ignore[typeddict-item]
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[1] == {"type": "http.response.body", "body": b"", "more_body": False}


def test_slow_readers_hold_little_and_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is sent at a time is small, however much is made at once; those that are beyond the
    limit are refused before anything is sent, and get their answer once another has ended.
    """
    monkeypatch.setattr(streaming, "AT_ONCE", 1)
    sent: list[bytes] = []
    taken = asyncio.Event()

    async def send(message: Any) -> None:
        sent.append(message.get("body", b""))
        if len(sent) == 2:
            await taken.wait()

    async def leave() -> Any:
        await asyncio.Event().wait()

    async def ask(chunk: bytes) -> None:
        scope: Any = {"type": "http"}
        await ChunkedAnswer(200, [], iter([chunk]))(scope, leave, send)

    async def both() -> None:
        first = asyncio.create_task(ask(b"a" * 1_000_000))
        while len(sent) < 2:
            await asyncio.sleep(0)
        with pytest.raises(UnavailableError, match="already"):
            await ask(b"b")
        taken.set()
        await first
        await ask(b"b")

    asyncio.run(both())
    assert max(map(len, sent)) <= 128 * 1024
    assert b"".join(sent) == b"a" * 1_000_000 + b"b"


@pytest.mark.one_part
@pytest.mark.parametrize("requested", ["bytes=0-1,3-4", "items=0-1", "bytes=3-1", "bytes=x"])
def test_other_ranges_give_the_whole(
    client: TestClient[Any], filled: Store, requested: str
) -> None:
    """A server may ignore what it does not do."""
    answer = client.get(DATA, headers={"range": requested})
    assert (answer.status_code, answer.content) == (200, stored(filled))


# -- Arrow and CSV


@pytest.mark.parametrize(
    ("form", "name", "ending"),
    [(PARQUET, "parquet", "parquet"), (ARROW, "arrow", "arrows"), (CSV, "csv", "csv")],
)
def test_a_form_is_named_in_accept_or_in_the_url(
    client: TestClient[Any], form: str, name: str, ending: str
) -> None:
    """The URL counts more, for clients that cannot choose what they accept."""
    answers = [
        client.get(DATA, headers={"accept": form}),
        client.get(f"{DATA}?format={name}", headers={"accept": "x/y"}),
    ]
    for answer in answers:
        assert answer.status_code == 200
        assert answer.headers["content-type"].partition(";")[0] == form
        assert answer.headers["content-disposition"] == f'attachment; filename="{SET}-1.{ending}"'
    assert answers[0].content == answers[1].content
    assert answers[0].headers["etag"] == answers[1].headers["etag"]


def test_every_form_has_the_rows_of_the_version(client: TestClient[Any], filled: Store) -> None:
    """In the types of the contract, in key order."""
    rows = filled[SET].frame(1)
    assert pl.read_parquet(client.get(DATA).content).equals(rows)
    arrow = client.get(DATA, headers={"accept": ARROW}).content
    assert pl.read_ipc_stream(arrow).equals(rows)
    assert pl.read_csv(
        client.get(DATA, headers={"accept": CSV}).content, schema=rows.schema
    ).equals(rows)


def test_what_does_not_fit_is_a_406_or_400(client: TestClient[Any]) -> None:
    """There is no JSON of a whole version, and no other format."""
    answer = client.get(DATA, headers={"accept": "application/json"})
    assert_problem(answer, 406, "not_acceptable")
    assert answer.json()["available"] == list(FORMS)
    assert_problem(client.get(f"{DATA}?format=xlsx"), 400, "bad_parameter")


def test_a_version_without_rows_has_columns(tmp_path: Path) -> None:
    """Nothing but a header in CSV, nothing but a schema in Arrow."""
    store = make_store(tmp_path / "store")
    define(store)
    store.publish(SET, promoted_rows(store).clear(), provenance("none", 1))
    with TestClient(create_app(store)) as client:
        path = f"/v1/sets/{SET}/versions/2/data"
        assert client.get(f"{path}?format=csv").text == "ticker,target_date,value,note\n"
        assert pl.read_ipc_stream(client.get(f"{path}?format=arrow").content).equals(
            store[SET].frame(2)
        )


def promoted_rows(store: Store) -> pl.DataFrame:
    """The rows of a first version, published for it."""
    return store.frame(promoted(store, "one"))


# -- damage


@pytest.mark.parametrize("form", FORMS)
def test_nothing_of_a_damaged_file_is_sent(tmp_path: Path, form: str) -> None:
    """Whole or in part, before and after it was read in full; when it is repaired it is served
    again.
    """
    store = make_store(tmp_path / "store")
    define(store)
    promoted(store, "one")
    file = next(Path(store.root).rglob("*.parquet"))
    right = file.read_bytes()
    wrong = bytearray(right)
    wrong[len(wrong) // 2] ^= 1
    with TestClient(create_app(store)) as client:
        for content, damage in (
            (bytes(wrong), "file_damaged"),
            (right, ""),
            (right[:-1], "file_damaged"),
            (right, ""),
        ):
            file.write_bytes(content)
            for headers in ({"accept": form}, {"accept": form, "range": "bytes=0-3"}):
                answer = client.get(DATA, headers=headers)
                if damage:
                    assert_problem(answer, 500, damage)
                else:
                    assert answer.status_code in (200, 206)
        file.unlink()
        assert_problem(client.get(DATA, headers={"accept": form}), 500, "file_missing")


@pytest.mark.one_part
def test_a_failure_on_the_way_is_no_end(large: tuple[str, Path, pl.DataFrame]) -> None:
    """When the file goes away while its rows are sent, the client sees that the answer is not
    complete.
    """
    url, file, _ = large
    content = file.read_bytes()
    try:
        # A small buffer here: the rest must not be on its way before the file goes.
        small = httpx.HTTPTransport(socket_options=[(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)])
        with (
            httpx.Client(transport=small) as client,
            client.stream(
                "GET", f"{url}?format=csv", headers={"accept-encoding": "identity"}
            ) as answer,
        ):
            pieces = answer.iter_raw()
            next(pieces)
            os.truncate(file, 0)
            # what is on its way would else come 4 kB at a time, for minutes
            near = answer.extensions["network_stream"].get_extra_info("socket")
            near.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
            with pytest.raises(httpx.RemoteProtocolError):
                list(pieces)
    finally:
        file.write_bytes(content)


# -- other programs


@contextmanager
def counting(url: str) -> Iterator[tuple[str, list[int]]]:
    """The URL of a way to a server that counts the bytes that come back, and their counts."""
    host, port = url.split("/")[2].split(":")
    counts: list[int] = []

    def carry(source: socket.socket, target: socket.socket, seen: list[int] | None) -> None:
        with suppress(OSError):  # one side has gone
            while content := source.recv(1 << 16):
                if seen is not None:
                    seen.append(len(content))
                target.sendall(content)
            target.shutdown(socket.SHUT_WR)

    def accept() -> None:
        while True:
            try:
                near, _ = listening.accept()
            except OSError:
                return
            far = socket.create_connection((host, int(port)))
            threading.Thread(target=carry, args=(near, far, None), daemon=True).start()
            threading.Thread(target=carry, args=(far, near, counts), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=accept, daemon=True).start()
        yield url.replace(f"{host}:{port}", f"127.0.0.1:{listening.getsockname()[1]}"), counts


@pytest.mark.one_part
def test_polars_reads_the_url(large: tuple[str, Path, pl.DataFrame]) -> None:
    """`read_parquet` the whole; `scan_parquet` one column, for which little more than that column
    comes.
    """
    url, file, rows = large
    assert pl.read_parquet(url).equals(rows)
    with counting(url) as (address, counts):
        assert pl.scan_parquet(address).select("b").collect().equals(rows.select("b"))
    assert rows.height * 8 * 0.8 < sum(counts) < file.stat().st_size * 0.4


class Versions(HTTPFileSystem):
    """HTTP for DuckDB, which asks whether a file is there and when it was written last: a version
    never is again.
    """

    def modified(self, path: str) -> datetime:
        return datetime(1970, 1, 1, tzinfo=UTC)

    async def _exists(self, path: str, strict: bool = False, **_how: Any) -> bool:
        return True


@pytest.mark.one_part
def test_duckdb_reads_the_url(large: tuple[str, Path, pl.DataFrame]) -> None:
    """Through fsspec, as docs/http.md shows it: one column takes little more than its bytes."""
    url, file, rows = large
    with counting(url) as (address, counts), duckdb.connect() as connection:
        connection.register_filesystem(Versions(block_size=1 << 16))
        answer = connection.execute(
            "SELECT count(*), min(b), max(b) FROM read_parquet(?)", [address]
        ).fetchone()
    assert answer == (ROWS, rows["b"].min(), rows["b"].max())
    assert sum(counts) < file.stat().st_size * 0.4


@pytest.mark.one_part
def test_duckdb_reads_what_polars_scans(large: tuple[str, Path, pl.DataFrame]) -> None:
    """A lazy frame over the URL is a table for DuckDB, and only what the query needs is fetched."""
    url, file, rows = large
    with counting(url) as (address, counts), duckdb.connect() as connection:
        version = pl.scan_parquet(address)
        answer = connection.execute("SELECT max(c) FROM version").fetchone()
        del version
    assert answer == (rows["c"].max(),)
    assert sum(counts) < file.stat().st_size * 0.4
