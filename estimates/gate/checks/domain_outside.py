"""Check `domain_outside`: no row has a key outside a closed domain."""

from estimates.gate.broken_rules import whole_rows
from estimates.gate.check import Check, Measure, Skip
from estimates.gate.evaluation_context import EvaluationContext


def _keys_outside(context: EvaluationContext) -> Measure:
    domain, key = context.domain, context.key
    if domain is None:
        raise Skip("not_in_contract")
    outside = context.frame.select(key).join(domain, on=key, how="anti").sort(key)
    n = context.frame.height
    message = f"{outside.height} of {n} keys outside the domain"
    groups = [whole_rows(context, outside, "outside the domain")]
    return Measure(outside.height, n, message, offender_groups=groups)


CHECK = Check(
    number=16,
    name="domain_outside",
    title="No key outside the domain",
    stage=2,
    measure=_keys_outside,
    purpose="keys nobody asked for",
    metric="keys outside a closed domain",
    turned_on_by="which keys there must be, under [domain]",
    block=0,
    remedy='list these keys under [domain] in the contract, or write `kind = "open"` there',
)
