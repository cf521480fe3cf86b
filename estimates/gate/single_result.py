"""What one check says of one context: its measure, and the status that the limits give it."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import polars as pl

from estimates.errors import EstimatesError
from estimates.gate.check import Check, Measure, Skip
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.limits import CheckLimits, beside_usual, within
from estimates.gate.offenders import worst_offenders
from estimates.gate.policy import with_severity
from estimates.gate.verdict import OFFENDERS, CheckResult, Status
from estimates.redaction import keep_secrets, redacted
from estimates.settings import secret_values

# Whatever goes wrong in a check must end in a verdict that blocks. A panic of polars is no
# Exception, and a check of the set's own may try to leave the program.
ANY_FAILURE = (Exception, pl.exceptions.PanicException, SystemExit)


class MeasuredResult(NamedTuple):
    """A result, and the measures whose offenders it counts, in their order."""

    result: CheckResult
    measures: Sequence[Measure]


def single_result(check: Check, limits: CheckLimits, context: EvaluationContext) -> MeasuredResult:
    """Measure, compare with the limits, name the first offenders."""
    context.limits[check.name] = limits  # a group is held to its own, also key by key
    try:
        reason = _nothing_to_measure(check, context) if context.is_subset else None
        if reason is not None:
            raise Skip(reason)
        measure = check.measure(context)
        if check.least > 1 and measure.n < check.least:
            raise Skip(f"fewer_than_{check.least}_keys")
        named = worst_offenders(measure.offender_groups, OFFENDERS)
        offenders = [*measure.offenders, *named][:OFFENDERS]
    except Skip as skip:
        return skipped(check, limits, str(skip))
    except ANY_FAILURE as error:
        return failed(check, limits, error)
    if not math.isfinite(measure.value):
        message = f"its value is {measure.value}; {measure.message}"
        return _error(check, limits, message)
    limits = _with_measured_limits(limits, measure, check)
    status, message = _status(measure, limits, check), measure.message
    beside = None if limits.usual is msgspec.UNSET else beside_usual(measure.value, limits.usual)
    if beside is not None:
        fails = status == "fail" or limits.severity == "block"
        status = "fail" if fails else "warn"
        message = f"{message}; {beside} what is usual here"
    return _result(
        check,
        limits,
        status,
        [measure],
        value=float(measure.value),
        n=measure.n,
        coverage=measure.coverage or 0.0,
        message=message,
        offending=measure.offending,
        offenders=offenders,
    )


def skipped(check: Check, limits: CheckLimits, reason: str) -> MeasuredResult:
    """The result of a check that does not apply."""
    return _result(check, limits, "skipped", reason=reason)


def failed(check: Check, limits: CheckLimits, error: BaseException) -> MeasuredResult:
    """The result of a check that could not be evaluated."""
    return _error(check, limits, first_line(error))


def first_line(error: BaseException) -> str:
    """What went wrong, without secrets: verdicts are read by many; anything but our own errors with
    its type, for whoever has to find it.
    """
    keep_secrets(secret_values())
    text = redacted(str(error)).strip().splitlines()[:1]
    kind = [] if isinstance(error, EstimatesError) else [type(error).__name__]
    return ": ".join([*kind, *text])[:500]


def has_keys(context: EvaluationContext) -> bool:
    """Whether a subset has keys: what a version left out altogether counts too."""
    in_domain = context.domain is not None and context.domain.height
    in_baseline = context.baseline is not None and context.baseline_frame.height
    return bool(context.frame.height or in_domain or in_baseline)


def _nothing_to_measure(check: Check, subset: EvaluationContext) -> str | None:
    """Why a subset is skipped: new and removed keys are left to the checks of keys."""
    if not has_keys(subset):
        return "no_keys"
    if "comparable" in check.needs and not subset.report.keys.common:
        return "no_comparable_keys"
    return None


def _with_measured_limits(limits: CheckLimits, measure: Measure, check: Check) -> CheckLimits:
    """Limits that the measure itself gives, where neither contract nor profile does."""
    if limits.severity == "report" or (measure.warn is None and measure.block is None):
        return limits
    warn = measure.warn if limits.warn is None else limits.warn
    block = measure.block if limits.block is None else limits.block
    warn, block = with_severity(limits.severity, warn, block, check.worse)
    return msgspec.structs.replace(limits, warn=warn, block=block)


def _status(measure: Measure, limits: CheckLimits, check: Check) -> Status:
    if limits.block is not None and not within(measure.value, limits.block, check.worse):
        return "fail"
    if limits.warn is not None and not within(measure.value, limits.warn, check.worse):
        return "warn"
    return "pass"


def _error(check: Check, limits: CheckLimits, what: str) -> MeasuredResult:
    return _result(check, limits, "error", message=f"could not be evaluated: {what}")


def _result(
    check: Check, limits: CheckLimits, status: Status, measures: Sequence[Measure] = (), **more: Any
) -> MeasuredResult:
    result = CheckResult(
        number=check.number,
        name=check.name,
        stage=check.stage,
        title=check.title,
        status=status,
        unit=check.unit,
        warn=_float(limits.warn),
        block=_float(limits.block),
        worse=check.worse,
        usual=limits.usual,
        **more,
    )
    return MeasuredResult(result, measures)


def _float(value: float | None) -> float | None:
    """Always a float: an integer would be other bytes than after a round trip through JSON."""
    return None if value is None else float(value)
