"""Check `sign_flips`: few estimates change their sign."""

from estimates.gate.changed_rows import flipped_signs
from estimates.gate.check import Check, Measure, Skip
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.from_report import numeric_columns


def _largest_share_of_flips(context: EvaluationContext) -> Measure:
    columns = numeric_columns(context)
    if not columns:
        raise Skip("no_numeric_estimates")
    name, report, scalar = min(
        columns, key=lambda column: (-column.metrics.sign_flip_share, column.name)
    )
    value = scalar.sign_flip_share
    message = f"{round(value * report.n)} of {report.n} keys with another sign in {name}"
    groups = [
        flipped_signs(context, column.name) for column in columns if column.metrics.sign_flip_share
    ]
    return Measure(value, report.n, message, report.coverage, offender_groups=groups)


CHECK = Check(
    number=28,
    name="sign_flips",
    title="Few changes of sign",
    stage=3,
    measure=_largest_share_of_flips,
    purpose="sign errors",
    metric="share of keys whose estimate changed sign, worst column",
    source="stability.md S5; limits are a starting point",
    unit="share",
    warn=0.01,
    block=0.05,
)
