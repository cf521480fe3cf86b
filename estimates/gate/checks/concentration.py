"""Check `concentration`: the movement is not in a few keys."""

from estimates.gate.changed_rows import candidate_keys
from estimates.gate.check import Check, Measure, Skip
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.from_report import numeric_columns
from estimates.gate.verdict import Offender

_FEWEST_KEYS = 100  # below, 1 % of the keys is less than one key


def _largest_top_share(context: EvaluationContext) -> Measure:
    """The worst column counts; sets with fewer than 100 keys are left out."""
    columns = numeric_columns(context)
    if not columns:
        raise Skip("no_numeric_estimates")
    shares = [
        (column.metrics.top_share, column)
        for column in columns
        if column.metrics.top_share is not None
    ]
    if not shares:
        raise Skip("no_move")
    shares = [(share, column) for share, column in shares if column.report.n >= _FEWEST_KEYS]
    if not shares:
        raise Skip("fewer_than_100_keys")
    value, (worst, report, scalar) = max(shares)
    message = f"1 % of the keys carry {100 * value:.3g} % of the movement of {worst}"
    if value <= context.limit("concentration"):
        return Measure(value, report.n, message, report.coverage)
    keys = candidate_keys(context, [change.key for change in scalar.top])
    examples = [
        Offender(key, worst, f"{change.a:.6g} → {change.b:.6g}")
        for key, change in zip(keys, scalar.top, strict=True)
    ]
    return Measure(value, report.n, message, report.coverage, examples)


CHECK = Check(
    number=35,
    name="concentration",
    title="Movement is not in a few keys",
    stage=3,
    measure=_largest_top_share,
    purpose="a few keys that go wild while the rest stands still",
    metric="share of all movement that is in the 1 % of the keys that moved most",
    source="stability.md S7; limits are a starting point",
    unit="share",
    warn=0.5,
)
