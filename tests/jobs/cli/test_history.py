"""History, explanation and changes of a set with many quantiles and no point; and of a family,
which has no versions.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from estimates.contract.contract_file import parse_contract
from estimates.store.store import Store
from tests.builders import provenance
from tests.jobs.cli.calls import call

LEVELS = [0.01, 0.025, *(round(0.05 * i, 2) for i in range(1, 20)), 0.975, 0.99]
NAMES = {f"q{level:g}": level for level in LEVELS}
SOURCE = f'name = "flu"\n[key.item]\ntype = "string"\n[columns.q]\nquantiles = {LEVELS}\n'


@pytest.fixture
def store(local_store: Store) -> Store:
    """Two versions; the median rises by a tenth, the other quantiles stay."""
    local_store.define(parse_contract(SOURCE), SOURCE)
    for number, median in enumerate((5.0, 5.5), start=1):
        row = {name: 10 * level for name, level in NAMES.items()} | {"q0.5": median}
        frame = pl.DataFrame({"item": ["a"]} | {name: [x] for name, x in row.items()})
        local_store.publish("flu", frame, provenance(f"r{number}", number))
    return local_store


def test_the_median_speaks_for_a_set_without_a_point(store: Store) -> None:
    """In a history, whose table has room for few quantiles, and in an explanation."""
    root = ("--store", store.root)
    text = call("history", "flu", "a", *root).text
    assert "change of q0.5" in text
    assert "+10.0 %" in text
    assert "q0.975" in text
    assert "q0.45" not in text
    assert "--fields NAMES" in text
    assert "q0.45" in call("history", "flu", "a", "--fields", "q0.45", *root).text
    assert "a: q0.5 5.5" in call("explain", "flu", "a", "--ref", "2", *root).text
    assert "by q0.5.d" in call("diff", "flu", "1", "2", "--changes", *root).text


def test_a_family_names_its_members(local_store: Store, tmp_path: Path) -> None:
    """Its own name has no estimates: the message says where they are."""
    contract = tmp_path / "flu.toml"
    contract.write_text(f"{SOURCE}[family]\n".replace(str(LEVELS), "[0.5]"))
    root = ("--store", local_store.root)
    call("define", contract, *root)
    none = call("get", "flu", *root)
    assert none.code == 2
    assert "estimates publish flu FOLDER" in none.err
    (tmp_path / "2024-01-06-CDC-base.csv").write_text("item,q0.5\nx,1\n")
    assert (
        call(
            "publish", "flu", tmp_path / "2024-01-06-CDC-base.csv", "--through", "2024-01-01", *root
        ).code
        == 0
    )
    for command in (("get", "flu"), ("get", "flu", "x", "--ref", 1), ("diff", "flu", 1, 2)):
        called = call(*command, *root)
        assert "name one: flu.cdc-base" in called.err, called
