"""What is known to go wrong in other gates, one test each, in the words of the design."""

from __future__ import annotations

import math
from datetime import timedelta

import polars as pl
import pytest

from estimates.catalog.records import Waiver
from estimates.contract.contract_file import parse_contract
from estimates.errors import ConflictError
from estimates.gate.check import Check, Measure
from estimates.gate.evaluation import evaluate
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.limits import within
from estimates.store.store import Store
from tests.builders import SET, define, promoted, publish
from tests.gate.cases import (
    JUDGED,
    Setting,
    contract,
    file,
    frame,
    many,
    many_rows,
    off_by_ten,
    poke,
    provenance,
    simple,
    stored,
)

STALE_IS_FINE = '[gate.checks.unchanged]\noff = "the same content again is what is tested"\n'


def test_a_threshold_of_0_with_0_changes_passes() -> None:
    """A threshold 0 with 0 changes passes, and one change does not."""
    strict = contract(more="[gate.checks.p95_change]\nwarn = 0\nblock = 0\n")
    assert Setting(strict, frame()).evaluate().check("p95_change").status == "pass"
    assert Setting(strict, frame(1.0001)).evaluate().check("p95_change").status == "fail"


def test_a_limit_below_a_thousandth_is_kept() -> None:
    """One value twice among 3,000 is beyond a limit of 0.0005; without that limit it counts as no
    common value.
    """
    values = [float(i) for i in range(2999)] + [0.0]
    rows = pl.DataFrame({"k": [f"{i:04d}" for i in range(3000)], "v": values})
    strict = simple(more="[gate.checks.dominant_value]\nwarn = 0.0005\n")
    for policy, status, value in ((strict, "warn", 2 / 3000), (simple(), "pass", 0.0)):
        result = Setting(policy, rows, baseline=rows).evaluate().check("dominant_value")
        assert (result.status, result.value) == (status, pytest.approx(value))


def test_columns_may_have_any_name() -> None:
    """A column called as what a check computes is judged like any other."""
    named = parse_contract(
        'name = "s"\n[key.value]\ntype = "integer"\n[columns.rows]\ntype = "integer"\n'
    )
    rows = pl.DataFrame({"value": range(40), "rows": [i // 3 for i in range(40)]})
    verdict = Setting(named, rows, baseline=rows).evaluate()
    assert verdict.check("dominant_value").value == pytest.approx(3 / 40)
    assert verdict.counts["error"] == 0


def test_an_empty_candidate_has_a_defined_verdict() -> None:
    """An empty candidate has a defined verdict: `not_empty` fails, nothing is an error."""
    for empty in (Setting(frame=frame().clear()), file(frame().clear())):
        verdict = empty.evaluate()
        assert [check.name for check in verdict.failing()] == ["not_empty"]
        assert (verdict.outcome, verdict.counts["error"]) == ("fail", 0)


def test_nan_never_passes_a_comparison() -> None:
    """NaN never passes a comparison: not of the machinery, not of a bound, not of an order."""
    assert not within(math.nan, math.inf)
    assert not within(math.nan, -math.inf, "below")
    verdict = poke("close", math.nan).evaluate()
    assert {"nan", "hard_bounds", "interval_order"} <= {check.name for check in verdict.failing()}


def test_the_baseline_is_never_a_refused_version(local_store: Store) -> None:
    """The baseline is never a refused version: the next one is judged against what production
    points to.
    """
    define(local_store, maximum=150)
    promoted(local_store, "good", 100.0)
    publish(local_store, "refused", 200.0, day=1)
    assert local_store.judge(SET, 2).blocks
    publish(local_store, "next", 100.1, day=2)
    verdict = local_store.judge(SET, 3)
    assert verdict.baseline is not None
    assert verdict.baseline.version == 1
    assert not verdict.failing()


def test_the_first_version_gives_explicit_skips() -> None:
    """The first version gives explicit skips: every check against a baseline names
    `first_version`.
    """
    checks = [check for check in Setting(baseline=None).evaluate().checks if check.stage == 3]
    assert {(check.status, check.reason) for check in checks} == {("skipped", "first_version")}


def test_a_check_that_cannot_be_evaluated_blocks() -> None:
    """A check that cannot be evaluated blocks, and the verdict says which and why."""
    verdict = Setting(candidate={"provenance": provenance(targets=())}).evaluate()
    assert (verdict.outcome, verdict.blocks) == ("error", True)
    assert verdict.check("domain_missing").message


def test_a_value_at_its_exact_limit_passes() -> None:
    """A value at its exact limit passes; test_gate_limits.py asks it of every default limit."""
    assert poke("close", 5000.0).evaluate().check("hard_bounds").status == "pass"
    assert (
        poke("close", math.nextafter(5000.0, math.inf)).evaluate().check("hard_bounds").status
        == "fail"
    )


def test_two_checks_over_the_same_metric_agree() -> None:
    """Two checks over the same metric agree: one diff serves both, and what one counts the other
    names.
    """
    verdict = Setting(frame=off_by_ten(3)).evaluate()
    jumps, p95 = verdict.check("jumps"), verdict.check("p95_change")
    of_close = {
        tuple(offender.key or ()) for offender in jumps.offenders if offender.column == "close"
    }
    assert of_close == {tuple(offender.key or ()) for offender in p95.offenders}
    assert jumps.value == 3 / 25
    assert (
        verdict.check("z_beyond_one").value == verdict.check("outside_old_interval").value == 3 / 25
    )


def test_a_missing_column_fails_the_schema_check_and_skips_what_depends_on_it_by_name() -> None:
    """A missing column fails the schema check and skips what depends on it, by name."""
    verdict = file(frame().drop("close")).evaluate()
    assert [check.name for check in verdict.failing()] == ["schema"]
    assert {verdict.check(name).reason for name in ("keys", "nan", "jumps", "rank_order")} == {
        "depends_on: schema"
    }


def test_after_two_bad_versions_in_a_row_rollback_lands_on_a_good_one(local_store: Store) -> None:
    """After two bad versions in a row, rollback lands on a good one: never on what was rolled back
    before.
    """
    define(local_store)
    for day, level in enumerate((100.0, 101.0, 102.0)):
        promoted(local_store, f"run-{day}", level, day=day)
    assert local_store.rollback(SET, reason="the third is bad").version == 2
    assert local_store.rollback(SET, reason="the second is bad too").version == 1


def test_a_rolled_back_snapshot_published_again_is_not_promoted_automatically(
    local_store: Store,
) -> None:
    """A rolled-back snapshot published again is not promoted automatically; a person may."""
    define(local_store, more=STALE_IS_FINE)
    promoted(local_store, "first", 100.0)
    promoted(local_store, "bad", 101.0, day=1)
    local_store.rollback(SET, reason="it is bad")
    promoted(local_store, "third", 100.5, day=2)  # a person ends the hold
    again = publish(local_store, "again", 101.0, day=3)
    assert not local_store.judge(SET, again.version).blocks
    with pytest.raises(ConflictError) as caught:
        local_store.promote(SET, again.version, automatic=True)
    assert caught.value.code == "rolled_back"
    assert local_store.promote(SET, again.version, reason="it was right").version == again.version


def test_nobody_waives_what_every_version_must_pass() -> None:
    """A waiver of an unwaivable check lets nothing through."""
    swapped = frame(1.001).with_columns(lower_80="upper_80", upper_80="lower_80")
    contents = [stored(rows, contract(), version) for version, rows in ((2, swapped), (1, frame()))]
    waiver = Waiver(
        1,
        "prices",
        2,
        "snapshot-2",
        "interval_order",
        None,
        "no",
        "ann",
        JUDGED,
        JUDGED + timedelta(hours=1),
    )
    verdict = evaluate(
        contract(), *contents, judged_at=JUDGED, contract_revision=1, waivers=[waiver]
    )
    assert verdict.check("interval_order").status == "fail"


def test_a_waiver_of_every_key_by_name_waives_the_check() -> None:
    """Nothing is left that could speak against the candidate; one key more, and it is judged."""
    rows = many_rows(40)
    contents = [
        stored(frame, many(), version)
        for version, frame in ((2, rows.with_columns(pl.col("v") * 2)), (1, rows))
    ]
    for waived, status in ((40, "waived"), (39, "fail")):
        keys = [[str(k)] for k in range(waived)]
        until = JUDGED + timedelta(hours=1)
        waiver = Waiver(
            1, many().name, 2, "snapshot-2", "p95_change", keys, "moved", "ann", JUDGED, until
        )
        verdict = evaluate(
            many(), *contents, judged_at=JUDGED, contract_revision=1, waivers=[waiver]
        )
        assert verdict.check("p95_change").status == status


def test_what_depends_on_an_error_is_skipped_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check whose ground could not be evaluated says nothing, as after one that failed."""

    def broken(context: EvaluationContext) -> Measure:
        raise ZeroDivisionError

    fine = Check(
        100, "fine", "Fine", 2, lambda context: Measure(0, 1, "fine"), depends_on=("broken",)
    )
    monkeypatch.setattr(
        "estimates.gate.policy.CHECKS", [Check(99, "broken", "", 2, broken, depends_on=()), fine]
    )
    verdict = Setting().evaluate()
    assert (verdict.check("broken").status, verdict.check("fine").reason) == (
        "error",
        "depends_on: broken",
    )
