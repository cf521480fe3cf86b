"""Bad requests and other trouble: problems with a stable code, nothing leaked."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar.testing import TestClient

from estimates import Store, instants
from estimates.catalog.records import Version
from estimates.lookup.parted_lookup import Lookup
from estimates.lookup.version_lookups import VersionLookups
from estimates_api.app import create_app
from tests.api.bad_requests import BAD, ONE, SCAN, assert_problem
from tests.builders import (
    SET,
    define,
    forget_read_files,
    frame,
    make_store,
    parquet_of,
    promoted,
    provenance,
)

pytest_plugins = ("tests.api.fixtures",)


@pytest.mark.parametrize(("path", "status", "code"), BAD)
def test_a_bad_request_says_what_is_wrong(
    client: TestClient[Any], path: str, status: int, code: str
) -> None:
    """Each has its status and code."""
    assert_problem(client.get(path), status, code)


@pytest.mark.parametrize(
    "path", [f"{SCAN}/%ff/2024-06-03", f"{SCAN}/AAPL//x", f"{SCAN}/%zz/x", "/nowhere"]
)
def test_a_bad_path_is_a_problem_through_a_real_server(server: httpx.Client, path: str) -> None:
    """What the server passes on unchecked is checked here."""
    assert server.get(path).headers["content-type"] == "application/problem+json"


def test_details_are_members_of_the_problem(client: TestClient[Any]) -> None:
    """A missing key says which version was asked and which one last had it; the first moment of a
    ref is named.
    """
    assert client.get(f"{ONE}?ref=5").json()["last_version"] == 4
    first = client.get(f"{ONE}?as_of=2001-01-01T00:00:00Z").json()["first"]
    assert client.get(f"{ONE}?as_of={first}").status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 422, "bad_body"),
        (b"\xff", 422, "bad_body"),
        (b'{"keys":', 422, "bad_body"),
        (b"[]", 422, "bad_body"),
        (b'{"keys":[["AAPL",true]]}', 422, "bad_body"),
        (b'{"keys":[["AAPL",1.5]]}', 422, "bad_body"),
        (b'{"keys":[["AAPL",null]]}', 422, "bad_body"),
        (b'{"keys":[],"limit":1}', 422, "bad_body"),
        (b'{"keys":[["AAPL"]]}', 422, "key_parts"),
        (b'{"keys":[["AAPL","soon"]]}', 422, "bad_key_part"),
        (b'{"keys":[],"fields":["nope"]}', 422, "unknown_field"),
        (b'{"keys":[],"as_of":"2024-06-03"}', 422, "bad_time"),
        (b'{"keys":[],"ref":77}', 404, "unknown_version"),
        (
            b'{"keys":[' + b'["AAPL","2024-06-03"],' * 100_000 + b'["AAPL","2024-06-03"]]}',
            422,
            "too_many_keys",
        ),
        (b'{"keys":[["' + b"x" * 33 * 2**20 + b'"]]}', 413, "body_too_large"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_bad_body_is_unprocessable(
    client: TestClient[Any], body: bytes, status: int, code: str
) -> None:
    """What is wrong in a body is a 422, not a 400: the URL is right."""
    answer = client.post(SCAN, content=body, headers={"content-type": "application/json"})
    assert_problem(answer, status, code)


def test_a_wrong_parameter_of_a_post_is_a_400(client: TestClient[Any]) -> None:
    """ref belongs in the body of a batch; in its URL it is an unknown parameter."""
    assert_problem(client.post(f"{SCAN}?ref=1", json={"keys": []}), 400, "unknown_parameter")


def test_other_methods_are_not_allowed(client: TestClient[Any]) -> None:
    """The service only reads; 405 names what it does allow."""
    answer = client.delete(ONE)
    assert_problem(answer, 405, "method_not_allowed")
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_nothing_promoted_is_a_404_and_never_a_fallback(tmp_path: Path) -> None:
    """A set without production answers by number only."""
    store = make_store(tmp_path / "store")
    define(store)
    with TestClient(create_app(store)) as client:
        assert_problem(client.get(ONE), 404, "nothing_promoted")
        assert_problem(client.get(f"{ONE}?ref=latest"), 404, "nothing_promoted")


def test_an_expired_version_is_gone(tmp_path: Path) -> None:
    """410 with when, by whom and why, by number, by what an alias named and in a diff; its record
    stays readable, and a history says that it went.
    """
    store = make_store(tmp_path / "store")
    define(store)
    for number, run_id in enumerate(("one", "two")):
        promoted(store, run_id, 100.0 + number, day=number)
    then = instants.text(store.view().set(SET).moves["production"][0][0])
    store.catalog.expire(store.resolve(SET, 1), actor="anna", reason="was wrong")
    when = instants.text(store.resolve(SET, 1).expired_at or instants.EPOCH)
    expiry = {"version": 1, "actor": "anna", "reason": "was wrong"}
    gone = f"expired at {when} by anna (was wrong); its files are gone; read a newer version"
    with TestClient(create_app(store)) as client:
        for path, named in (
            (f"{ONE}?ref=1", "version 1"),
            (f"{ONE}?as_of={then}", "production was version 1, which"),
            (f"/v1/sets/{SET}/versions/1/data", "version 1"),
            (f"/v1/sets/{SET}/diff?from=1&to=2", "version 1"),
            (f"/v1/sets/{SET}/diff/changes?from=1&to=2", "version 1"),
        ):
            reply = client.get(path)
            assert_problem(reply, 410, "expired")
            assert reply.json().items() >= (expiry | {"expired_at": when}).items()
            assert reply.json()["detail"] == f"{SET}: {named} {gone}"
        about = client.get(f"/v1/sets/{SET}/versions/1").json()
        assert (about["state"], about["expiry"]) == ("expired", expiry | {"at": when})
        history = client.get(ONE.replace("/estimates/", "/history/")).json()
        assert history["expired"] == [expiry | {"at": when}]
        assert [entry["version"] for entry in history["history"]] == [2]


def test_versions_of_other_shapes_are_not_compared(tmp_path: Path) -> None:
    """A diff across shapes is a 409; `shape` asks an alias for its last version of a shape."""
    store = make_store(tmp_path / "store")
    define(store)
    promoted(store, "one", 100.0)
    define(store, more="[columns.low]\n")
    store.publish(SET, frame(100.0, low=90.0), provenance("two", 1))
    store.judge(SET, 2)
    store.promote(SET, 2, reason="new column", new_shape=True)
    with TestClient(create_app(store)) as client:
        assert_problem(client.get(f"/v1/sets/{SET}/diff?from=1&to=2"), 409, "other_shape")
        old, new = client.get(f"{ONE}?shape=1"), client.get(ONE)
        assert (old.json()["version"], old.headers["estimates-shape"]) == (1, "1")
        assert (new.json()["version"], new.headers["estimates-shape"]) == (2, "2")
        assert "low" in client.get(f"/v1/sets/{SET}/schema").json()["properties"]
        assert "low" not in client.get(f"/v1/sets/{SET}/schema?shape=1").json()["properties"]


def test_damage_is_a_500_that_names_no_file(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A damaged snapshot answers with its code and no path; the log has the path."""
    store = make_store(tmp_path / "store")
    define(store)
    version = promoted(store, "one")
    forget_read_files(store, version)
    file = Path(store.root) / parquet_of(store, version)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with caplog.at_level(logging.ERROR, "api"), TestClient(create_app(store)) as client:
        answer = client.get(ONE)
    assert answer.status_code == 500
    assert answer.json()["code"] != "internal"
    assert str(tmp_path) not in answer.text
    assert str(tmp_path) in caplog.text


class FailingLookups(VersionLookups):
    """A fault in the program that nobody foresaw."""

    def open(self, version: Version) -> Lookup:
        """Fails, saying something that is nobody's business."""
        raise ZeroDivisionError(f"secret of {version.snapshot_id}")

    def opened(self, version: Version) -> Lookup | None:
        """Fails in the same way."""
        return self.open(version)


def test_an_unexpected_error_leaks_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A fault of the program is `internal`; its text goes to the log, the key in the path to
    neither.
    """
    store = make_store(tmp_path / "store")
    define(store)
    promoted(store, "one")
    failing = Store(store.root)
    failing.lookups = FailingLookups(failing.objects, failing.manifests, failing.read_files)
    with caplog.at_level(logging.ERROR, "api"), TestClient(create_app(failing)) as client:
        answer = client.get(ONE)
    assert_problem(answer, 500, "internal")
    assert "secret" not in answer.text
    assert "secret" in caplog.text
    assert "AAPL" not in caplog.text


def test_the_future_is_what_the_clock_says(client: TestClient[Any]) -> None:
    """A minute from now is refused, now is not."""
    later = instants.text(instants.from_micros(instants.micros(instants.now()) + 60_000_000))
    assert_problem(client.get(ONE, params={"as_of": later}), 400, "as_of_in_future")
    assert client.get(ONE, params={"as_of": instants.text(instants.now())}).status_code == 200
