"""The machinery: run every check of the registry over one case, give each a status, add up the verdict."""

from __future__ import annotations

import hashlib
import math
from datetime import UTC, datetime
from typing import Literal

import polars as pl

import estimates
from estimates.contract import Contract
from estimates.errors import EstimatesError
from estimates.gate.candidate import Candidate
from estimates.gate.case import Case, Check, Limits, Measure, Skip
from estimates.gate.policy import limits_of, policy_digest
from estimates.gate.registry import CHECKS
from estimates.gate.verdict import OFFENDERS, STATUSES, Baseline, CheckResult, Outcome, Status, Verdict

SLACK = 1e-12  # relative; a value that differs from its limit by rounding alone is at its limit
NO_WAIVERS = hashlib.sha256(b"[]").hexdigest()


def judge(
    contract: Contract,
    candidate: Candidate,
    baseline: Candidate | None,
    *,
    judged_at: datetime,
    contract_revision: int | None,
    baseline_reason: str | None = None,
) -> Verdict:
    """Judge a candidate by a contract's policy; the same inputs give the same verdict, to the byte.

    baseline         the version production points to, if its shape is the same; else None
    judged_at        recorded, and the moment against which times are checked; the clock is not read
    baseline_reason  why there is no baseline: `first_version` (default) or `other_shape`

    Never raises on bad data: a check that cannot be evaluated has the status `error`, which blocks.
    """
    policy = {check.name: limits_of(check, contract) for check in CHECKS}
    case = Case(contract, candidate, baseline, judged_at.astimezone(UTC), policy)
    results: dict[str, CheckResult] = {}
    for check in CHECKS:
        limits = policy[check.name]
        reason = _skip_reason(check, limits, case, baseline_reason or "first_version", results)
        results[check.name] = _skipped(check, limits, reason) if reason else _evaluate(check, limits, case)
    checks = list(results.values())
    outcome = _outcome(checks)
    return Verdict(
        set=contract.name,
        version=candidate.version,
        snapshot_id=candidate.snapshot_id,
        baseline=None if baseline is None else Baseline(baseline.version, baseline.snapshot_id),
        policy=policy_digest(contract),
        waivers=NO_WAIVERS,
        judged_at=case.judged_at,
        code=estimates.__version__,
        contract_revision=contract_revision,
        outcome=outcome,
        blocks=outcome in ("fail", "error"),
        counts={status: sum(result.status == status for result in checks) for status in STATUSES},
        checks=checks,
    )


def within(value: float, limit: float, worse: Literal["above", "below"] = "above") -> bool:
    """Whether a value keeps a limit, inclusive with a relative slack of 1e-12; NaN keeps none."""
    slack = SLACK * abs(limit)
    return value <= limit + slack if worse == "above" else value >= limit - slack


def _skip_reason(
    check: Check, limits: Limits, case: Case, baseline_reason: str, results: dict[str, CheckResult]
) -> str | None:
    """Why a check is not run at all; a reason passes on through everything that depends on it."""
    if limits.off is not None:
        return f"off: {limits.off}"
    for name in check.depends_on:
        needed = results[name]
        if needed.status in ("fail", "error"):
            return f"depends_on: {name}"
        if needed.reason is not None and needed.reason.startswith("depends_on: "):
            return needed.reason
    if check.stage == 3 and case.baseline is None:
        return baseline_reason
    return None


def _evaluate(check: Check, limits: Limits, case: Case) -> CheckResult:
    try:
        found = check.measure(case)
    # Whatever goes wrong in a check must end in a verdict that blocks; a panic of polars is no Exception.
    except (Exception, pl.exceptions.PanicException) as error:
        return _error(check, limits, f"could not be evaluated: {_first_line(error)}")
    if isinstance(found, Skip):
        return _skipped(check, limits, found.reason)
    if not math.isfinite(found.value):
        return _error(check, limits, f"could not be evaluated: its value is {found.value}; {found.message}")
    return _result(check, limits, _status(found, limits, check), found, message=found.message)


def _status(found: Measure, limits: Limits, check: Check) -> Status:
    if limits.block is not None and not within(found.value, limits.block, check.worse):
        return "fail"
    if limits.warn is not None and not within(found.value, limits.warn, check.worse):
        return "warn"
    return "pass"


def _skipped(check: Check, limits: Limits, reason: str) -> CheckResult:
    return _result(check, limits, "skipped", reason=reason)


def _error(check: Check, limits: Limits, message: str) -> CheckResult:
    return _result(check, limits, "error", message=message)


def _result(
    check: Check,
    limits: Limits,
    status: Status,
    found: Measure | None = None,
    *,
    reason: str | None = None,
    message: str = "",
) -> CheckResult:
    return CheckResult(
        number=check.number,
        name=check.name,
        stage=check.stage,
        title=check.title,
        status=status,
        unit=check.unit,
        value=_float(found.value) if found else None,
        warn=_float(limits.warn),
        block=_float(limits.block),
        worse=check.worse,
        n=found.n if found else None,
        coverage=found.coverage if found else None,
        reason=reason,
        message=message,
        offending=found.offending if found else 0,
        offenders=found.offenders[:OFFENDERS] if found else [],
    )


def _float(value: float | None) -> float | None:
    """Always a float: as an integer it would be other bytes than after a round trip through JSON."""
    return None if value is None else float(value)


def _first_line(error: BaseException) -> str:
    """What went wrong; anything but our own errors with its type, for whoever has to find it."""
    text = str(error).strip().splitlines()[:1]
    kind = [] if isinstance(error, EstimatesError) else [type(error).__name__]
    return ": ".join([*kind, *text])[:500]


def _outcome(checks: list[CheckResult]) -> Outcome:
    found = {result.status for result in checks}
    order: tuple[Outcome, ...] = ("error", "fail", "warn")
    return next((outcome for outcome in order if outcome in found), "pass")
