"""What answers say about themselves: version, moment, shape, how long they may be kept; HEAD and
304.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar.testing import TestClient
from msgspec.structs import replace

from estimates import instants
from estimates_api.app import create_app
from tests.api.served import path_of
from tests.builders import SET, define, frame, make_store, provenance

pytest_plugins = ("tests.api.fixtures",)

ONE = path_of(SET, "AAPL", "2024-06-03")
ALIASED = (ONE, f"/v1/sets/{SET}/estimates?ticker=AAPL", f"/v1/sets/{SET}/diff?from=1")
FIXED = (f"{ONE}?ref=1", f"/v1/sets/{SET}/estimates?ticker=AAPL&ref=1")
MEASURED = (f"/v1/sets/{SET}/diff?from=1&to=3", f"/v1/sets/{SET}/diff/changes?from=1&to=3")
CHANGING = (
    "/v1/sets",
    f"/v1/sets/{SET}",
    f"/v1/sets/{SET}/schema",
    f"/v1/sets/{SET}/versions",
    f"/v1/sets/{SET}/versions/1",
    f"/v1/sets/{SET}/versions/1/verdict",
    path_of(SET, "AAPL", "2024-06-03", route="history"),
    f"/v1/sets/{SET}/stability",
    "/v1/events",
    "/docs",
)
OTHERS = ("/health/live", "/schema/openapi.json")


@pytest.mark.parametrize("path", FIXED)
def test_what_is_named_by_number_may_be_kept_for_ever(client: TestClient[Any], path: str) -> None:
    """A version never changes, so neither does an answer from it."""
    assert client.get(path).headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("path", MEASURED)
def test_what_compares_two_numbers_may_be_kept_a_while(client: TestClient[Any], path: str) -> None:
    """The versions never change, but the contract that measures them may."""
    assert client.get(path).headers["cache-control"] == "public, max-age=3600"


@pytest.mark.parametrize("path", ALIASED + CHANGING)
def test_what_may_change_is_asked_again(client: TestClient[Any], path: str) -> None:
    """Aliases move, verdicts are renewed, states change: clients ask again, and get 304 when
    nothing happened.
    """
    assert client.get(path).headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/v1/sets/nope", path_of(SET, "nobody", "2024-06-03"), f"{ONE}?ref=77", "/nowhere"]
)
def test_a_404_is_not_kept(client: TestClient[Any], path: str) -> None:
    """What is missing now may be there in a minute."""
    answer = client.get(path)
    assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-cache")


@pytest.mark.parametrize("path", ALIASED + FIXED + CHANGING)
def test_an_unchanged_answer_is_304_without_a_body(client: TestClient[Any], path: str) -> None:
    """If-None-Match with the tag, weak, in a list or as *, gives 304 with the 200's headers."""
    full = client.get(path)
    tag = full.headers["etag"]
    assert tag.startswith('"')
    for sent in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = client.get(path, headers={"if-none-match": sent})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
        assert answer.headers["cache-control"] == full.headers["cache-control"]
    assert client.get(path, headers={"if-none-match": '"other"'}).status_code == 200


def test_tags_differ_when_answers_do(client: TestClient[Any]) -> None:
    """Version, key, fields, page: whatever changes the bytes changes the tag."""
    scan = f"/v1/sets/{SET}/estimates"
    paths = [
        ONE,
        f"{ONE}?ref=1",
        f"{ONE}?fields=value",
        f"{ONE}?fields=note",
        path_of(SET, "AAPL", "2024-06-04"),
        scan,
        f"{scan}?limit=2",
        f"{scan}?ticker=AAPL",
        f"{scan}?ticker=AAPL&target_date=2024-06-03",
    ]
    answers = [client.get(path) for path in paths]
    assert len({answer.headers["etag"] for answer in answers}) == len(
        {answer.content for answer in answers}
    )


def test_the_tag_of_an_alias_is_that_of_its_version(client: TestClient[Any]) -> None:
    """Equal bytes of one version have one tag, however the version was named."""
    assert client.get(ONE).headers["etag"] == client.get(f"{ONE}?ref=4").headers["etag"]


@pytest.mark.parametrize(
    "path", ALIASED + FIXED + CHANGING + OTHERS + ("/nowhere", f"{ONE}?ref=77")
)
def test_head_is_get_without_the_body(client: TestClient[Any], path: str) -> None:
    """Status and headers are those of GET, Content-Length too."""
    own = {"x-request-id": "one"}  # else a problem has a new id each time
    head, get = client.head(path, headers=own), client.get(path, headers=own)
    assert head.content == b""
    assert (head.status_code, dict(head.headers)) == (get.status_code, dict(get.headers))


def test_head_through_a_real_server(server: httpx.Client) -> None:
    """The server sends the length of the body and not the body."""
    head, get = server.head(ONE), server.get(ONE)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(get.content))


def test_data_answers_say_where_they_come_from(client: TestClient[Any]) -> None:
    """Version, shape and moment are in the headers of one estimate, a page, a batch, a version."""
    keys = {"keys": [["AAPL", "2024-06-03"]]}
    answers = [
        client.get(path)
        for path in (ONE, f"/v1/sets/{SET}/estimates", f"/v1/sets/{SET}/versions/4")
    ]
    answers.append(client.post(f"/v1/sets/{SET}/estimates", json=keys))
    for answer in answers:
        assert answer.headers["estimates-version"] == "4"
        assert answer.headers["estimates-shape"] == "1"
        assert answer.headers["estimates-as-of"].endswith("Z")


def test_an_answer_says_that_its_data_are_too_old(tmp_path: Path) -> None:
    """Past the contract's maximum age every answer from the version is marked, and 304 too; before
    it none is.
    """
    store = make_store(tmp_path / "store")
    define(store, more='[freshness]\nmax_age = "1d"\n')
    store.publish(
        SET, frame(), replace(provenance("old"), data_through=instants.now() - timedelta(days=2))
    )
    fresh = store.publish(
        SET, frame(101.0), replace(provenance("new"), data_through=instants.now())
    )
    with TestClient(create_app(store)) as client:
        for path in (ONE, f"/v1/sets/{SET}/estimates", f"/v1/sets/{SET}/versions/1"):
            old = client.get(path, params={} if path.endswith("/1") else {"ref": 1})
            assert old.headers["estimates-stale"] == "true"
            again = client.get(old.url, headers={"if-none-match": old.headers["etag"]})
            assert (again.status_code, again.headers["estimates-stale"]) == (304, "true")
        assert "estimates-stale" not in client.get(ONE, params={"ref": fresh.version}).headers
        batch = client.post(
            f"/v1/sets/{SET}/estimates", json={"keys": [["AAPL", "2024-06-03"]], "ref": 1}
        )
        assert batch.headers["estimates-stale"] == "true"
        marked = client.get(ONE, params={"ref": 1, "standing": "true"})
        assert marked.headers["cache-control"] == "no-cache"
        stale_from = marked.headers["estimates-stale-from"]
        assert marked.text.startswith(
            f'{{"set":"{SET}","version":1,"stale":true,"stale_from":"{stale_from}",'
            '"degraded":null,"retired":null,'
        )
        page = client.get(f"/v1/sets/{SET}/estimates", params={"ref": 2, "standing": "true"})
        assert page.json()["stale"] is False
        request = {"keys": [["AAPL", "2024-06-03"]], "ref": 1, "standing": True}
        assert client.post(f"/v1/sets/{SET}/estimates", json=request).json()["stale"] is True


def test_a_retired_set_says_so_and_is_left_out_of_the_list(tmp_path: Path) -> None:
    """Its answers are those of before and say since when; the list has it where it is asked for."""
    store = make_store(tmp_path / "store")
    define(store)
    store.publish(SET, frame(), provenance("one"))
    event = store.retire(SET, reason="replaced")
    with TestClient(create_app(store)) as client:
        answer = client.get(ONE, params={"ref": 1})
        assert answer.headers["estimates-retired"] == instants.text(event.at)
        assert client.get("/v1/sets").json()["sets"] == []
        (listed,) = client.get("/v1/sets", params={"retired": "true"}).json()["sets"]
        assert listed["retired"]["reason"] == "replaced"
        assert client.get(f"/v1/sets/{SET}").json()["retired"]["actor"] == store.actor
        assert "1 retired set" in client.get("/", headers={"accept": "text/html"}).text
        shown = client.get("/?retired=true", headers={"accept": "text/html"}).text
        assert "retired: replaced" in shown
