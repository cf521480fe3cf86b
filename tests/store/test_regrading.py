"""Verdicts beside what became of the estimates: needless refusals and missed harm, by known
answers.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from estimates.catalog.set_view import SetView
from estimates.errors import InvalidError
from estimates.store.regrading import Grade, Regrading
from estimates.store.store import Store
from tests.builders import SET, TARGETS, define, frame, promoted, provenance, publish
from tests.invariants import check_all
from tests.jobs.cli.calls import call


def stored_grades(view: SetView) -> dict[int, Grade]:
    """The newest grade of each version that has one."""
    return {
        e.version: e.details["grade"]
        for e in view.events
        if e.kind == "regraded" and e.version is not None
    }


def observed(level: float) -> pl.DataFrame:
    """What the closes of the first target turned out to be."""
    return frame(level).filter(pl.col("target_date") == TARGETS[0]).drop("note")


@pytest.fixture
def judged(store: Store) -> Store:
    """Versions 1 and 2 in production; 3 refused, far off; 4 passed against 2."""
    return filled(store)


def filled(store: Store) -> Store:
    """The same in any store."""
    define(store)
    promoted(store, "r1", 100.0)
    promoted(store, "r2", 101.0)
    for run, level in (("r3", 200.0), ("r4", 101.5)):
        publish(store, run, level)
        store.judge(SET, store[SET].versions()[-1].version)
    return store


def grades(regrading: Regrading) -> dict[int, str | None]:
    """The grade of each version."""
    return {version.version: version.grade for version in regrading.versions}


def test_a_refused_version_that_was_right_was_blocked_without_need(judged: Store) -> None:
    """When the values did double, the refusal cost something, and letting the others through did no
    harm.
    """
    regrading = judged[SET].regrade(observed(200.0))
    assert grades(regrading) == {1: None, 2: "right_pass", 3: "harmless_block", 4: "right_pass"}
    assert regrading.counts == {
        "right_pass": 2,
        "missed_harm": 0,
        "right_block": 0,
        "harmless_block": 1,
    }
    assert [version.reason for version in regrading.versions] == ["first_version", None, None, None]
    assert [version.baseline for version in regrading.versions] == [None, 1, 2, 2]


def test_a_refused_version_that_was_wrong_was_rightly_blocked(judged: Store) -> None:
    """Growth is that of the loss on the shared keys; a promoted version that was worse than the one
    before did harm.
    """
    regrading = judged[SET].regrade(observed(100.0))
    assert grades(regrading)[3] == "right_block"
    refused = regrading.versions[2]
    assert refused.growth == pytest.approx((200 - 100) / (101 - 100) - 1)
    # version 1 hit every value: nothing can be relative to a loss of 0
    assert regrading.versions[1].grade is None
    assert "perfect_baseline" in regrading.versions[1].message
    assert grades(judged[SET].regrade(observed(99.0)))[2] == "missed_harm"


def test_growth_at_the_limit_is_no_harm(judged: Store) -> None:
    """The limit is that of the contract's policy, inclusive."""
    define(judged, more="[gate.checks.accuracy_loss]\nblock = 0.5\nwarn = 0.1\n")
    regrading = judged[SET].regrade(observed(103.0))  # version 2 off by 2, version 4 by 1.5
    assert regrading.limit == 0.5
    assert grades(regrading)[4] == "right_pass"
    at_limit = judged[SET].regrade(observed(99.0))  # 1 off by 1, 2 by 2; 4 by 2.5 against 2
    assert at_limit.versions[3].growth == pytest.approx(0.25)
    assert grades(at_limit)[4] == "right_pass"


def test_the_old_verdict_stays_and_the_grade_is_logged_once(judged: Store) -> None:
    """Grading changes no verdict and no state; the same actual values again add nothing, others add
    a grade.
    """
    before = [judged.verdict(SET, n) for n in (1, 2, 3, 4)]
    states = [judged.state(version) for version in judged[SET].versions()]
    judged[SET].regrade(observed(200.0))
    last = judged.catalog.last_event()
    judged[SET].regrade(observed(200.0))
    assert judged.catalog.last_event() == last
    assert stored_grades(judged.view().set(SET)) == {
        2: "right_pass",
        3: "harmless_block",
        4: "right_pass",
    }
    judged[SET].regrade(observed(99.0))
    assert stored_grades(judged.view().set(SET))[3] == "right_block"
    assert [judged.verdict(SET, n) for n in (1, 2, 3, 4)] == before
    assert [judged.state(version) for version in judged[SET].versions()] == states
    check_all(judged)


def test_a_version_in_production_that_is_judged_again_is_held_against_the_one_before(
    judged: Store,
) -> None:
    """A later verdict of production against itself says nothing about its promotion."""
    judged.judge(SET, 2)
    assert judged[SET].regrade(observed(200.0)).versions[1].baseline == 1


def test_expired_versions_and_other_shapes_are_left_out_with_a_reason(judged: Store) -> None:
    """What cannot be read any more, or not be compared, is named and counted in no grade."""
    judged.catalog.expire(judged[SET].versions()[2], actor="test", reason="test")
    define(judged, more="[columns.second]\n")
    regrading = judged[SET].regrade(observed(200.0))
    assert {version.reason for version in regrading.versions} == {"first_version", "other_shape"}
    assert sum(regrading.counts.values()) == 0


def test_actual_values_without_the_key_are_refused(judged: Store) -> None:
    """As for scores."""
    with pytest.raises(InvalidError) as caught:
        judged[SET].regrade(pl.DataFrame({"value": [1.0]}))
    assert caught.value.code == "columns"


def test_the_command_that_scores_shows_how_the_gate_did(local_store: Store, tmp_path: Path) -> None:
    """Counts by grade, and each version on which the gate was wrong; a program gets the whole."""
    judged, file = filled(local_store), tmp_path / "actuals.csv"
    observed(200.0).write_csv(file)
    shown = call("score", SET, "--actuals", str(file), "--regrade", "--store", judged.root)
    assert "blocked, harmless" in shown.text
    assert "The gate, looking back on 3 verdicts" in shown.text
    whole = call(
        "score",
        SET,
        "--actuals",
        str(file),
        "--regrade",
        "--store",
        judged.root,
        "--format",
        "json",
    ).json
    assert whole["regrading"]["counts"]["harmless_block"] == 1
    log = call("log", SET, "--store", judged.root).text
    assert "version 3 regraded: harmless block" in log


def test_what_lost_or_broke_keys_did_harm(store: Store) -> None:
    """However good the keys are that are left: a version that lost half of them is not graded by
    the other half.
    """
    define(store)
    promoted(store, "r1", 100.0)
    whole = frame(100.0)
    half = whole.filter(pl.col("ticker") == whole["ticker"][0])
    version = store.publish(SET, half, provenance("r2"))
    assert store.judge(SET, version.version).blocks
    regrading = store[SET].regrade(observed(100.0))
    assert grades(regrading)[2] == "right_block"
    assert "keys with an actual value have no valid estimate of value any more" in (
        regrading.versions[1].message
    )
