"""Evaluate one candidate: run every check, give each a status, add up the verdict."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from estimates.accuracy.actuals import Actuals, digest
from estimates.catalog.records import Waiver
from estimates.contract.contract import Contract
from estimates.gate.active_waivers import active_waivers, waiver_problem, waivers_digest
from estimates.gate.candidate import Candidate
from estimates.gate.check import Check
from estimates.gate.check_functions import code_digests, function_checks
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.exceptions import excepted, exceptions_of, reason_text
from estimates.gate.grouped_result import check_result
from estimates.gate.limits import CheckLimits, within
from estimates.gate.offender_table import Offenders
from estimates.gate.policy import checks_of, limits_of, policy_digest
from estimates.gate.production_history import ProductionHistory
from estimates.gate.registry import BY_NAME
from estimates.gate.shared_pair import SharedPair
from estimates.gate.single_result import skipped
from estimates.gate.verdict import (
    GATE_REVISION,
    STATUSES,
    Baseline,
    CheckResult,
    Outcome,
    Verdict,
)
from estimates.gate.waived_result import waived_result
from estimates.stability.report import Report

NEVER = datetime.min.replace(tzinfo=UTC)  # for checks that ask for no time


def evaluate(
    contract: Contract,
    candidate: Candidate,
    baseline: Candidate | None,
    *,
    judged_at: datetime,
    contract_revision: int | None,
    baseline_reason: str | None = None,
    waivers: Sequence[Waiver] = (),
    history: ProductionHistory | None = None,
    actuals: Actuals | None = None,
    offenders: Offenders | None = None,
    on_report: Callable[[Report], None] | None = None,
    shared: SharedPair | None = None,
    functions: bool = True,
) -> Verdict:
    """Judge a candidate by a contract's policy; the same inputs give the same verdict, to the byte.

    baseline         the version production points to, if its shape is the same; else None
    judged_at        recorded, and the moment against which times are checked; the clock is not read
    baseline_reason  why there is none: `first_version`, `other_shape`, … or of `fresh_start`
    waivers          those of this content; those that are over at `judged_at` count for nothing
    history          what the set's promoted versions say; default: nothing is known of any
    actuals          what was observed, for the checks of stage 4
    offenders        takes every offender, of which the verdict names the first 100 of each check
    on_report        called with the stability report where a check asked for it
    shared           both, where they share rows, which are read when a check needs them
    functions        False: no check that is a Python function is loaded; see `no_functions`

    Never raises on bad data: a check that cannot be evaluated has the status `error`, which blocks.
    """
    moment = judged_at.astimezone(UTC)
    checks, past = checks_of(contract), history or ProductionHistory()
    exceptions = exceptions_of(contract, candidate)
    policy = _limits(checks, excepted(contract, exceptions))
    inputs = contract, candidate, baseline, moment, policy, past, actuals
    context = EvaluationContext(*inputs, active_waivers(waivers, moment), shared=shared)
    left_out = [] if functions else function_checks(contract)
    results = _run(checks, context, baseline_reason or "first_version", offenders, left_out)
    _hand_over(context, on_report)
    outcome = _outcome(results)
    return Verdict(
        set=contract.name,
        version=candidate.version,
        snapshot_id=candidate.snapshot_id,
        baseline=None if baseline is None else Baseline(baseline.version, baseline.snapshot_id),
        policy=policy_digest(contract),
        waivers=waivers_digest(context.waivers),
        judged_at=moment,
        code=GATE_REVISION,
        contract_revision=contract_revision,
        outcome=outcome,
        blocks=outcome in ("fail", "error"),
        counts=_counts(results),
        checks=results,
        actuals=None if actuals is None else digest(actuals.rows),
        functions=code_digests(contract) if functions else {},
        in_force=list(context.waivers),
        exceptions=list(map(reason_text, exceptions)) or msgspec.UNSET,
    )


def _hand_over(context: EvaluationContext, on_report: Callable[[Report], None] | None) -> None:
    if on_report is not None and context.measured_report is not None:
        on_report(context.measured_report)


def measure_check(
    check: Check,
    contract: Contract,
    candidate: Candidate,
    baseline: Candidate | None,
    *,
    actuals: Actuals | None = None,
) -> CheckResult:
    """What a single check says, by the limits in force, whatever it depends on."""
    limits = limits_of(check, contract)
    context = EvaluationContext(
        contract, candidate, baseline, NEVER, {check.name: limits}, actuals=actuals
    )
    return check_result(check, limits, context).result


def _limits(checks: Sequence[Check], contract: Contract) -> dict[str, CheckLimits]:
    return {check.name: limits_of(check, contract) for check in checks}


def _waiver_problems(context: EvaluationContext, checks: Sequence[Check]) -> dict[int, str]:
    by_name = {check.name: check for check in checks}
    snapshot_id = context.candidate.snapshot_id
    problems = {
        waiver.id: waiver_problem(waiver, snapshot_id, context.contract, by_name)
        for waiver in context.waivers
    }
    return {number: problem for number, problem in problems.items() if problem is not None}


def _run(
    checks: Sequence[Check],
    context: EvaluationContext,
    baseline_reason: str,
    offenders: Offenders | None,
    left_out: Sequence[str],
) -> list[CheckResult]:
    """The results of all checks, in their order; those named last are not run."""
    context.waiver_problems = _waiver_problems(context, checks)
    results: dict[str, CheckResult] = {}
    if offenders is not None:
        offenders.begin(context.contract)
    for check in checks:
        limits = context.limits[check.name]
        reason = _skip_reason(check, limits, context, baseline_reason, results)
        if check.name in left_out:
            reason = reason or "no_functions"
        measured = (
            check_result(check, limits, context)
            if reason is None
            else skipped(check, limits, reason)
        )
        results[check.name] = waived_result(check, measured.result, context)
        if offenders is not None:
            offenders.add(results[check.name], measured.measures)
    return list(results.values())


def _skip_reason(
    check: Check,
    limits: CheckLimits,
    context: EvaluationContext,
    baseline_reason: str,
    results: Mapping[str, CheckResult],
) -> str | None:
    """Why a check is not run at all; a reason passes on through everything that depends on it."""
    if limits.off is not None:
        return f"off: {limits.off}"
    for name in check.needs:
        needed = results.get(name)
        if needed is None:  # a registry without it
            continue
        reason = needed.reason or ""
        if reason.startswith("depends_on: "):
            return reason
        # waived, off or allowed no more than to warn, it still says nothing of what it stands for
        if (
            needed.status in ("fail", "error", "waived")
            or reason.startswith("off: ")
            or _is_beyond_default(needed)
        ):
            return f"depends_on: {name}"
    if check.needs_actuals and context.actuals is None:
        return "no_actuals"
    if check.needs_baseline and context.baseline is None:
        return baseline_reason
    return None


def _is_beyond_default(result: CheckResult) -> bool:
    """Whether a check found what it blocks by default, whatever it may do in this set."""
    check = BY_NAME.get(result.name)
    block = None if check is None else check.block
    return (
        result.value is not None
        and block is not None
        and not within(result.value, block, result.worse)
    )


def _counts(results: Sequence[CheckResult]) -> dict[str, int]:
    return {status: sum(result.status == status for result in results) for status in STATUSES}


def _outcome(results: Sequence[CheckResult]) -> Outcome:
    statuses = {result.status for result in results}
    order: tuple[Outcome, ...] = ("error", "fail", "warn")
    return next((outcome for outcome in order if outcome in statuses), "pass")
