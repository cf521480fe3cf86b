"""Limits of a family's member, which stand in the contract of the family."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from estimates.calibration.backtest import backtest
from estimates.calibration.suggestion import suggest
from estimates.catalog.records import InputDigest, Provenance
from estimates.contract.contract_file import parse_contract
from estimates.store.members import set_of_member
from estimates.store.store import Store
from tests.builders import START

FAMILY = """\
name = "flu"
[key.place]
type = "string"
[columns.value]
[family]
"""


def test_a_members_limits_are_written_into_the_familys_contract(local_store: Store) -> None:
    """The diff is one of the family's file, and a replay takes that file for the member."""
    local_store.define(parse_contract(FAMILY), FAMILY)
    name = set_of_member(local_store, "flu", "Team-model")
    for week in range(6):
        values = {
            "place": [f"p{i}" for i in range(20)],
            "value": [1.02**week + i for i in range(20)],
        }
        made = Provenance(
            START + timedelta(weeks=week), f"{week}", (InputDigest("rows", "x.csv", "0" * 64),)
        )
        version = local_store.publish(name, pl.DataFrame(values), made).version
        local_store.promote(name, version, reason="as every week")
    suggestion = suggest(local_store, name)
    assert suggestion.diff.startswith("--- a/flu.toml\n+++ b/flu.toml\n")
    assert "[member]" not in suggestion.diff
    stricter = FAMILY + "[gate.checks.p95_change]\nwarn = 0.0001\nblock = 0.0002\n"
    assert backtest(local_store, name, parse_contract(stricter)).promoted_blocked
