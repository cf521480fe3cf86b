"""Defining: revisions of a contract, and the keys that it lists."""

from __future__ import annotations

import polars as pl

from estimates.contract.contract_file import parse_contract
from estimates.store.store import Store
from estimates.store.verify import verify
from tests.builders import (
    SET,
    TICKERS,
    code_of,
    define,
    first_row,
    frame,
    promoted,
    provenance,
    source,
)


def test_the_same_contract_is_the_same_revision(store: Store) -> None:
    """Defining what is in force changes nothing; another description is a revision of the same
    shape.
    """
    first = define(store)
    assert define(store) == first
    text = source().replace("closing prices", "closes")
    second = store.define(parse_contract(text), text)
    assert (second.revision, second.shape) == (2, 1)
    assert store.contract(SET).description == "closes"
    assert store.contract(SET, 1).description == "closing prices"
    assert code_of(lambda: store.contract(SET, 3)) == "unknown_revision"


def test_a_listed_domain_is_kept_in_the_store(store: Store) -> None:
    """The keys of a file domain are stored with the contract; a key that is not listed is refused
    by the gate.
    """
    text = source(more='[domain]\nkind = "file"\nfile = "keys.csv"\n')
    keys = frame().select("target_date", "ticker")
    assert code_of(lambda: store.define(parse_contract(text), text)) == "domain_keys_needed"
    assert (
        code_of(lambda: store.define(parse_contract(text), text, keys.drop("ticker"))) == "columns"
    )
    first = store.define(parse_contract(text), text, keys)
    assert store.define(parse_contract(text), text, keys.reverse()) == first
    listed = store.domain_keys(SET)
    assert listed is not None
    assert listed.equals(keys.select("ticker", "target_date").sort("ticker", "target_date"))
    promoted(store, "run")
    fewer = frame().filter(pl.col("ticker") != TICKERS[0])
    store.publish(SET, fewer, provenance("fewer"))
    assert "domain_missing" in {check.name for check in store.judge(SET, 2).failing()}
    store.publish(SET, first_row("ticker", "XXXX"), provenance("other"))
    assert "domain_outside" in {check.name for check in store.judge(SET, 3).failing()}
    assert verify(store) == []
