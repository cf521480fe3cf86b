"""What waivers make of a result that would block."""

from collections.abc import Sequence

import msgspec

from estimates.catalog.records import Waiver
from estimates.gate.active_waivers import key_rows
from estimates.gate.check import Check
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.grouped_result import check_result
from estimates.gate.single_result import ANY_FAILURE, first_line
from estimates.gate.verdict import CheckResult


def waived_result(check: Check, result: CheckResult, context: EvaluationContext) -> CheckResult:
    """`waived` where waivers let the check through: as a whole, or without the keys they name."""
    if result.status not in ("fail", "error"):
        return result
    waivers = [
        waiver
        for waiver in context.waivers
        if waiver.check == check.name and waiver.id not in context.waiver_problems
    ]
    whole = [waiver.id for waiver in waivers if waiver.keys is None]
    if whole:
        return msgspec.structs.replace(result, status="waived", waived_by=whole)
    keys = [key for waiver in waivers for key in waiver.keys or ()]
    if not keys or not check.by_key:
        return result
    return _without_keys(check, result, context, keys, waivers)


def _without_keys(
    check: Check,
    result: CheckResult,
    context: EvaluationContext,
    keys: Sequence[Sequence[str]],
    waivers: Sequence[Waiver],
) -> CheckResult:
    try:
        others = context.subset(key_rows(keys, context.contract), inside=False)
    except ANY_FAILURE as error:
        return _with_note(result, f"waived keys cannot be left out: {first_line(error)}")
    remaining = check_result(check, context.limits[check.name], others).result
    if remaining.status in ("fail", "error"):
        return _with_note(result, f"without the waived keys: {remaining.message}")
    ids = [waiver.id for waiver in waivers]
    return msgspec.structs.replace(result, status="waived", waived_by=ids)


def _with_note(result: CheckResult, note: str) -> CheckResult:
    return msgspec.structs.replace(result, message=f"{result.message}; {note}")
