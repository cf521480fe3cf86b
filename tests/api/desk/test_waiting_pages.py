"""Pages while something of them is computed: what is known stands there at once."""

from __future__ import annotations

import pytest
from litestar.testing import TestClient

from estimates.store.store import Store
from estimates_api.app import create_app
from estimates_api.desk import answers
from estimates_api.desk.desk_page import DeskPage
from tests.api.desk.read_page import ReadPage
from tests.builders import define, promoted
from tests.waiting import until


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages wait for nothing."""
    monkeypatch.setitem(DeskPage.__init__.__kwdefaults__, "patience_s", 0.0)
    monkeypatch.setattr(answers, "_LEAST_S", 0.0)


@pytest.mark.parametrize("page", ["diff/1/2", "stability"])
def test_a_cold_page_shows_what_is_known(local_store: Store, page: str) -> None:
    """It is a 202 that says so and asks again, with or without scripts; then it is whole."""
    define(local_store)
    promoted(local_store, "one", 100.0, day=0)
    promoted(local_store, "two", 101.0, day=1)
    with TestClient(create_app(local_store)) as client:
        path = f"/sets/closes/{page}"
        first = client.get(path)
        assert first.status_code == 202
        assert "etag" not in first.headers
        read = ReadPage(path, first.text)
        assert "being computed" in read.text
        assert "/sets/closes" in read.links
        assert ("data-waits", "1") in read.attributes
        assert ("http-equiv", "refresh") in read.attributes
        if page.startswith("diff"):
            assert {"/sets/closes/versions/1", "/sets/closes/versions/2"} <= set(read.links)
        until(lambda: client.get(path).status_code == 200)
        whole = client.get(path)
        assert "data-waits" not in whole.text
        assert "1 in 20" in ReadPage(path, whole.text).text
