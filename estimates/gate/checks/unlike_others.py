"""Check `unlike_others`: no key moves by a large factor beside all others."""

from estimates.gate.changed_rows import factors_beside_others, moved_unlike_others
from estimates.gate.check import Check, Measure, Skip
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.from_report import central_columns


def _largest_factor(context: EvaluationContext) -> Measure:
    """The median change of all keys is taken out, so that a wave that lifts all is none; it costs a
    pass over the keys, which is made only where there is a limit.
    """
    limits = context.limits["unlike_others"]
    if limits.warn is None and limits.block is None:
        raise Skip("not_in_contract")
    columns = central_columns(context)
    limit = context.limit("unlike_others")
    factors = {column.name: factors_beside_others(context, column) for column in columns}
    value, worst = max(
        ((float(factors[column.name].max(initial=1.0)), column) for column in columns),
        key=lambda item: item[0],
    )
    groups = [
        moved_unlike_others(context, name, factor, limit)
        for name, factor in factors.items()
        if factor.max(initial=1.0) > limit
    ]
    message = (
        f"a key of {worst.name} moved by a factor of {value:.3g} beside the median of all keys"
    )
    report = worst.report
    return Measure(value, report.n, message, report.coverage, offender_groups=groups)


CHECK = Check(
    number=26,
    name="unlike_others",
    title="No key moves unlike all others",
    stage=3,
    measure=_largest_factor,
    purpose="wrong units, exchanged or shuffled keys in a set that moves by nature, where a large "
    "change by itself says nothing",
    metric="largest factor by which a central estimate changed, or its inverse, beside the median "
    "of all keys, where profile or contract have a limit; sizes below half of the column's median "
    "count as that",
    turned_on_by='profile = "volatile" under [gate]',
    source="stability.md S4; limits from the made-up hub",
    unit="number",
    halves=False,
    least=10,
)
