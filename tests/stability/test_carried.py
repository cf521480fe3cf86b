"""Attributes that differ: counted over common keys, and worded for a headline."""

from __future__ import annotations

import polars as pl

from estimates.contract.contract_file import parse_contract
from estimates.stability import carried
from estimates.stability.aligned import align_versions
from estimates.stability.report import Carried

CONTRACT = parse_contract(
    'name = "set"\n[key.id]\ntype = "string"\n[columns.value]\n'
    '[columns.label]\nrole = "attribute"\ntype = "string"\nnullable = true\n'
    '[columns.size]\nrole = "attribute"\ntype = "integer"\nnullable = true\n'
)


def frame(ids: str, labels: list[str | None], sizes: list[int | None]) -> pl.DataFrame:
    """A version with one row a letter of `ids`."""
    values = [1.0] * len(ids)
    return pl.DataFrame({"id": [*ids], "value": values, "label": labels, "size": sizes})


def test_null_is_a_value_of_its_own() -> None:
    """Two nulls are equal, null and a value differ, and keys of one version do not count."""
    a = frame("abcd", ["x", None, None, "x"], [1, 2, 3, 4])
    b = frame("bcde", [None, "y", "x", "z"], [2, 3, 5, 9])
    pair = align_versions(a, b, CONTRACT, None, None)
    assert carried.measure(pair, identical=False) == {
        "label": Carried(3, 1, 1 / 3),
        "size": Carried(3, 1, 1 / 3),
    }


def test_identical_versions_are_not_looked_at() -> None:
    """The same content differs on no key."""
    a = frame("ab", ["x", "y"], [1, 2])
    pair = align_versions(a, a, CONTRACT, None, None)
    assert carried.measure(pair, identical=True) == dict.fromkeys(
        ("label", "size"), Carried(2, 0, 0.0)
    )


def test_without_common_keys_or_attributes_there_is_nothing() -> None:
    """Nothing is measured where nothing can differ."""
    pair = align_versions(frame("a", ["x"], [1]), frame("b", ["x"], [1]), CONTRACT, None, None)
    assert carried.measure(pair, identical=False) == {}
    bare = parse_contract('name = "set"\n[key.id]\ntype = "string"\n[columns.value]')
    rows = pl.DataFrame({"id": ["a"], "value": [1.0]})
    assert carried.measure(align_versions(rows, rows, bare, None, None), identical=False) == {}


def test_a_headline_names_the_worst_of_many() -> None:
    """Up to three in the contract's order; of more the three that differ most."""
    few = {"a": Carried(10, 1, 0.1), "b": Carried(10, 0, 0.0), "c": Carried(10, 2, 0.2)}
    assert carried.clause(few) == "a, carried along, differs on 10.0 % of keys, c on 20.0 %"
    many = few | {"d": Carried(10, 5, 0.5), "e": Carried(10, 4, 0.4)}
    assert carried.clause(many) == (
        "d, carried along, differs on 50.0 % of keys, e on 40.0 %, c on 20.0 %, and 1 more"
    )
    assert carried.clause({"b": few["b"]}) == carried.clause({}) == ""
