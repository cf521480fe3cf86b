"""Check `worst_group_change`: no group of keys jumps."""

from estimates.gate.check import Check, Measure, Skip
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.from_report import numeric_columns, plain_words
from estimates.gate.verdict import Offender
from estimates.render.change_text import R_LEGEND

_FEWEST_KEYS = 30  # of a group, below which nothing is expected of it


def _largest_p95_of_a_group(context: EvaluationContext) -> Measure:
    """Groups are those of the contract's `stability.groups`."""
    if not context.contract.stability.groups:
        raise Skip("not_in_contract")
    groups = [
        (
            group.p95,
            f"{by} {group.value}",
            name,
            plain_words(scalar.plain, group.plain_p95),
            report,
        )
        for name, report, scalar in numeric_columns(context)
        for by, values in report.groups.items()
        for group in values
        if group.n >= _FEWEST_KEYS and group.p95 is not None
    ]
    if not groups:
        raise Skip("fewer_than_30_keys")
    groups.sort(key=lambda item: (-item[0], item[1:3]))
    limit = context.limit("worst_group_change")
    offenders = [
        Offender(None, name, f"{group}: 1 in 20 keys moved by more than {moved}")
        for p95, group, name, moved, _ in groups
        if p95 > limit
    ]
    value, group, worst, moved, report = groups[0]
    message = f"in {group} 1 in 20 keys moved by more than {moved} in {worst}"
    return Measure(value, report.n, message, report.coverage, offenders)


CHECK = Check(
    number=37,
    name="worst_group_change",
    title="No group jumps",
    stage=3,
    measure=_largest_p95_of_a_group,
    purpose="a group that jumps unseen in the whole",
    metric="largest 95 % quantile of r of a group of at least 30 keys",
    turned_on_by="groups under [stability]",
    source="stability.md S3",
    legend=R_LEGEND,
    unit="number",
    warn=0.20,
    by_key=False,
)
