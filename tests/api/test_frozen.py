"""Which keys stand still, over HTTP: the same estimates in the last versions in production."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest
from litestar.testing import TestClient

from estimates.store.store import Store
from estimates_api.app import create_app
from tests.builders import SET, define, frame, make_store, promoted, provenance

URL = f"/v1/sets/{SET}/frozen"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient[Any]]:
    """Three versions in production, of which the last two say the same of AAPL alone."""
    store: Store = make_store(tmp_path_factory.mktemp("frozen") / "store")
    define(store)
    promoted(store, "one", 100.0, day=0)
    promoted(store, "two", 101.0, day=1)
    moved = pl.when(pl.col("ticker") != "AAPL").then(0.5).otherwise(0.0)
    store.publish(SET, frame(101.0).with_columns(pl.col("value") + moved), provenance("three", 2))
    store.judge(SET, 3)
    store.promote(SET, 3, reason="test")
    with TestClient(create_app(store)) as client:
        yield client
    store.catalog.engine.dispose()


def test_keys_that_stand_still_are_listed(client: TestClient[Any]) -> None:
    """The answer names the versions that it compared, and the keys whose estimates are the same."""
    answer = client.get(URL, params={"last": 2}).json()
    assert (answer["versions"], answer["n"], answer["frozen"]) == ([2, 3], 6, 2)
    assert answer["keys"] == [["AAPL", "2024-06-03"], ["AAPL", "2024-06-04"]]
    assert answer["frozen_share"] == pytest.approx(1 / 3)


def test_as_many_versions_as_there_are(client: TestClient[Any]) -> None:
    """Without a number five are looked at, or as many as there are; at a moment, those until
    then.
    """
    answer = client.get(URL).json()
    assert (answer["versions"], answer["frozen"], answer["keys"]) == ([1, 2, 3], 0, [])
    moves = client.get("/v1/events?kind=promoted").json()["events"]
    early = client.get(URL, params={"as_of": moves[0]["at"]}).json()
    assert (early["versions"], early["frozen"], early["reason"]) == ([1], None, "too_few_versions")


@pytest.mark.parametrize("last", [1, 101])
def test_numbers_of_versions_have_limits(client: TestClient[Any], last: int) -> None:
    """From 2 to 100."""
    answer = client.get(URL, params={"last": last})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_limit")


def test_the_page_says_what_the_answer_says(client: TestClient[Any]) -> None:
    """The page of stability has the numbers, and a link to each key."""
    page = client.get(f"/sets/{SET}/stability?still=2").text
    assert "2</data> of <data" in page
    assert "keys/AAPL/2024-06-03" in page
