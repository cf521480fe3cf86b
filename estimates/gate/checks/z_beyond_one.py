"""Check `z_beyond_one`: few points leave the half width of their old interval."""

from estimates.gate.changed_rows import beyond_one_half_width
from estimates.gate.check import Check, Measure
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.from_report import (
    comparable_intervals,
    interval_name,
    required,
)

_WHY = "moves cannot be put in half widths of the interval"


def _largest_share_beyond(context: EvaluationContext) -> Measure:
    intervals = comparable_intervals(context, with_point=True)
    shares = [
        (required(interval.z_gt1_share, interval.reasons, "z_gt1_share", _WHY), interval)
        for interval in intervals
    ]
    value, worst = max(shares, key=lambda item: item[0])
    message = (
        f"{round(value * worst.n)} of {worst.n} points moved by more than half the width of "
        f"their {interval_name(worst.level, worst.point)}"
    )
    groups = [beyond_one_half_width(context, interval) for share, interval in shares if share]
    return Measure(value, worst.n, message, worst.coverage, offender_groups=groups)


CHECK = Check(
    number=29,
    name="z_beyond_one",
    title="Few points leave the half width of their interval",
    stage=3,
    measure=_largest_share_beyond,
    purpose="points that left what was called certain",
    metric="share of keys whose point moved by more than one old half width",
    turned_on_by="intervals: columns of role lower and upper",
    source="stability.md I1; limits from the example's replay",
    unit="share",
    warn=0.20,
    block=0.45,
    least=10,
)
