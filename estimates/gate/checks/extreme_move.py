"""Check `extreme_move`: no key moves by many half widths of its interval."""

from estimates.gate.changed_rows import beyond_z
from estimates.gate.check import Check, Measure
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.from_report import (
    HALF_WIDTH,
    comparable_intervals,
    required,
)
from estimates.stability.report import IntervalReport


def _largest_z(context: EvaluationContext) -> Measure:
    intervals = comparable_intervals(context, with_point=True)
    moves = [(_max_z(interval), interval) for interval in intervals]
    value, worst = max(moves, key=lambda item: item[0])
    limit = context.limit("extreme_move")
    groups = [beyond_z(context, interval, limit) for largest, interval in moves if largest > limit]
    message = (
        f"the largest move of {worst.point} is {value:.3g} half widths of its old "
        f"{100 * worst.level:g} % interval"
    )
    return Measure(value, worst.n, message, worst.coverage, offender_groups=groups)


def _max_z(interval: IntervalReport) -> float:
    largest = None if interval.z is None else interval.z.max
    why = f"moves of {interval.point} cannot be put in half widths of its interval"
    return required(largest, interval.reasons, "z", why)


CHECK = Check(
    number=26,
    name="extreme_move",
    title="No key moves by many half widths",
    stage=3,
    measure=_largest_z,
    purpose="single wild keys that no quantile shows",
    metric="largest z, the point's move in old half widths",
    turned_on_by="intervals: columns of role lower and upper",
    source="stability.md I1; limits from the example's replay",
    legend=HALF_WIDTH,
    unit="number",
    warn=4,
    block=6,
)
