"""Pages of sets that are unlike others: families, columns with dots in their names, lists."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from litestar.testing import TestClient

from estimates.contract.contract_file import parse_contract
from estimates.store.store import Store
from estimates_api.app import create_app
from estimates_api.desk.filters import cell
from tests.api.desk.read_page import ReadPage
from tests.builders import provenance
from tests.waiting import until

FAMILY = 'name = "flu"\n[key.k]\ntype = "string"\n[columns.v]\n[family]\nby = "model_id"\n'
SAMPLES = """\
name = "samples"
[key.k]
type = "string"
[key.week]
type = "date"
target = true
[columns.draws]
role = "samples"
"""


def test_a_family_lists_its_sets(local_store: Store) -> None:
    """It has no versions and needs none, and says how its sets come to be."""
    local_store.define(parse_contract(FAMILY), FAMILY)
    with TestClient(create_app(local_store)) as client:
        assert client.get("/v1/sets").json()["sets"][0]["family"] == "flu"
        assert "a family of 0 sets" in ReadPage("/", client.get("/").text).text
        page = ReadPage("/sets/flu", client.get("/sets/flu").text)
    assert "None yet: each is made when something is first published to it." in page.text
    assert "How to read it" not in page.text


def test_columns_with_dots_in_their_names(local_store: Store) -> None:
    """Quantiles of samples, such as draws_q0.5, are columns like any others; a list of draws is
    said in a few words.
    """
    local_store.define(parse_contract(SAMPLES), SAMPLES)
    keys = {"k": ["a", "b"], "week": [date(2026, 1, 5)] * 2}
    for number in (1, 2):
        draws = [[100.0 + number + i for i in range(10)]] * 2
        frame = pl.DataFrame(keys | {"draws": draws})
        local_store.publish("samples", frame, provenance(f"run-{number}", number))
        local_store.judge("samples", number)
        if not local_store.view().set("samples").aliases:
            local_store.promote("samples", number, reason="test")
    with TestClient(create_app(local_store)) as client:
        until(lambda: client.get("/sets/samples/stability").status_code == 200)
        key = client.get("/sets/samples/keys/a/2026-01-05")
        assert "10 numbers, 101 to 110" in ReadPage("/", key.text).text


@pytest.mark.parametrize(
    ("value", "words"), [([], "0 numbers"), ([None], "1 number"), ("text", "<bdi>text</bdi>")]
)
def test_a_cell(value: object, words: str) -> None:
    """Whatever an estimate has in it is said."""
    assert str(cell(value)) == words
