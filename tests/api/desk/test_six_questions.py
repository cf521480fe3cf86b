"""The demo's store on the desk: six questions that somebody has who has never seen it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from estimates.store.store import Store
from estimates_api.app import create_app
from tests.api.desk.read_page import ReadPage

pytest_plugins = ("tests.demo_store",)
SET = "/sets/sp500-close"


@pytest.fixture(scope="module")
def desk(demo: Path) -> Iterator[TestClient[Any]]:
    """A service over the demo's store."""
    store = Store(demo / "store")
    with TestClient(create_app(store)) as client:
        yield client
    store.catalog.engine.dispose()


def follow(desk: TestClient[Any], *paths: str) -> ReadPage:
    """The last of pages that lead to each other, from the first on."""
    page = ReadPage("/", desk.get("/").text)
    for path in paths:
        assert path in page.links, (page.path, path)
        page = ReadPage(path, desk.get(path).text)
    return page


def test_which_set_needs_somebody_and_why(desk: TestClient[Any]) -> None:
    """The first page says which, its link what fails, for which keys, and what to do."""
    first = follow(desk)
    assert "1 of 2 sets needs somebody" in first.text
    assert first.text.index("version 9 was refused") < first.text.index("nothing to do")
    verdict = follow(desk, f"{SET}/verdicts/9")
    assert "blocked" in verdict.text
    assert "estimates waive sp500-close" in verdict.text
    assert f"{SET}/keys/MSFT/2021-12-30?all=1" in verdict.links


def test_why_version_5_was_refused(desk: TestClient[Any]) -> None:
    """By the set's page, where the version is marked."""
    verdict = follow(desk, SET, f"{SET}/verdicts/5")
    assert "AAPL" in verdict.text
    assert "1 in 20 keys moved by more than" in verdict.text


def test_what_changed_most_and_in_which_group(desk: TestClient[Any]) -> None:
    """The two versions of the last move: the key that moved most, and the groups in order."""
    page = follow(desk, SET, f"{SET}/diff/7/8")
    report = desk.get("/v1/sets/sp500-close/diff?from=7&to=8").json()
    groups = report["columns"]["value"]["groups"]["ticker"]
    worst = max(groups, key=lambda group: group["plain_p95"])["value"]
    assert re.search(rf"most on {worst}/", page.text)
    assert f"{worst}: half of" in page.text


def test_what_was_said_of_a_key_and_how_wrong_it_was(desk: TestClient[Any]) -> None:
    """Found by its parts: what each version said, what came, and how far each was from that."""
    key = f"{SET}/keys/AAPL/2021-12-30"
    page = follow(desk, SET, f"{SET}/versions/8", key)
    outcome = desk.get("/v1/sets/sp500-close/outcome/AAPL/2021-12-30").json()
    assert outcome["actual"]["value"] in page.numbers
    refused = (5, 9)
    errors = [of["errors"]["value"] for of in outcome["errors"] if of["version"] not in refused]
    assert len(errors) == 7
    assert [error for error in errors if error not in page.numbers] == []


def test_who_rolled_back_and_when(desk: TestClient[Any]) -> None:
    """The set's page says what happened, the newest first."""
    (event,) = desk.get("/v1/events?kind=rolled_back").json()["events"]
    page = follow(desk, SET)
    assert "rolled back from version 8 to version 7" in page.text
    assert {event["at"]} <= set(page.times)
    assert event["actor"] in page.text


def test_how_it_is_read_from_r(desk: TestClient[Any]) -> None:
    """The set's page has the program."""
    assert "read.csv" in follow(desk, SET).text
