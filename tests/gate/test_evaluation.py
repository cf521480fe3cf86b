"""Evaluating a candidate: statuses, skips, errors, the verdict, and known ways to go wrong."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import msgspec
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.catalog.records import Waiver
from estimates.gate.candidate import Candidate
from estimates.gate.check import Check, Measure, Skip
from estimates.gate.evaluation import evaluate
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.limits import within
from estimates.gate.registry import CHECKS
from estimates.gate.verdict import STATUSES, parse_json, render_json
from tests.gate.cases import (
    JUDGED,
    THROUGH,
    Setting,
    clean_verdict,
    contract,
    file,
    frame,
    off_by_ten,
    provenance,
    simple,
    stored,
    wider,
)


def test_the_first_version_skips_by_name() -> None:
    """Without a baseline every cross-version check is skipped as `first_version`, and the rest is
    judged.
    """
    verdict = Setting(baseline=None).evaluate()
    stage3 = [c for c in verdict.checks if c.stage == 3]
    assert stage3
    assert {(c.status, c.reason) for c in stage3} == {("skipped", "first_version")}
    assert verdict.baseline is None
    assert verdict.outcome == "pass"


def test_another_shape_is_not_compared() -> None:
    """A baseline of another shape is no baseline, and the record says so."""
    verdict = Setting(baseline=None, baseline_reason="other_shape").evaluate()
    assert {c.reason for c in verdict.checks if c.stage == 3} == {"other_shape"}


@pytest.mark.parametrize(
    ("fault", "root"),
    [("manifest", "manifest"), ("content", "content_digest"), ("parquet", "readable")],
)
def test_a_fault_of_the_store_skips_what_depends_on_it(fault: str, root: str) -> None:
    """A damaged version fails where the damage is; everything about its rows is skipped and names
    that check.
    """
    verdict = Setting(candidate={"faults": {fault: "damaged"}}).evaluate()
    assert [c.name for c in verdict.failing()] == [root]
    assert {c.reason for c in verdict.checks if c.name in ("keys", "nan", "p95_change")} == {
        f"depends_on: {root}"
    }
    assert verdict.check("lineage").status == "pass"


def test_a_missing_column_fails_the_schema_check_and_skips_the_rest_by_name() -> None:
    """One check fails; those over rows say that they depend on it, those about lineage and time are
    judged.
    """
    verdict = file(frame().drop("close")).evaluate()
    assert [c.name for c in verdict.failing()] == ["schema"]
    rows = [
        c
        for c in verdict.checks
        if c.number >= 8 and c.name not in ("times", "freshness", "submission_window", "waivers")
    ]
    assert {c.reason for c in rows} == {"depends_on: schema"}


def test_an_empty_candidate_has_a_defined_verdict() -> None:
    """No rows: `not_empty` fails, what is about rows is skipped, nothing divides by zero."""
    for empty in (
        Setting(frame=frame().clear()),
        file(frame().clear()),
        file(frame().clear().select(pl.all())),
    ):
        verdict = empty.evaluate()
        assert verdict.outcome == "fail"
        assert [c.name for c in verdict.failing()] == ["not_empty"]
        assert verdict.check("domain_missing").reason == "depends_on: not_empty"
        assert verdict.counts["error"] == 0


def test_a_single_row_has_a_defined_verdict() -> None:
    """One key is neither constant nor a duplicate of another."""
    single = pl.DataFrame({"k": ["a"], "v": [1.0]})
    verdict = Setting(simple(), single, single.with_columns(v=pl.lit(1.01))).evaluate()
    assert verdict.outcome == "pass"
    assert verdict.check("constant_column").reason == "fewer_than_2_keys"


@pytest.mark.parametrize(
    ("columns", "old", "new"),
    [
        (
            'role = "label"\nlabels = ["yes", "no"]',
            ["yes", "no"] * 20,
            ["yes", "yes"] + ["yes", "no"] * 19,
        ),
        ('type = "integer"\nmin = 0', [*range(10, 410, 10)], [11, *range(20, 410, 10)]),
        ('role = "label"\ntype = "boolean"', [True, False] * 20, [True, True] + [True, False] * 19),
        ('role = "label"\ntype = "integer"', [1, 2, 3, 1] * 10, [1, 2, 2, 1] + [1, 2, 3, 1] * 9),
    ],
)
def test_a_set_without_floats_is_judged(columns: str, old: list[object], new: list[object]) -> None:
    """Labels alone or whole numbers alone pass every check that applies, stored or as a file, first
    version or not.
    """
    of = simple(columns)
    before, now = (
        pl.DataFrame({"k": [f"{i:02}" for i in range(40)], "v": values}) for values in (old, new)
    )
    for baseline in (before, None):
        for verdict in (
            Setting(of, now, baseline).evaluate(),
            Setting(of, now, baseline, file=True).evaluate(),
        ):
            assert (verdict.outcome, verdict.counts["error"]) == ("pass", 0)
            assert verdict.check("nan").reason == verdict.check("infinite").reason == "no_floats"


def test_an_empty_baseline_cannot_be_compared_with() -> None:
    """Nothing in common with the baseline blocks, once, and what compares keys says that it depends
    on that.
    """
    verdict = Setting(baseline=frame().clear()).evaluate()
    assert (verdict.check("comparable").status, verdict.check("comparable").value) == ("fail", 0)
    assert verdict.check("p95_change").reason == "depends_on: comparable"
    assert {check.name for check in verdict.failing()} == {"comparable", "added_keys"}
    assert verdict.blocks


def test_one_waiver_lets_through_what_nothing_can_be_compared_with() -> None:
    """A rolling set whose production grew too old is taken up again by one decision, not by one for
    each check.
    """
    waiver = Waiver(
        3,
        "prices",
        2,
        "snapshot-2",
        "comparable",
        None,
        "looked at",
        "ann",
        THROUGH,
        JUDGED + timedelta(1),
    )
    later = frame(1.001).with_columns(pl.col("target_date").dt.offset_by("10d"))
    targets = tuple(day.isoformat() for day in later["target_date"].unique().sort())
    through = THROUGH + timedelta(days=10)
    candidate = stored(
        later,
        contract(),
        provenance=provenance(data_through=through, targets=targets),
        published_at=through + timedelta(hours=1),
    )
    fields = {"judged_at": through + timedelta(hours=1), "contract_revision": 1}
    old = evaluate(contract(), candidate, stored(frame(), contract(), version=1), **fields)
    assert [check.name for check in old.failing()] == ["comparable"]
    assert "25 keys of the baseline have elapsed" in old.check("comparable").message
    waiver = msgspec.structs.replace(waiver, until=through + timedelta(days=1))
    again = evaluate(
        contract(), candidate, stored(frame(), contract(), version=1), waivers=[waiver], **fields
    )
    assert (again.blocks, again.check("comparable").status) == (False, "waived")
    assert again.check("p95_change").reason == "depends_on: comparable"


def test_a_waived_limit_of_ones_own_skips_what_needs_it() -> None:
    """Also where the default limit is kept: the waiver says that the comparison means nothing."""
    strict = contract(more="[gate.checks.comparable]\nwarn = 1000\nblock = 1000\n")
    until = JUDGED + timedelta(1)
    waiver = Waiver(
        3, "prices", 2, "snapshot-2", "comparable", None, "looked at", "ann", THROUGH, until
    )
    old, new = stored(frame(), strict, version=1), stored(frame(1.001), strict)
    fields = {"judged_at": JUDGED, "contract_revision": 1}
    verdict = evaluate(strict, new, old, waivers=[waiver], **fields)
    assert verdict.check("comparable").status == "waived"
    assert verdict.check("p95_change").reason == "depends_on: comparable"


def test_nothing_changed_passes_at_a_limit_of_zero() -> None:
    """A threshold of 0 with 0 changes passes."""
    checks = ("removed_keys", "added_keys", "p95_change", "sign_flips")
    strict = contract(
        more="".join(f"[gate.checks.{name}]\nwarn = 0\nblock = 0\n" for name in checks)
    )
    verdict = Setting(strict, frame(), frame()).evaluate()
    for name in checks:
        result = verdict.check(name)
        assert (result.value, result.warn, result.block, result.status) == (0, 0, 0, "pass")


def test_a_change_at_a_limit_of_zero_fails() -> None:
    """A threshold of 0 lets nothing through."""
    strict = contract(more="[gate.checks.p95_change]\nwarn = 0\nblock = 0\n")
    assert Setting(strict, frame(1.0000001)).evaluate().check("p95_change").status == "fail"


@given(st.floats(), st.floats(allow_nan=False, allow_infinity=False))
def test_a_value_keeps_its_limit_inclusively_and_nan_keeps_none(value: float, limit: float) -> None:
    """`within` agrees with <= and >= but for the last bits; NaN is never within."""
    above, below = within(value, limit), within(value, limit, "below")
    if value != value:
        assert not above
        assert not below
    else:
        assert above or value > limit
        assert below or value < limit
        assert above or below
    assert within(limit, limit)
    assert within(limit, limit, "below")


def test_limits_have_a_relative_slack_of_the_last_bits() -> None:
    """A value that exceeds its limit by rounding alone passes; one that exceeds it by 1e-9 does
    not.
    """
    assert within(0.1 + 0.2, 0.3)
    assert not within(0.3 * (1 + 1e-9), 0.3)
    assert within(-0.1 - 0.2, -0.3, "below")
    assert not within(-0.3 * (1 + 1e-9), -0.3, "below")


def result_of(monkeypatch: pytest.MonkeyPatch, measure: object, **fields: object):
    """The result of one check of our own, the only one of the registry."""
    check = Check(99, "own", "Own", 2, measure, depends_on=(), **({"block": 1.0} | fields))
    monkeypatch.setattr("estimates.gate.policy.CHECKS", [check])
    return Setting().evaluate()


def test_an_exception_in_a_check_is_an_error_that_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that cannot be evaluated blocks, says why, and crashes nothing."""

    def broken(context: EvaluationContext) -> Measure:
        raise ZeroDivisionError("division by zero\nin some frame")

    verdict = result_of(monkeypatch, broken)
    assert (verdict.outcome, verdict.blocks) == ("error", True)
    assert (
        verdict.check("own").message
        == "could not be evaluated: ZeroDivisionError: division by zero"
    )
    assert verdict.check("own").block == 1


def test_a_panic_of_polars_is_an_error_that_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A panic, which no `except Exception` catches, ends in a verdict too."""

    def panics(context: EvaluationContext) -> Measure:
        raise pl.exceptions.PanicException("attempt to multiply with overflow")

    verdict = result_of(monkeypatch, panics)
    assert (verdict.outcome, verdict.blocks) == ("error", True)
    assert (
        verdict.check("own").message
        == "could not be evaluated: PanicException: attempt to multiply with overflow"
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_value_that_is_no_number_is_an_error(
    monkeypatch: pytest.MonkeyPatch, value: float
) -> None:
    """NaN and infinities are results of nothing; they block, whatever the limits, even without
    one.
    """
    verdict = result_of(monkeypatch, lambda context: Measure(value, 1, "strange"), block=None)
    assert verdict.check("own").status == "error"
    assert verdict.blocks
    assert parse_json(render_json(verdict)) == verdict


def test_a_check_may_have_no_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without limits the value is reported and passes."""
    verdict = result_of(monkeypatch, lambda context: Measure(1e9, 1, "large"), block=None)
    assert (verdict.check("own").status, verdict.check("own").value) == ("pass", 1e9)


def test_a_check_may_say_that_it_does_not_apply(monkeypatch: pytest.MonkeyPatch) -> None:
    """A skip has a reason and blocks nothing."""

    def does_not_apply(context: EvaluationContext) -> Measure:
        raise Skip("no_actuals")

    verdict = result_of(monkeypatch, does_not_apply)
    assert (verdict.check("own").status, verdict.check("own").reason) == ("skipped", "no_actuals")
    assert verdict.outcome == "pass"


def test_a_damaged_baseline_is_an_error() -> None:
    """When the baseline cannot be read, nobody knows what changed: the checks against it block."""
    damaged = stored(frame(), contract(), version=1, faults={"content": "sha256 differs"})
    verdict = evaluate(
        contract(), stored(frame(1.001), contract()), damaged, judged_at=JUDGED, contract_revision=1
    )
    assert {c.name for c in verdict.failing()} == {"comparable", "removed_keys", "added_keys"}
    assert {c.status for c in verdict.failing()} == {"error"}
    assert "sha256 differs" in verdict.check("comparable").message
    assert verdict.blocks


def test_one_diff_serves_all_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stability report is computed once a judgement, and not at all for a first version."""
    from estimates.stability.diff import report_of

    calls: list[object] = []

    def counted(pair: object, **fields: object) -> object:
        calls.append(fields)
        return report_of(pair, **fields)

    monkeypatch.setattr("estimates.stability.diff.report_of", counted)
    Setting().evaluate()
    assert len(calls) == 1
    Setting(baseline=None).evaluate()
    assert len(calls) == 1


def test_the_same_inputs_give_the_same_bytes() -> None:
    """Rows in another order, judged again: the verdict is equal to the byte."""
    bad = off_by_ten(3)
    first = render_json(file(bad).evaluate())
    assert render_json(file(bad.sample(fraction=1, shuffle=True, seed=3)).evaluate()) == first
    assert render_json(file(bad.select(reversed(bad.columns))).evaluate()) == first


def test_judged_at_is_recorded_in_utc() -> None:
    """The moment of judgement is an input; the same moment in another zone gives the same bytes."""
    elsewhere = JUDGED.astimezone(timezone(timedelta(hours=9)))
    assert render_json(Setting(judged_at=elsewhere).evaluate()) == render_json(clean_verdict())
    assert clean_verdict().judged_at == JUDGED


def test_a_verdict_is_bound_to_what_was_judged() -> None:
    """Version, content, baseline, policy and contract revision stand in the verdict."""
    verdict = clean_verdict()
    assert (verdict.set, verdict.version, verdict.snapshot_id) == ("prices", 2, "snapshot-2")
    assert verdict.baseline is not None
    assert (verdict.baseline.version, verdict.baseline.snapshot_id) == (1, "snapshot-1")
    assert verdict.contract_revision == 1
    assert len(verdict.policy) == len(verdict.waivers) == 64


def test_counts_add_up_and_name_every_status() -> None:
    """Every status is counted, zero included, and the counts sum to the number of checks."""
    verdict = Setting(frame=off_by_ten(3).slice(1)).evaluate()
    assert tuple(verdict.counts) == STATUSES
    assert sum(verdict.counts.values()) == len(verdict.checks) == len(CHECKS)


def test_the_worst_status_is_the_outcome() -> None:
    """A warning alone does not block; a failure beside it does; an error is worse than both."""
    warned = file(wider()).evaluate()
    failed = file(wider().slice(1)).evaluate()
    assert (warned.outcome, warned.blocks) == ("warn", False)
    assert (failed.outcome, failed.blocks) == ("fail", True)
    lost = Setting(
        frame=wider().slice(1), candidate={"provenance": provenance(targets=())}
    ).evaluate()
    assert (lost.outcome, lost.blocks) == ("error", True)


def test_a_file_without_anything_is_judged() -> None:
    """No frame, no provenance: a verdict that blocks, not a crash."""
    verdict = evaluate(
        contract(), Candidate(None, None, None), None, judged_at=JUDGED, contract_revision=None
    )
    assert verdict.blocks
    assert [c.name for c in verdict.failing()] == ["readable", "lineage"]
    assert verdict.check("times").reason == "depends_on: lineage"


def test_the_clock_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A judgement works where there is no clock."""

    def no_clock() -> datetime:
        raise AssertionError("the clock was read")

    monkeypatch.setattr("estimates.instants.now", no_clock)
    assert Setting().evaluate().outcome == "pass"
