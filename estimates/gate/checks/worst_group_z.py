"""Check `worst_group_z`: no group of keys leaves its intervals."""

from estimates.gate.check import Check, Measure, Skip
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.from_report import HALF_WIDTH, common_keys, wide_intervals
from estimates.gate.verdict import Offender

_FEWEST_KEYS = 30  # of a group, below which nothing is expected of it
_MOVED = "of its points moved by more than a half width"


def _largest_share_of_a_group(context: EvaluationContext) -> Measure:
    """Groups are those of the contract's `stability.groups`."""
    contract = context.contract
    wide = {(ends.lower, ends.upper) for ends in wide_intervals(contract)}
    if not contract.stability.groups or not wide:
        raise Skip("not_in_contract")
    common_keys(context)
    groups = [
        (group.z_gt1_share, f"{by} {group.value}", interval)
        for interval in context.report.intervals
        if (interval.lower, interval.upper) in wide
        for by, values in interval.groups.items()
        for group in values
        if group.n >= _FEWEST_KEYS
    ]
    if not groups:
        raise Skip("fewer_than_30_keys")
    groups.sort(key=lambda item: (-item[0], item[1]))
    limit = context.limit("worst_group_z")
    offenders = [
        Offender(None, interval.point, f"{group}: {100 * share:.3g} % {_MOVED}")
        for share, group, interval in groups
        if share > limit
    ]
    value, group, worst = groups[0]
    points = f"{100 * value:.3g} % of the points of {worst.point}"
    message = f"in {group} {points} moved by more than a half width"
    return Measure(value, worst.n, message, worst.coverage, offenders)


CHECK = Check(
    number=37,
    name="worst_group_z",
    title="No group leaves its intervals",
    stage=3,
    measure=_largest_share_of_a_group,
    purpose="a group whose points leave their intervals unseen in the whole",
    metric="largest share of keys with z above 1 in a group of at least 30 keys",
    turned_on_by="groups under [stability]",
    source="stability.md I1",
    legend=HALF_WIDTH,
    unit="share",
    warn=0.20,
    by_key=False,
)
