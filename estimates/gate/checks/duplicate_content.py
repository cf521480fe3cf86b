"""Check `duplicate_content`: different keys have different estimates."""

from estimates.gate.broken_rules import whole_rows
from estimates.gate.check import Check, Measure, Skip
from estimates.gate.evaluation_context import EvaluationContext


def _share_of_duplicates(context: EvaluationContext) -> Measure:
    """Sets without a float among their estimates are skipped: their rows agree by nature."""
    rows, n = context.duplicates
    if rows is None:
        raise Skip("no_float_estimates")
    message = f"{rows.height} of {n} rows with the same estimates as another row"
    groups = [whole_rows(context, rows, "the same estimates as another key")]
    coverage = n / max(context.height, 1)
    return Measure(rows.height / max(n, 1), n, message, coverage, offender_groups=groups)


CHECK = Check(
    number=20,
    name="duplicate_content",
    title="Different keys, different estimates",
    stage=2,
    measure=_share_of_duplicates,
    purpose="one key's estimates given to another",
    metric="share of rows whose estimates another row has too",
    unit="share",
    warn=0.01,
)
