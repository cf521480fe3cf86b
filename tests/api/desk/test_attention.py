"""What waits for approvals, over HTTP and on the pages."""

from __future__ import annotations

from pathlib import Path

import pytest
from litestar.testing import TestClient

from estimates.errors import GateError
from estimates_api.app import create_app
from tests.builders import SET, define, make_store, publish

GATE = '[gate]\napprovals = 1\napprovers = ["bea", "tester"]\n'
PAGE = {"accept": "text/html"}


def test_a_request_is_listed_and_shown_until_it_is_approved(tmp_path: Path) -> None:
    """In `/v1/sets` with all that is known, on catalogue, set and verdict with its command; the
    text of a contract that waits is in no event.
    """
    store = make_store(tmp_path / "store")
    define(store, more=GATE)
    publish(store, "monday")
    with pytest.raises(GateError) as caught:
        store.promote(SET, 1, reason="good")
    number = int(str(caught.value.details["request"]))
    with pytest.raises(GateError):
        define(store, maximum=900.0, more=GATE)
    with TestClient(create_app(store)) as client:
        (listed,) = client.get("/v1/sets").json()["sets"]
        first, second = listed["requests"]
        assert (first["id"], first["act"], first["version"]) == (number, "promote", 1)
        assert (first["asked_by"], first["never"]) == ("tester", ["tester"])
        assert second["loosens"] == ["columns.value.max: 500.0 → 900.0"]
        assert "tester wants to promote version 1" in client.get("/", headers=PAGE).text
        for path in (f"/sets/{SET}", f"/sets/{SET}/verdicts/1"):
            text = client.get(path, headers=PAGE).text
            assert f"estimates approve {SET} {number}" in text
        (waits,) = client.get("/v1/events", params={"kind": "approval_requested"}).json()["events"][
            1:
        ]
        assert set(waits["details"]["about"]) == {"over"}
        store.actor = "bea"
        store.approve(SET, number)
    with TestClient(create_app(store)) as client:
        left = client.get(f"/v1/sets/{SET}").json()["requests"]
        assert [request["act"] for request in left] == ["define"]
