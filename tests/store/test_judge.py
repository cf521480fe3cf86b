"""The report that the gate measured is the one that a diff with the baseline gives; which verdicts
stand, and what a version behind production is compared with.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import polars as pl
import pytest

from estimates import instants
from estimates.compare.queries import DiffQuery
from estimates.contract.contract_file import parse_contract
from estimates.errors import ConflictError, GateError
from estimates.store.store import Store
from tests import builders
from tests.builders import (
    SET,
    define,
    frame,
    promoted,
    provenance,
    publish,
    source,
)

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


def test_a_version_behind_production_is_compared_with_nothing(local_store: Store) -> None:
    """As of a back-fill: nothing refuses it; whoever promotes it has it judged against production
    first.
    """
    builders.define(local_store)
    builders.promoted(local_store, "newest", 100.0, day=2)
    builders.publish(local_store, "past", 200.0, day=1)
    verdict = local_store.judge(SET, 2)
    assert (verdict.against, verdict.blocks) == (None, False)
    assert verdict.check("p95_change").reason == "older_data"
    assert local_store.standing_verdict(SET, 2) == verdict
    with pytest.raises(ConflictError, match="estimates promote closes 2") as refused:
        local_store.promote(SET, 2, automatic=True)
    assert refused.value.code == "older_data"
    with pytest.raises(GateError, match="p95_change"):
        local_store.promote(SET, 2, reason="whatever the gate says")
    of_record = local_store.verdict(SET, 2)
    assert of_record is not None
    assert of_record.against == 1


def test_the_verdict_on_record_stands_while_it_counts(local_store: Store) -> None:
    """Of production and of what it went past; not of a newer version once production moved, nor
    after a waiver.
    """
    builders.define(local_store)
    builders.promoted(local_store, "one", 100.0)
    builders.publish(local_store, "two", 900.0)
    builders.publish(local_store, "three", 100.2)
    builders.publish(local_store, "four", 100.3)
    for number in (2, 3, 4):
        local_store.judge(SET, number)
        assert local_store.standing_verdict(SET, number) == local_store.verdict(SET, number)
    local_store.promote(SET, 3, reason="fine")
    standing = [local_store.standing_verdict(SET, number) is not None for number in (1, 2, 3, 4)]
    assert standing == [True, True, True, False]
    until = instants.now() + timedelta(days=1)
    local_store.waive(SET, "p95_change", version=2, until=until, reason="right all the same")
    assert local_store.standing_verdict(SET, 2) is None


def test_a_verdict_counts_no_more_once_its_version_was_rolled_back(local_store: Store) -> None:
    """Whether it may return is asked by the policy and the production of now."""
    builders.define(local_store)
    builders.promoted(local_store, "one", 100.0)
    builders.promoted(local_store, "two", 100.1, day=2)
    assert local_store.standing_verdict(SET, 2) is not None
    local_store.rollback(SET, reason="the feed was wrong")
    assert local_store.standing_verdict(SET, 1) is not None
    builders.define(local_store, maximum=400.0)
    assert local_store.standing_verdict(SET, 2) is None


def test_a_valid_verdict_is_not_given_twice(store: Store) -> None:
    """Promotion takes the verdict there is when it is for this content, policy and baseline."""
    define(store)
    promoted(store, "first")
    assert [event.kind for event in store.view().set(SET).events] == [
        "defined",
        "published",
        "judged",
        "promoted",
    ]


def test_judging_a_frame_stores_nothing(store: Store) -> None:
    """A file is judged like a version, against the same baseline, and leaves no trace."""
    define(store)
    promoted(store, "run")
    events = store.view().last_event
    assert not store.judge_frame(SET, frame(100.1), provenance("file", 1)).blocks
    assert store.judge_frame(SET, frame(900.0), provenance("file", 1)).blocks
    assert store.judge_frame(SET, frame().drop("value"), provenance("file", 1)).blocks
    assert store.refresh().last_event == events


def test_the_same_inputs_give_the_same_verdict(store: Store) -> None:
    """Judging twice at one recorded moment gives the same verdict."""
    define(store)
    publish(store, "run")
    moment = datetime(2026, 11, 24, tzinfo=UTC)
    assert store.judge(SET, 1, judged_at=moment) == store.judge(SET, 1, judged_at=moment)


def test_production_is_not_compared_with_itself(store: Store) -> None:
    """Judged again it is no stale copy of itself; it stays what `latest` names."""
    define(store, more='[gate]\nprofile = "strict"\n')
    promoted(store, "one", 100.0)
    verdict = store.judge(SET, 1)
    assert not verdict.blocks
    assert verdict.baseline is None
    assert verdict.check("p95_change").reason == "in_production"
    assert store.resolve(SET, "latest").version == 1
