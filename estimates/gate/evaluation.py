"""The machinery: run every check of the registry over one case, give each a status, add up the
verdict.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
import polars as pl

from estimates.accuracy.actuals import Actuals, digest
from estimates.catalog.records import Waiver
from estimates.contract.contract import Contract
from estimates.contract.gate_policy import GroupLimits, Side
from estimates.errors import EstimatesError
from estimates.gate import active_waivers, custom_checks
from estimates.gate.candidate import Candidate
from estimates.gate.check import SLACK, Check, Limits, Measure, Skip
from estimates.gate.evaluation_context import Case
from estimates.gate.offender_table import Offenders
from estimates.gate.offenders import named
from estimates.gate.policy import checks_of, held_to, limits_of, policy_digest
from estimates.gate.production_history import Past
from estimates.gate.registry import CHECKS
from estimates.gate.verdict import (
    GATE_REVISION,
    OFFENDERS,
    STATUSES,
    Baseline,
    CheckResult,
    GroupResult,
    Outcome,
    Status,
    Verdict,
)

NEVER = datetime.min.replace(tzinfo=UTC)  # for checks that ask for no time
# A panic of polars is no Exception, and a check of the set's own may try to leave the program.
_WHATEVER = (Exception, pl.exceptions.PanicException, SystemExit)


def evaluate(
    contract: Contract,
    candidate: Candidate,
    baseline: Candidate | None,
    *,
    judged_at: datetime,
    contract_revision: int | None,
    baseline_reason: str | None = None,
    exceptions: Sequence[Waiver] = (),
    past: Past | None = None,
    actuals: Actuals | None = None,
    offenders: Offenders | None = None,
) -> Verdict:
    """Judge a candidate by a contract's policy; the same inputs give the same verdict, to the byte.

    baseline         the version production points to, if its shape is the same; else None
    judged_at        recorded, and the moment against which times are checked; the clock is not read
    baseline_reason  why there is no baseline: `first_version` (default), `in_production` or
                     `other_shape`
    exceptions       waivers of this content; those that are over at `judged_at` count for nothing
    past             what the set's promoted versions say; default: nothing is known of any
    actuals          what was observed, for the checks of stage 4
    offenders        takes every offender, of which the verdict names the first 100 of each check

    Never raises on bad data: a check that cannot be evaluated has the status `error`, which blocks.
    """
    checks = checks_of(contract)
    policy = {check.name: limits_of(check, contract) for check in checks}
    case = Case(contract, candidate, baseline, judged_at.astimezone(UTC), policy, past, actuals)
    held = active_waivers.in_force(exceptions, case.judged_at)
    case.waivers, case.checks = held, {check.name: check for check in checks}
    results: dict[str, CheckResult] = {}
    if offenders is not None:
        offenders.begin(contract)
    for check in checks:
        limits = policy[check.name]
        reason = _skip_reason(check, limits, case, baseline_reason or "first_version", results)
        found, measures = (
            _skipped(check, limits, reason) if reason else _evaluated(check, limits, case)
        )
        results[check.name] = _waived(check, found, case, held)
        if offenders is not None:
            offenders.add(results[check.name], measures)
    found = list(results.values())
    outcome = _outcome(found)
    return Verdict(
        set=contract.name,
        version=candidate.version,
        snapshot_id=candidate.snapshot_id,
        baseline=None if baseline is None else Baseline(baseline.version, baseline.snapshot_id),
        policy=policy_digest(contract),
        waivers=active_waivers.digest(held),
        judged_at=case.judged_at,
        code=GATE_REVISION,
        contract_revision=contract_revision,
        outcome=outcome,
        blocks=outcome in ("fail", "error"),
        counts={status: sum(result.status == status for result in found) for status in STATUSES},
        checks=found,
        actuals=None if actuals is None else digest(actuals.rows),
        functions=custom_checks.revisions(contract),
        in_force=held,
    )


def find(name: str) -> Check:
    """A check of the registry by name; KeyError for an unknown one."""
    for check in CHECKS:
        if check.name == name:
            return check
    raise KeyError(name)


def measure(
    check: Check,
    contract: Contract,
    candidate: Candidate,
    baseline: Candidate | None,
    *,
    actuals: Actuals | None = None,
) -> CheckResult:
    """What one check alone says, by the limits in force; nothing is asked about what it depends on."""
    limits = limits_of(check, contract)
    case = Case(contract, candidate, baseline, NEVER, {check.name: limits}, actuals=actuals)
    return _evaluated(check, limits, case)[0]


def within(value: float, limit: float, worse: Side = "above") -> bool:
    """Whether a value keeps a limit, inclusive with a relative slack of 1e-12; NaN keeps none."""
    slack = SLACK * abs(limit)
    return value <= limit + slack if worse == "above" else value >= limit - slack


def _skip_reason(
    check: Check, limits: Limits, case: Case, baseline_reason: str, results: dict[str, CheckResult]
) -> str | None:
    """Why a check is not run at all; a reason passes on through everything that depends on it."""
    if limits.off is not None:
        return f"off: {limits.off}"
    for name in check.needs:
        needed = results.get(name)
        if needed is None:  # a registry without it
            continue
        if needed.reason is not None and needed.reason.startswith("depends_on: "):
            return needed.reason
        # waived or off, it still says nothing of what it stands for
        if needed.status in ("fail", "error", "waived") or (needed.reason or "").startswith(
            "off: "
        ):
            return f"depends_on: {name}"
    if check.stage == 3 and case.baseline is None:
        return baseline_reason
    if check.stage == 4 and check.number != _WAIVERS and case.actuals is None:
        return "no_actuals"
    if check.name in _AGAINST_BASELINE and case.baseline is None:
        return baseline_reason
    return None


# with the measures whose offenders are the result's, in their order
Found = tuple[CheckResult, list[Measure]]


def _evaluated(check: Check, limits: Limits, case: Case) -> Found:
    """What the check finds; with limits of groups, in each of them and in all other keys, and the
    worst counts.
    """
    if not limits.groups:
        return _measured(check, limits, case)
    try:
        named = {column: list(values) for column, values in limits.groups.items()}
        rest = case.outside(named)
        found = [(None, None, _measured(check, limits, rest))] if _keys(rest) else []
        parts = [
            (column, value, _measured(check, _of_group(limits, own), case.group(column, value)))
            for column, values in limits.groups.items()
            for value, own in values.items()
        ]
    except _WHATEVER as error:
        return _error(check, limits, f"could not be evaluated: {_first_line(error)}")
    return _worst([*found, *parts])


def _nothing(check: Check, part: Case) -> str | None:
    """Why a part is held to nothing: that keys are new or gone is for the checks of keys to say."""
    if not _keys(part):
        return "no_keys"
    return (
        "no_comparable_keys"
        if "comparable" in check.needs and not part.report.keys.common
        else None
    )


def _keys(part: Case) -> bool:
    """Whether a part has keys: what a version left out altogether is a part too."""
    missed = part.domain is not None and part.domain.height
    return bool(part.frame.height or missed or (part.baseline is not None and part.before.height))


def _worst(parts: Sequence[tuple[str | None, str | None, Found]]) -> Found:
    """The numbers of the worst part, and the offenders of all that do not keep their own limits,
    its own first.

    Where every part keeps them, those of all, as of a check without groups that passes.
    """
    ranked = sorted(parts, key=lambda part: -_SEVERITY.index(part[2][0].status))
    column, value, (worst, _) = ranked[0]
    groups = [
        GroupResult(
            by,
            name,
            one.status,
            one.value,
            one.warn,
            one.block,
            one.n,
            one.message or one.reason or "",
        )
        for by, name, (one, _) in parts
    ]
    message = worst.message if column is None else f"{column} {value}: {worst.message}"
    wrong = [found for _, _, found in ranked if found[0].status not in ("pass", "skipped")]
    told = wrong or [part[2] for part in ranked]
    result = msgspec.structs.replace(
        worst,
        message=message,
        offending=sum(one.offending for one, _ in told),
        offenders=[offender for one, _ in told for offender in one.offenders][:OFFENDERS],
        groups=groups,
    )
    return result, [measure for _, measures in told for measure in measures]


def _of_group(limits: Limits, own: GroupLimits) -> Limits:
    return msgspec.structs.replace(limits, warn=own.warn, block=own.block, groups={})


def _measured(check: Check, limits: Limits, case: Case) -> Found:
    case.limits[check.name] = limits  # a group is held to its own, also key by key
    try:
        reason = _nothing(check, case) if case.is_part else None
        found = check.measure(case) if reason is None else Skip(reason)
        if isinstance(found, Skip):
            return _skipped(check, limits, found.reason)
        offenders = [*found.offenders, *named(found.lots, OFFENDERS)][:OFFENDERS]
    # Whatever goes wrong in a check must end in a verdict that blocks.
    except _WHATEVER as error:
        return _error(check, limits, f"could not be evaluated: {_first_line(error)}")
    if not math.isfinite(found.value):
        return _error(
            check, limits, f"could not be evaluated: its value is {found.value}; {found.message}"
        )
    limits = _filled(limits, found, check)
    result = _result(check, limits, _status(found, limits, check), found, message=found.message)
    return msgspec.structs.replace(result, offending=found.offending, offenders=offenders), [found]


def _filled(limits: Limits, found: Measure, check: Check) -> Limits:
    """Limits that the measure itself gives, where neither contract nor profile does."""
    if limits.severity == "report" or (found.warn is None and found.block is None):
        return limits
    warn = found.warn if limits.warn is None else limits.warn
    block = found.block if limits.block is None else limits.block
    warn, block = held_to(limits.severity, warn, block, check.worse)
    return msgspec.structs.replace(limits, warn=warn, block=block)


def _waived(check: Check, found: CheckResult, case: Case, held: Sequence[Waiver]) -> CheckResult:
    """`waived` for what would block, where waivers let it through: as a whole, or without the keys
    that they name.
    """
    if found.status not in ("fail", "error"):
        return found
    mine = [
        waiver
        for waiver in held
        if waiver.check == check.name and active_waivers.fault(waiver, case) is None
    ]
    whole = [waiver.id for waiver in mine if waiver.keys is None]
    if whole:
        return msgspec.structs.replace(found, status="waived", waived_by=whole)
    keys = [key for waiver in mine for key in waiver.keys or ()]
    if not keys or not check.by_key:
        return found
    try:
        others = case.part(active_waivers.rows(keys, case), inside=False)
    except _WHATEVER as error:
        return msgspec.structs.replace(
            found, message=f"{found.message}; waived keys cannot be left out: {_first_line(error)}"
        )
    rest, _ = _evaluated(check, case.limits[check.name], others)
    if rest.status in ("fail", "error"):
        return msgspec.structs.replace(
            found, message=f"{found.message}; without the waived keys: {rest.message}"
        )
    return msgspec.structs.replace(found, status="waived", waived_by=[waiver.id for waiver in mine])


def _status(found: Measure, limits: Limits, check: Check) -> Status:
    if limits.block is not None and not within(found.value, limits.block, check.worse):
        return "fail"
    if limits.warn is not None and not within(found.value, limits.warn, check.worse):
        return "warn"
    return "pass"


def _skipped(check: Check, limits: Limits, reason: str) -> Found:
    return _result(check, limits, "skipped", reason=reason), []


def _error(check: Check, limits: Limits, message: str) -> Found:
    return _result(check, limits, "error", message=message), []


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
    )


def _float(value: float | None) -> float | None:
    """Always a float: as an integer it would be other bytes than after a round trip through JSON."""
    return None if value is None else float(value)


def _first_line(error: BaseException) -> str:
    """What went wrong; anything but our own errors with its type, for whoever has to find it."""
    text = str(error).strip().splitlines()[:1]
    kind = [] if isinstance(error, EstimatesError) else [type(error).__name__]
    return ": ".join([*kind, *text])[:500]


# From the best to the worst, for the worst of several groups.
_SEVERITY: tuple[Status, ...] = ("skipped", "pass", "waived", "warn", "fail", "error")
_WAIVERS = 42  # stands in stage 4 and needs no actual values
# Checks of stage 4 that compare losses.
_AGAINST_BASELINE = ("accuracy_loss", "excess_churn", "diebold_mariano")


def _outcome(checks: list[CheckResult]) -> Outcome:
    found = {result.status for result in checks}
    order: tuple[Outcome, ...] = ("error", "fail", "warn")
    return next((outcome for outcome in order if outcome in found), "pass")
