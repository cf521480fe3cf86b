"""The report that the gate measured is the one that a diff with the baseline gives."""

from __future__ import annotations

from pathlib import Path

import msgspec
import polars as pl
import pytest

from estimates.compare.queries import DiffQuery
from estimates.contract.contract_file import parse_contract
from estimates.store.store import Store
from tests.builders import frame, provenance, source

ROOT = Path(__file__).parents[2]
CHURN = """
name = "churn"
[key.customer_id]
type = "string"
[columns.segment]
role = "attribute"
type = "string"
[columns.churn_score]
[columns.churn_lower_90]
role = "lower"
level = 0.9
[columns.churn_upper_90]
role = "upper"
level = 0.9
[stability]
groups = ["segment"]
"""
SAME_STEP = source("closes", more='[stability]\npairing = "same_horizon"\n')


def churn(file: str) -> pl.DataFrame:
    """A table of the example set: an interval, a group, 500 or 510 customers."""
    return pl.read_csv(ROOT / "examples" / file, schema_overrides={"customer_id": pl.String})


def judged(store: Store, text: str, frames: list[pl.DataFrame]) -> str:
    """Publish and judge each frame, the first one in production; gives the set's name."""
    contract = parse_contract(text)
    store.define(contract, text)
    for number, rows in enumerate(frames, start=1):
        store.publish(contract.name, rows, provenance(f"r{number}", number))
        store.judge(contract.name, number)
        if number == 1:
            store.promote(contract.name, 1, reason="first")
    return contract.name


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        (source("closes"), [frame(100.0), frame(101.0)]),
        (source("closes"), [frame(100.0), frame(100.0)]),
        (SAME_STEP, [frame(100.0), frame(101.0)]),
        (CHURN, [churn("churn.csv"), churn("churn-next-week.csv")]),
    ],
    ids=["same targets", "same content", "same horizon", "intervals and groups"],
)
def test_a_diff_finds_the_report_of_the_gate(
    local_store: Store, text: str, frames: list[pl.DataFrame]
) -> None:
    """Whatever a judgement left in the cache says what a report computed for the diff says."""
    name = judged(local_store, text, frames)
    comparison = local_store.compare(name, DiffQuery(1, 2))
    kept = local_store.reports.get(comparison.cache_name())
    assert kept == msgspec.msgpack.encode(comparison.report())


def test_nothing_is_kept_without_a_baseline(local_store: Store) -> None:
    """A first version has nothing to be compared with."""
    judged(local_store, source("closes"), [frame(100.0)])
    assert not local_store.reports.folder.exists()
