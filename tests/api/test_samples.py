"""Samples over HTTP, and tables of them that are published again."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from litestar.testing import TestClient

from estimates.contract.contract_file import parse_contract
from estimates.store.store import Store
from estimates_api.app import create_app
from estimates_api.http.representation import ARROW, CSV, NDJSON, PARQUET
from estimates_jobs.tables.table_files import read_table, typed
from tests.builders import make_store, provenance

SOURCE = """
name = "flu"
[key.place]
type = "string"
[key.step]
type = "integer"
target = true
[columns.draws]
role = "samples"
draws = 3
joint = ["step"]
nullable = true
"""
CONTRACT = parse_contract(SOURCE)
ROWS = pl.DataFrame(
    {
        "place": ["01", "01", "US"],
        "step": [1, 2, 1],
        "draws": [[0.1, 3.0, 2.0], None, [1e21, -0.5, 1 / 3]],
    }
)
EACH = "/v1/sets/flu/estimates"
PAGE = f"{EACH}?ref=1"
ALL = "/v1/sets/flu/versions/1/data"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store with two versions of samples."""
    store = make_store(tmp_path_factory.mktemp("samples") / "store")
    store.define(CONTRACT, SOURCE)
    store.publish("flu", ROWS, provenance("one"))
    moved = ROWS.with_columns(pl.col("draws").list.eval(pl.element() * 2))
    store.publish("flu", moved, provenance("two", 1))
    return store


@pytest.fixture(scope="module")
def client(store: Store) -> Iterator[TestClient]:
    """Its service."""
    with TestClient(create_app(store)) as client:
        yield client


def test_an_estimate_has_its_draws_as_an_array(client: TestClient) -> None:
    """In their order, with every digit, beside their quantiles; null without any."""
    estimate = client.get(f"{EACH}/US/1?ref=1").json()["estimate"]
    assert estimate["draws"] == [1e21, -0.5, 1 / 3]
    assert estimate["draws_q0.5"] == 1 / 3
    alone = client.get(f"{EACH}/01/2?ref=1&fields=draws").json()["estimate"]
    assert alone == {"place": "01", "step": 2, "draws": None}
    schema = client.get("/v1/sets/flu/schema").json()["properties"]["draws"]
    assert (schema["type"], schema["items"]) == (["array", "null"], {"type": "number"})


@pytest.mark.parametrize(
    ("url", "form"),
    [
        *((ALL, form) for form in (PARQUET, ARROW, CSV)),
        *((PAGE, form) for form in (ARROW, CSV, NDJSON)),
    ],
)
def test_every_form_can_be_published_again(
    store: Store, client: TestClient, tmp_path: Path, url: str, form: str
) -> None:
    """What comes back is the same snapshot."""
    answer = client.get(url, headers={"accept": form})
    assert answer.headers["content-type"].startswith(form)
    path = tmp_path / "table"
    path.write_bytes(answer.content)
    version = store.publish(
        "flu", typed(read_table(path), CONTRACT), provenance(f"{url} {form}".replace("/", "-"))
    )
    assert version.snapshot_id == store.view().set("flu").versions[0].snapshot_id


def test_other_ways_to_read_give_lists(store: Store, client: TestClient) -> None:
    """A history as Arrow, SQL, and the changes, which have quantiles in the place of draws."""
    history = client.get("/v1/sets/flu/history/US/1", headers={"accept": ARROW}).content
    assert pl.read_ipc_stream(io.BytesIO(history))["draws"][0].to_list() == [1e21, -0.5, 1 / 3]
    read = store.sql("SELECT list_max(draws) AS most FROM \"flu_at\"('1') WHERE place = '01'")
    assert set(read["most"]) == {3.0, None}
    changes = client.get("/v1/sets/flu/diff/changes?from=1&to=2").json()["changes"]
    assert "draws_q0.5" in changes[0]["columns"]
    assert "draws" not in changes[0]["columns"]
