"""Lists of a past moment, and events from the newest back."""

from __future__ import annotations

from typing import Any

import pytest
from litestar.testing import TestClient

from tests.api.served import path_of

pytest_plugins = ("tests.api.fixtures",)


def answer(client: TestClient[Any], url: str) -> dict[str, Any]:
    """A JSON answer of status 200."""
    response = client.get(url)
    assert response.status_code == 200, response.text
    return response.json()


def test_events_come_from_the_newest_back(client: TestClient[Any]) -> None:
    """Pages from the newest back hold each event once, those of one set too."""
    for chosen in ("", "&set=closes"):
        oldest = answer(client, f"/v1/events?limit=1000{chosen}")["events"]
        url = f"/v1/events?order=newest&limit=5{chosen}"
        page = answer(client, url)
        newest = page["events"]
        while page["next"] is not None:
            page = answer(client, f"{url}&before={page['next']}")
            newest += page["events"]
        assert newest == oldest[::-1]


def test_events_of_some_kinds(client: TestClient[Any]) -> None:
    """`kind` keeps events of these kinds, and the next page goes on behind the last of them."""
    whole = answer(client, "/v1/events?limit=1000")["events"]
    moves = [event for event in whole if event["kind"] in ("promoted", "rolled_back")]
    first = answer(client, "/v1/events?kind=promoted,rolled_back&limit=2")
    rest = answer(client, f"/v1/events?kind=promoted,rolled_back&after={first['next']}")
    assert first["events"] + rest["events"] == moves


@pytest.mark.parametrize(
    ("url", "status", "code"),
    [
        ("/v1/events?kind=promotions", 400, "bad_parameter"),
        ("/v1/events?before=3", 400, "unknown_parameter"),
        ("/v1/events?order=newest&after=3", 400, "unknown_parameter"),
        ("/v1/events?order=upwards", 400, "bad_parameter"),
        ("/v1/sets?as_of=2999-01-01T00:00:00Z", 400, "as_of_in_future"),
        ("/v1/sets/closes?as_of=2001-01-01T00:00:00Z", 404, "before_first"),
        ("/v1/sets/closes/versions?as_of=2001-01-01", 400, "bad_time"),
    ],
)
def test_bad_questions(client: TestClient[Any], url: str, status: int, code: str) -> None:
    """Each is refused with its code."""
    response = client.get(url)
    assert (response.status_code, response.json()["code"]) == (status, code)


def test_a_stream_takes_no_order(client: TestClient[Any]) -> None:
    """A stream goes on as things happen: it has neither order nor kinds."""
    for name in ("order=newest", "kind=judged", "as_of=2024-01-01T00:00:00Z"):
        response = client.get(f"/v1/events?{name}", headers={"accept": "text/event-stream"})
        assert response.json()["code"] == "unknown_parameter"


def test_lists_of_a_past_moment(client: TestClient[Any]) -> None:
    """Sets, a set, its versions and a history tell what was known at the first promotion."""
    first = answer(client, "/v1/events?kind=promoted&set=closes&limit=1")["events"][0]
    then = f"as_of={first['at']}"
    assert [each["name"] for each in answer(client, f"/v1/sets?{then}")["sets"]] == ["closes"]
    known = answer(client, f"/v1/sets/closes?{then}")
    assert (known["versions"], known["newest"]["state"]) == (1, "production")
    assert known["aliases"]["production"]["moved_at"] == first["at"]
    versions = answer(client, f"/v1/sets/closes/versions?{then}")["versions"]
    assert [(each["version"], each["state"]) for each in versions] == [(1, "production")]
    path = path_of("closes", "AAPL", "2024-06-03", route="history")
    history = answer(client, f"{path}?{then}")["history"]
    assert [(each["version"], each["state"]) for each in history] == [(1, "production")]
    assert answer(client, f"/v1/events?order=newest&limit=1&{then}")["events"] == [first]
    response = client.get(f"/v1/sets/closes/versions?{then}")
    assert response.headers["estimates-as-of"] == first["at"]


def test_a_triangle_of_the_newest_versions_and_of_then(client: TestClient[Any]) -> None:
    """`last` keeps the newest versions, `as_of` those that were known at that moment."""
    url = "/v1/sets/closes/triangle/AAPL?across=version"
    whole = answer(client, url)["versions"]
    assert answer(client, f"{url}&last=2")["versions"] == whole[-2:]
    first = answer(client, f"/v1/sets/closes/versions/{whole[0]}")["published_at"]
    assert answer(client, f"{url}&as_of={first}")["versions"] == whole[:1]
    assert client.get(f"{url}&last=0").json()["code"] == "bad_limit"
