"""The service stands: what cannot be read is refused, the last good version answers in its place,
and says so.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from litestar.testing import TestClient

from estimates import Store, instants
from estimates.catalog.records import Version
from estimates.contract.contract_file import parse_contract
from estimates_api.app import create_app
from estimates_api.serving import targets
from tests.api.served import Served, path_of, started
from tests.builders import (
    SET,
    define,
    forget_read_files,
    frame,
    make_store,
    parquet_of,
    promoted,
    provenance,
    publish,
    source,
)
from tests.waiting import until

ONE = path_of(SET, "AAPL", "2024-06-03")
BATCH = b" " * 1000 + b'{"keys":[["AAPL","2024-06-03"]]}'
OTHER = "others"
Client = TestClient[Any]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with one version in production."""
    store = make_store(tmp_path / "store")
    define(store)
    promoted(store, "one")
    return store


@pytest.fixture
def client(store: Store) -> Iterator[Client]:
    """A service that is ready."""
    with TestClient(create_app(Store(store.root))) as client:
        until(lambda: client.get("/health/ready").status_code == 200)
        yield client


def parquet(store: Store, version: Version) -> Path:
    """The file of a version's rows."""
    return Path(store.root) / parquet_of(store, version)


def damage(store: Store, version: Version) -> bytes:
    """Leave nothing of a version that can be read; gives the bytes that repair it."""
    path = parquet(store, version)
    content = path.read_bytes()
    path.write_bytes(b"nothing")
    forget_read_files(store, version)
    return content


def promote_damaged(store: Store, run_id: str, level: float, day: int) -> tuple[Version, bytes]:
    """Promote a version whose files are damaged before any service has seen it."""
    version = publish(store, run_id, level, day=day)
    store.judge(SET, version.version)
    content = parquet(store, version).read_bytes()
    promote = store.catalog.promote
    seen = store.view().set(SET)
    forget_read_files(store, version)
    parquet(store, version).write_bytes(b"nothing")
    promote(version, alias="production", seen=seen, actor="tester", reason="test")
    return version, content


def summary(answer: httpx.Response) -> tuple[int, int | str, str | None]:
    """Status, version or code, and why it is degraded."""
    body = answer.json()
    return (
        answer.status_code,
        body.get("version", body.get("code")),
        answer.headers.get("estimates-degraded"),
    )


def faults(client: Client) -> list[dict[str, Any]]:
    """What readiness says is wrong."""
    return client.get("/health/ready").json()["faults"]


def test_the_last_good_version_answers_in_place_of_a_damaged_one(
    store: Store, client: Client
) -> None:
    """Production moves to a damaged version: the one before stays in service, and every answer says
    so.
    """
    promote_damaged(store, "two", 101.0, 1)
    until(lambda: faults(client) != [])
    assert faults(client) == [
        {"set": SET, "alias": "production", "version": 2, "code": "file_damaged", "serving": 1}
    ]
    answer = client.get(ONE)
    assert summary(answer) == (200, 1, "file_damaged")
    assert answer.headers["estimates-version"] == "1"
    assert summary(client.get(f"/v1/sets/{SET}/estimates")) == (200, 1, "file_damaged")
    batch = client.post(f"/v1/sets/{SET}/estimates", json={"keys": [["AAPL", "2024-06-03"]]})
    assert summary(batch) == (200, 1, "file_damaged")
    assert client.get(f"/v1/sets/{SET}/diff?from=1").json()["to"] == 1
    assert client.get(f"/v1/sets/{SET}").json()["aliases"]["production"]["version"] == 2


def test_a_damaged_version_asked_for_itself_is_an_error(store: Store, client: Client) -> None:
    """By number, and by a moment at which production meant it: a 500, never another version."""
    promote_damaged(store, "two", 101.0, 1)
    moment = instants.text(store.view().moment)
    until(lambda: faults(client) != [])
    assert summary(client.get(ONE, params={"ref": "2"})) == (500, "file_damaged", None)
    assert summary(client.get(ONE, params={"as_of": moment})) == (500, "file_damaged", None)


def test_the_moment_of_a_degraded_answer_gives_it_again(store: Store, client: Client) -> None:
    """Estimates-As-Of is the last moment at which production meant the version that answers."""
    before = client.get(ONE)
    promote_damaged(store, "two", 101.0, 1)
    until(lambda: faults(client) != [])
    degraded = client.get(ONE)
    pinned = client.get(ONE, params={"as_of": degraded.headers["estimates-as-of"]})
    assert pinned.content == degraded.content == before.content
    assert "estimates-degraded" not in pinned.headers


def test_a_repaired_version_is_taken_up_without_an_event(store: Store, client: Client) -> None:
    """When the file is right again the service follows by itself."""
    version, content = promote_damaged(store, "two", 101.0, 1)
    until(lambda: summary(client.get(ONE)) == (200, 1, "file_damaged"))
    parquet(store, version).write_bytes(content)
    until(lambda: summary(client.get(ONE)) == (200, 2, None))
    assert faults(client) == []


def test_while_a_version_is_opened_the_one_before_answers(
    store: Store, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for it, no answer is degraded, and each moment that is told gives its answer
    again.
    """
    monkeypatch.setattr(targets, "OPENING_S", 0.0)  # as if opening took long
    version = publish(store, "two", 101.0, day=1)
    store.judge(SET, version.version)
    forget_read_files(store, version)
    store.promote(SET, version.version, reason="test")
    answers: list[httpx.Response] = []

    def followed() -> bool:
        answers.append(client.get(ONE))
        return summary(answers[-1]) == (200, 2, None)

    until(followed)
    assert {summary(answer)[1:] for answer in answers} <= {(1, None), (2, None)}
    for answer in answers:
        pinned = client.get(ONE, params={"as_of": answer.headers["estimates-as-of"]})
        assert pinned.content == answer.content


def test_a_new_version_ends_the_fault(store: Store, client: Client) -> None:
    """The next promotion is followed as ever."""
    promote_damaged(store, "two", 101.0, 1)
    until(lambda: faults(client) != [])
    version = publish(store, "three", 102.0, day=2)
    store.catalog.promote(
        version, alias="production", seen=store.view().set(SET), actor="tester", reason="test"
    )
    until(lambda: summary(client.get(ONE)) == (200, 3, None))
    assert faults(client) == []


def test_from_a_cold_start_the_newest_good_version_answers(store: Store) -> None:
    """Past as many damaged ones as there are."""
    promoted(store, "two", 101.0, day=1)
    promote_damaged(store, "three", 102.0, 2)
    promote_damaged(store, "four", 103.0, 3)
    with TestClient(create_app(Store(store.root))) as client:
        until(lambda: client.get("/health/ready").status_code == 200)
        assert summary(client.get(ONE)) == (200, 2, "file_damaged")
        assert [(fault["version"], fault["serving"]) for fault in faults(client)] == [(4, 2)]


@pytest.mark.parametrize("again", [False, True])
def test_what_was_rolled_back_does_not_stand_in(store: Store, again: bool) -> None:
    """Rolled back from 3 to 2, and 2 is damaged: 1 answers. Had 3 been promoted again, it would."""
    second = promoted(store, "two", 101.0, day=1)
    third = promoted(store, "three", 102.0, day=2)
    store.rollback(SET, reason="looked wrong")
    damaged = second
    if again:
        store.promote(SET, third.version, reason="it was right")
        damaged, _ = promote_damaged(store, "four", 103.0, 3)
    damage(store, damaged)
    with TestClient(create_app(Store(store.root))) as client:
        until(lambda: client.get("/health/ready").status_code == 200)
        assert summary(client.get(ONE)) == (200, third.version if again else 1, "file_damaged")


def test_a_version_damaged_while_it_is_served_is_replaced(store: Store, client: Client) -> None:
    """A read that finds damage which cannot be repaired makes the version before it answer."""
    second = promoted(store, "two", 101.0, day=1)
    until(lambda: summary(client.get(ONE)) == (200, 2, None))
    read_file = store.lookups.paths(second)[0]
    damaged = bytearray(read_file.read_bytes())
    damaged[64:] = bytes(len(damaged) - 64)
    parquet(store, second).write_bytes(b"nothing")
    with read_file.open("r+b") as file:  # the pages that the service has mapped
        file.write(damaged)
    until(lambda: summary(client.get(ONE)) == (200, 1, "file_damaged"))


def test_one_broken_set_does_not_make_the_service_unready(store: Store) -> None:
    """A set without any version that can be read is named, and answers 500; the others answer."""
    text = source(OTHER)
    store.define(parse_contract(text), text)
    store.publish(OTHER, frame(7.0), provenance("other"))
    store.judge(OTHER, 1)
    store.promote(OTHER, 1, reason="test")
    damage(store, store.resolve(SET))
    with TestClient(create_app(Store(store.root))) as client:
        until(lambda: client.get("/health/ready").status_code == 200)
        assert [(fault["set"], fault["serving"]) for fault in faults(client)] == [(SET, None)]
        assert client.get(path_of(OTHER, "AAPL", "2024-06-03")).status_code == 200
        assert summary(client.get(ONE)) == (500, "file_damaged", None)


def test_a_service_that_can_answer_nothing_is_not_ready(store: Store) -> None:
    """When no set in production can be read, readiness is a 503 that names them; repaired, it
    becomes ready.
    """
    version = store.resolve(SET)
    content = damage(store, version)
    with TestClient(create_app(Store(store.root))) as client:
        until(lambda: client.get("/health/ready").json()["code"] == "not_ready")
        assert [fault["set"] for fault in faults(client)] == [SET]
        parquet(store, version).write_bytes(content)
        until(lambda: client.get("/health/ready").status_code == 200)
        assert summary(client.get(ONE)) == (200, 1, None)


def test_another_alias_has_its_own_stand_in(store: Store, client: Client) -> None:
    """An alias whose version cannot be read is answered from what it meant before; production is
    not touched.
    """
    store.promote(SET, 1, alias="stable", reason="test")
    second = promoted(store, "two", 101.0, day=1)
    third = publish(store, "three", 102.0, day=2)
    damage(store, third)
    store.catalog.promote(
        third, alias="stable", seen=store.view().set(SET), actor="tester", reason="test"
    )
    until(lambda: summary(client.get(ONE, params={"ref": "stable"})) == (200, 1, "file_damaged"))
    assert summary(client.get(ONE)) == (200, second.version, None)


def _begun(served: Served) -> socket.socket:
    """A batch that a worker has begun to read, and whose body is held back."""
    connection = socket.create_connection(("127.0.0.1", urlsplit(served.url).port or 0), 60)
    head = f"POST /v1/sets/{SET}/estimates HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n"
    connection.sendall(f"{head}content-length: {len(BATCH)}\r\n\r\n".encode())
    assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
    return connection


def _is_answered(served: Served) -> bool:
    with suppress(OSError, HTTPException), closing(_connection(served, 0.2)) as connection:
        connection.request("GET", ONE)
        return connection.getresponse().status == 200
    return False


def _connection(served: Served, timeout: float) -> HTTPConnection:
    return HTTPConnection(urlsplit(served.url).netloc, timeout=timeout)


def test_requests_under_way_are_answered_when_the_service_stops(store: Store) -> None:
    """Whatever it has begun to read gets its answer, when nobody else is answered any more; the
    exit code is 0.
    """
    with started(Path(store.root), 2) as served, ExitStack() as connections:
        begun = [connections.enter_context(_begun(served)) for _ in range(8)]
        served.process.terminate()
        sent = 0

        def is_stopping() -> bool:
            nonlocal sent
            for connection in begun:  # a body must not be silent for long
                connection.sendall(BATCH[sent : sent + 1])
            sent += 1
            return not _is_answered(served)

        until(is_stopping)
        for connection in begun:
            connection.sendall(BATCH[sent:])
        answers = [connection.recv(1000).partition(b"\r\n")[0] for connection in begun]
        assert set(answers) == {b"HTTP/1.1 200 OK"}
        assert served.process.wait(60) == 0
