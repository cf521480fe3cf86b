"""What one check says where groups of keys have limits of their own: the worst part counts."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from estimates.contract.gate_policy import GroupLimits
from estimates.gate.check import Check
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.limits import CheckLimits
from estimates.gate.single_result import (
    ANY_FAILURE,
    MeasuredResult,
    failed,
    has_keys,
    single_result,
)
from estimates.gate.verdict import OFFENDERS, GroupResult, Status

# From the best to the worst, for the worst of several groups.
_SEVERITY: tuple[Status, ...] = ("skipped", "pass", "waived", "warn", "fail", "error")


class _Part(NamedTuple):
    """The keys of one group, or (column None) all others, and what the check says of them."""

    column: str | None
    group: str | None
    measured: MeasuredResult


def check_result(check: Check, limits: CheckLimits, context: EvaluationContext) -> MeasuredResult:
    """What a check says of all keys; with limits of groups, of each of them and of all others."""
    if not limits.groups:
        return single_result(check, limits, context)
    try:
        parts = _parts(check, limits, context)
    except ANY_FAILURE as error:
        return failed(check, limits, error)
    return _worst(parts)


def _parts(check: Check, limits: CheckLimits, context: EvaluationContext) -> list[_Part]:
    groups = {column: list(values) for column, values in limits.groups.items()}
    others = context.outside_groups(groups)
    parts: list[_Part] = []
    if has_keys(others):
        parts.append(_Part(None, None, single_result(check, limits, others)))
    for column, values in limits.groups.items():
        for value, own in values.items():
            subset = context.group(column, value)
            measured = single_result(check, _limits_of_group(limits, own), subset)
            parts.append(_Part(column, value, measured))
    return parts


def _limits_of_group(limits: CheckLimits, own: GroupLimits) -> CheckLimits:
    return msgspec.structs.replace(
        limits, warn=own.warn, block=own.block, groups={}, usual=msgspec.UNSET
    )


def _worst(parts: Sequence[_Part]) -> MeasuredResult:
    """The numbers of the worst part, and the offenders of all that do not keep their own limits,
    its own first.

    Where every part keeps them, those of all, as of a check without groups that passes.
    """
    ranked = sorted(parts, key=lambda part: -_SEVERITY.index(part.measured.result.status))
    worst = ranked[0]
    breaking = [part for part in ranked if part.measured.result.status not in ("pass", "skipped")]
    counted = [part.measured for part in breaking or ranked]
    message = worst.measured.result.message
    if worst.column is not None:
        message = f"{worst.column} {worst.group}: {message}"
    offenders = [offender for part in counted for offender in part.result.offenders]
    result = msgspec.structs.replace(
        worst.measured.result,
        message=message,
        offending=sum(part.result.offending for part in counted),
        offenders=offenders[:OFFENDERS],
        groups=[_group_result(part) for part in parts],
    )
    return MeasuredResult(result, [measure for part in counted for measure in part.measures])


def _group_result(part: _Part) -> GroupResult:
    result = part.measured.result
    return GroupResult(
        part.column,
        part.group,
        result.status,
        result.value,
        result.warn,
        result.block,
        result.n,
        result.message or result.reason or "",
    )
