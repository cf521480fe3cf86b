"""Check `waivers`: every waiver in force can count."""

from estimates.gate.check import Check, Measure
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.verdict import Offender


def _invalid_waivers(context: EvaluationContext) -> Measure:
    """Invalid is a waiver of other content, of a check that does not exist (any more) or that every
    version must pass; one that names keys that the contract cannot have, or names keys for a check
    that is not about single keys. One that is over counts for nothing and is none.
    """
    waivers, problems = context.waivers, context.waiver_problems
    offenders = [
        Offender(None, None, f"waiver {waiver.id} of {waiver.check}: {problems[waiver.id]}")
        for waiver in waivers
        if waiver.id in problems
    ]
    message = f"{len(waivers)} waivers in force"
    if offenders:
        message = f"{len(offenders)} waivers that cannot count"
    return Measure(len(offenders), len(waivers), message, offenders=offenders)


CHECK = Check(
    number=42,
    name="waivers",
    title="Waivers well-formed and in force",
    stage=4,
    measure=_invalid_waivers,
    purpose="exceptions that were never valid, or are not any more",
    metric="waivers that cannot count",
    block=0,
    waivable=False,
    depends_on=(),
    actuals=False,
    remedy="take the waiver back with `estimates unwaive`, or give one for this version with"
    " `estimates waive`",
)
