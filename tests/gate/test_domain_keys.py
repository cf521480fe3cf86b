"""The keys that a contract's domain asks for."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from estimates.errors import InvalidError
from estimates.gate.candidate import Candidate
from estimates.gate.domain_keys import domain_keys
from tests.builders import contract
from tests.gate.cases import provenance

PRODUCT = """[domain]
kind = "product"
values = { ticker = ["AAPL", "MSFT"], target_date = ["2026-11-23", "2026-11-24"] }
"""
ROLLING = """[domain]
kind = "rolling"
steps = 2
calendar = "weekdays"
values = { ticker = ["AAPL", "MSFT"] }
"""
LISTED = '[domain]\nkind = "file"\nfile = "keys.csv"\n'


def candidate(**fields: object) -> Candidate:
    """One of which only what is asked for is there."""
    return Candidate(None, None, **({"provenance": None} | fields))  # type: ignore


def code(more: str, of: Candidate) -> str:
    """The error of a domain that the candidate does not say."""
    with pytest.raises(InvalidError) as refused:
        domain_keys(contract(more=more), of)
    return refused.value.code


def test_an_open_domain_asks_for_none() -> None:
    """Any key may be there."""
    assert domain_keys(contract(), candidate()) is None


def test_a_product_is_every_combination() -> None:
    """In the contract's types."""
    keys = domain_keys(contract(more=PRODUCT), candidate())
    assert keys is not None
    days = [date(2026, 11, 23), date(2026, 11, 24)]
    assert sorted(keys.rows()) == [(t, d) for t in ("AAPL", "MSFT") for d in days]


def test_a_rolling_domain_has_the_targets_of_the_version() -> None:
    """As many as it has steps; else nothing can be said."""
    targets = ("2026-11-26", "2026-11-27")
    keys = domain_keys(contract(more=ROLLING), candidate(provenance=provenance(targets=targets)))
    assert keys is not None
    assert (keys.height, keys["target_date"].max()) == (4, date(2026, 11, 27))
    assert code(ROLLING, candidate()) == "no_targets"
    short = candidate(provenance=provenance(targets=targets[:1]))
    assert code(ROLLING, short) == "no_targets"


def test_a_listed_domain_has_the_keys_of_its_file() -> None:
    """Each once, without other columns; without the file nothing can be said."""
    day = date(2026, 11, 23)
    listed = pl.DataFrame({"more": [1, 2], "target_date": [day, day], "ticker": ["A", "A"]})
    keys = domain_keys(contract(more=LISTED), candidate(domain_keys=listed))
    assert keys is not None
    assert keys.rows() == [("A", day)]
    assert code(LISTED, candidate()) == "no_domain_file"
