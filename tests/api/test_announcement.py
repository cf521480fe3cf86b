"""What a server says once it listens: whole, once, and also where the store cannot be read."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from estimates import Store
from estimates_api.serving.announcement import announcing
from tests.builders import define, promoted
from tests.waiting import LONGEST_S

URL = "http://127.0.0.1:8000"


class Told:
    """An announcement of one process."""

    url = URL

    def __init__(self, form: str, *, first: bool = True) -> None:
        self.form = form
        self.ended = asyncio.Event()
        self._first = first
        self._loop: asyncio.AbstractEventLoop | None = None

    def begins(self) -> bool:
        """Whether nobody has spoken yet."""
        self._loop = asyncio.get_running_loop()
        return self._first

    def ends(self) -> None:
        """All is said."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self.ended.set)


def said(
    store: Store, announcement: Told, capsys: pytest.CaptureFixture[str], *, waits: bool = True
) -> str:
    """What is printed while an app runs, until all is said."""
    app: Any = SimpleNamespace(
        state=SimpleNamespace(follower=SimpleNamespace(store=store), admission=None)
    )

    async def run() -> None:
        async with announcing(announcement)(app):
            if waits:
                await asyncio.wait_for(announcement.ended.wait(), LONGEST_S)

    asyncio.run(run())
    return capsys.readouterr().out


@pytest.fixture
def unreadable(local_store: Store) -> Store:
    """A store whose catalog is gone since it was opened."""
    define(local_store)
    promoted(local_store, "one")
    local_store.catalog.engine.dispose()
    Path(local_store.root, "catalog.db").unlink()
    return local_store


def test_a_service_says_where_it_listens(
    local_store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    """The address first, then pages, then why there is nothing to ask for."""
    lines = said(local_store, Told("text"), capsys).split("\n")
    assert lines[1] == f"Listening on {URL}; Ctrl-C stops it"
    assert any(line.endswith(f"  {URL}/docs") for line in lines)
    assert lines[-2].startswith("nothing is in production yet")


def test_only_one_worker_speaks(local_store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """The others are silent."""
    assert said(local_store, Told("text", first=False), capsys, waits=False) == ""


def test_an_unreadable_store_is_no_empty_one(
    unreadable: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    """The service answers on; its pages are named, and that requests are not, with the reason."""
    text = said(unreadable, Told("text"), capsys)
    assert f"{URL}/docs" in text
    assert "the store cannot be read now: " in text
    assert "nothing is in production" not in text


def test_a_program_gets_its_object_in_any_case(
    unreadable: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever started the service reads JSON until it ends."""
    content = json.loads(said(unreadable, Told("json"), capsys))
    assert (content["url"], content["store"], content["requests"]) == (URL, unreadable.root, [])
    assert [page["url"] for page in content["pages"]] == [f"{URL}/", f"{URL}/docs"]
