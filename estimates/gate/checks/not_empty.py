"""Check `not_empty`: there is at least one row."""

from estimates.gate.check import Check, Measure
from estimates.gate.evaluation_context import EvaluationContext


def _row_count(context: EvaluationContext) -> Measure:
    n = context.height
    return Measure(n, n, f"rows: {n}")


CHECK = Check(
    number=6,
    name="not_empty",
    title="Not empty",
    stage=1,
    measure=_row_count,
    purpose="publishing nothing",
    metric="rows",
    block=1,
    worse="below",
    waivable=False,
    depends_on=("schema",),
    remedy="no contract lets an empty version through: publish the version before it again",
)
