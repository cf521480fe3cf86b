"""Erased keys over HTTP."""

from __future__ import annotations

from pathlib import Path

from litestar.testing import TestClient

from estimates.store.erase import erase
from estimates_api.app import create_app
from tests.builders import SET, TARGETS, TICKERS, define, make_store, promoted


def test_an_erased_key_is_gone(tmp_path: Path) -> None:
    """Its lookup is a 410 with when, by whom and why, a batch says `erased`, and what a client kept
    of the version counts no more.
    """
    store = make_store(tmp_path / "store")
    define(store)
    promoted(store, "first")
    data, path = f"/v1/sets/{SET}/versions/1/data", f"/v1/sets/{SET}/estimates"
    with TestClient(create_app(store), raise_server_exceptions=False) as client:
        before = client.get(data).headers["etag"]
    erase(store, SET, [(TICKERS[0],)], reason="request 7")
    with TestClient(create_app(store), raise_server_exceptions=False) as client:
        gone = client.get(f"{path}/{TICKERS[0]}/{TARGETS[0]}")
        assert (gone.status_code, gone.json()["code"]) == (410, "erased")
        assert (gone.json()["actor"], gone.json()["reason"]) == ("tester", "request 7")
        batch = client.post(path, json={"keys": [[TICKERS[0], str(TARGETS[0])]]})
        assert batch.json()["results"][0]["status"] == "erased"
        again = client.get(data, headers={"if-none-match": before})
        assert (again.status_code, again.headers["etag"] == before) == (200, False)
