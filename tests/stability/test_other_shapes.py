"""A set whose contract changed its shape: what was said under the old one is counted, found, and
never mixed in.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from litestar.testing import TestClient

from estimates.client import AsyncClient, Client
from estimates.contract.contract_file import parse_contract
from estimates.errors import ConflictError, NotFoundError
from estimates.store.store import Store
from estimates_api.app import create_app
from tests.api.served import path_of, serving
from tests.builders import SET, define, frame, make_store, promoted, provenance, source
from tests.jobs.cli.calls import call

KEY = ("AAPL", "2024-06-03")
HISTORY = path_of(SET, *KEY, route="history")
OTHER = source().replace('unit = "USD"', 'unit = "EUR"') + '[columns.rank]\ntype = "integer"\n'


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Versions 1 and 2 in USD, then version 3 in EUR with a rank; all were promoted, the last one
    is production.
    """
    store = make_store(tmp_path_factory.mktemp("shapes") / "store")
    define(store)
    promoted(store, "one", 100.0)
    promoted(store, "two", 101.0, day=1)
    store[SET].score(frame(100.0).drop("note"), versions=[1])
    store.define(parse_contract(OTHER), OTHER)
    store.publish(SET, frame(90.0, rank=7), provenance("three", 2))
    store.judge(SET, 3)
    store.promote(SET, 3, reason="in euros", new_shape=True)
    return store


def text(store: Store, *arguments: object) -> str:
    """What a command prints for people."""
    called = call(*arguments, "--store", store.root)
    assert called.code == 0, called.err
    return called.text


@pytest.mark.parametrize(("a", "b"), [(1, 3), (3, 1)])
def test_a_diff_across_shapes_says_what_differs(store: Store, a: int, b: int) -> None:
    """The unit that changed and the column that came, whichever way round; the command exits 1."""
    units = "USD and EUR" if a == 1 else "EUR and USD"
    said = (
        rf"value \(unit: {units}\); only version 3 has "
        rf"rank; only versions of one shape can be compared"
    )
    with pytest.raises(ConflictError, match=said) as caught:
        store[SET].diff(a, b)
    assert caught.value.code == "other_shape"
    called = call("diff", SET, a, b, "--store", store.root)
    assert (called.code, f"value (unit: {units})" in called.err) == (1, True)


def test_levels_and_grids_that_differ_are_named(tmp_path: Path) -> None:
    """An interval of another nominal level has another shape, and the error says which levels."""
    store = make_store(tmp_path / "store")
    for run_id, level in (("one", 0.8), ("two", 0.9)):
        ends = "".join(
            f'[columns.{end}]\nrole = "{end}"\nlevel = {level}\n' for end in ("lower", "upper")
        )
        define(store, more=ends)
        store.publish(SET, frame(lower=90.0, upper=120.0), provenance(run_id))
    with pytest.raises(
        ConflictError, match=r"lower \(level: 0\.8 and 0\.9\).* value \(levels: 0\.8 and 0\.9\)"
    ):
        store[SET].diff(1, 2)


def explained(store: Store, ref: int) -> dict[str, Any]:
    """The body of an explanation."""
    return store[SET].explain(*KEY, ref=ref).body


def test_an_explanation_counts_what_it_does_not_compare(store: Store) -> None:
    """With the reason, and on the page: a first value in a new shape is not the first that there
    was.
    """
    body = explained(store, 3)
    assert (body["previous"], body["not_compared"], body["reasons"]["previous"]) == (
        [],
        2,
        "other_shape",
    )
    assert [step["version"] for step in body["chain"]["value"]["steps"]] == [3]
    page = text(store, "explain", SET, *KEY)
    assert "no version of its shape shown here has this key" in page
    assert "2 versions of another shape are not compared" in page


def test_an_old_version_is_explained_by_those_of_its_shape(store: Store) -> None:
    """What came before it, its chain and its accuracy are there although production has another
    shape by now.
    """
    body = explained(store, 2)
    assert ([version["version"] for version in body["previous"]], body["not_compared"]) == ([1], 0)
    assert "previous" not in body["reasons"]
    assert [step["version"] for step in body["chain"]["value"]["steps"]] == [1, 2]
    assert "not compared" not in text(store, "explain", SET, *KEY, "--ref", 2)


def test_accuracy_so_far_is_of_one_shape(store: Store) -> None:
    """Errors in USD are not pooled with errors in EUR."""
    assert explained(store, 2)["accuracy"]["versions"] == 1
    assert explained(store, 3)["reasons"]["accuracy"] == "not_scored"


def numbers_of(store: Store, **query: Any) -> list[int]:
    """The versions that a history tells of."""
    return [entry["version"] for entry in store[SET].history(*KEY, **query).body["history"]]


def test_a_history_tells_of_one_shape(store: Store) -> None:
    """Of production's unless another one is named; one that does not exist is an error that names
    those that do.
    """
    assert (numbers_of(store), numbers_of(store, shape=2), numbers_of(store, shape=1)) == (
        [3],
        [3],
        [1, 2],
    )
    assert store[SET].history(*KEY, shape=2).json == store[SET].history(*KEY).json
    chain = store[SET].history(*KEY, shape=1, chain=True).body["chain"]
    assert (chain["value"]["unit"], chain["value"]["n"], "rank" in chain) == ("USD", 2, False)
    with pytest.raises(NotFoundError, match="there is no shape 3; shapes: 1, 2") as caught:
        store[SET].history(*KEY, shape=3)
    assert caught.value.code == "unknown_shape"


def test_a_history_of_a_shape_has_the_same_bytes_everywhere(store: Store) -> None:
    """In process, over HTTP, with both clients and on the command line; as CSV with the columns of
    that shape.
    """
    expected = store[SET].history(*KEY, shape=1).json
    called = call("history", SET, *KEY, "--shape", 1, "--store", store.root, "--format", "json")
    assert called.out == expected
    with TestClient(create_app(store)) as client:
        assert client.get(HISTORY, params={"shape": 1}).content == expected
        table = client.get(HISTORY, params={"shape": 1}, headers={"accept": "text/csv"})
        assert pl.read_csv(table.content)["version"].to_list() == [1, 2]
        assert "rank" not in table.text
        unknown = client.get(HISTORY, params={"shape": 9})
        assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_shape")
        assert client.get(HISTORY, params={"shape": "x"}).json()["code"] == "bad_parameter"


@pytest.mark.slow
def test_the_clients_ask_for_a_shape(store: Store) -> None:
    """The one that waits and the one that is awaited."""

    async def ask(url: str) -> bytes:
        async with AsyncClient(url) as client:
            return (await client[SET].history(*KEY, shape=1)).json

    expected = store[SET].history(*KEY, shape=1).json
    with serving(store.root) as url, Client(url) as client:
        assert client[SET].history(*KEY, shape=1).json == expected
        assert asyncio.run(ask(url)) == expected
        page = call("history", SET, *KEY, "--store", url)
        assert page == call("history", SET, *KEY, "--store", store.root)
        with pytest.raises(NotFoundError) as caught:
            client[SET].history(*KEY, shape=9)
        assert caught.value.code == "unknown_shape"


def test_a_history_says_what_it_does_not_show(store: Store) -> None:
    """How many versions have another shape, and how to see them; in their own unit."""
    page = text(store, "history", SET, *KEY)
    assert "2 versions of another shape are not shown: --shape 1" in page
    assert "value [EUR]" in page
    older = text(store, "history", SET, *KEY, "--shape", 1)
    assert "1 version of another shape is not shown: --shape 2" in older
    assert "value [USD]" in older
    assert text(store, "history", SET, "NOPE", KEY[1]).endswith(
        "no version of this shape has this key\n"
    )


def test_a_triangle_says_what_it_does_not_show(store: Store) -> None:
    """Its text counts the versions of other shapes too."""
    for key in ((), ("AAPL",)):
        assert "2 versions of another shape are not shown" in text(store, "triangle", SET, *key)
