"""Check `coverage_error`: intervals cover what they promise."""

from estimates.accuracy.accuracy_report import IntervalScores
from estimates.gate.check import Check, Measure, Skip
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.from_report import nothing_comparable
from estimates.stability.labels import wilson_interval

_WARN = 0.05  # how far off its nominal level a coverage may be, however many keys there are
_BLOCK = 0.15  # how far off it may be at most, however many


def _largest_coverage_error(context: EvaluationContext) -> Measure:
    """It warns above 0.05, or above half of Wilson's interval where that is more; it blocks above
    0.15, or twice the limit of its warning.
    """
    columns = context.accuracy.columns.values()
    intervals = [interval for column in columns for interval in column.intervals]
    if not intervals:
        raise Skip("not_in_contract")
    scored = [
        (interval, covered, _allowed(covered, interval.n, context))
        for interval in intervals
        if (covered := interval.covered) is not None
    ]
    if not scored:
        raise nothing_comparable("no interval has an actual value beside it")
    errors = [
        (_error(covered, interval), allowed, covered, interval)
        for interval, covered, allowed in scored
    ]
    value, allowed, covered, worst = max(errors, key=lambda item: item[0] - item[1])
    message = (
        f"{100 * covered:.3g} % of {worst.n} actual values in the {100 * worst.level:g} % interval"
    )
    block = max(_BLOCK, 2 * allowed)
    return Measure(value, worst.n, message, worst.coverage, warn=allowed, block=block)


def _error(covered: float, interval: IntervalScores) -> float:
    return abs(covered - interval.level)


def _allowed(covered: float, n: int, context: EvaluationContext) -> float:
    """Half of Wilson's 95 % interval for so many keys, or 0.05.

    Keys of one target share its fate, so that targets are counted where there are any.
    """
    assert context.actuals is not None
    target, actuals = context.contract.target, context.actuals
    if target in actuals.by:
        observed = context.frame.join(actuals.rows, on=actuals.by, how="semi")
        n = min(n, observed[target].n_unique())
    low, high = wilson_interval(round(covered * n), n)
    return max(_WARN, (high - low) / 2)


CHECK = Check(
    number=38,
    name="coverage_error",
    title="Intervals cover what they promise",
    stage=4,
    measure=_largest_coverage_error,
    purpose="intervals that promise what they do not keep",
    metric="largest distance of an interval's coverage from its nominal level",
    turned_on_by="intervals: columns of role lower and upper",
    source="accuracy.md `covered`; limits from the example's replay",
    unit="share",
    halves=False,
    measures_limits=True,
)
