"""Check `outside_old_interval`: few points leave their old interval."""

from estimates.gate.changed_rows import outside_old_interval
from estimates.gate.check import Check, Measure
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.from_report import (
    comparable_intervals,
    interval_name,
    required,
)


def _largest_share_outside(context: EvaluationContext) -> Measure:
    intervals = comparable_intervals(context, with_point=True)
    shares = [
        (
            required(interval.new_outside_old, interval.reasons, "new_outside_old", "no point"),
            interval,
        )
        for interval in intervals
    ]
    value, worst = max(shares, key=lambda item: item[0])
    name = interval_name(worst.level, worst.point)
    message = f"{round(value * worst.n)} of {worst.n} points outside the old {name}"
    groups = [outside_old_interval(context, interval) for share, interval in shares if share]
    return Measure(value, worst.n, message, worst.coverage, offender_groups=groups)


CHECK = Check(
    number=30,
    name="outside_old_interval",
    title="Few points leave their old interval",
    stage=3,
    measure=_largest_share_outside,
    purpose="points that the last version called improbable",
    metric="share of keys whose point lies outside its old interval",
    turned_on_by="intervals: columns of role lower and upper",
    source="stability.md I2; limits from the example's replay",
    unit="share",
    warn=0.20,
    block=0.45,
    least=10,
)
