"""Check `duplicate_content`: different keys have different estimates."""

from estimates.gate.broken_rules import whole_rows
from estimates.gate.check import Check, Measure, Skip
from estimates.gate.duplicate_rows import expected_duplicates
from estimates.gate.evaluation_context import EvaluationContext


def _share_of_duplicates(context: EvaluationContext) -> Measure:
    """Sets without a float among their estimates are skipped: their rows agree by nature."""
    rows, n = context.duplicates
    if rows is None:
        raise Skip("no_float_estimates")
    message = f"{rows.height} of {n} rows with the same estimates as another row"
    chance = expected_duplicates(context.frame, n, context.contract) if rows.height else 0.0
    if chance:
        message += f", {100 * chance:.3g} % to be expected of numbers that are rounded like these"
    value = max(rows.height / max(n, 1) - chance, 0.0)
    by_chance = chance and value <= context.limit("duplicate_content")
    groups = [] if by_chance else [whole_rows(context, rows, "the same estimates as another key")]
    return Measure(value, n, message, n / max(context.height, 1), offender_groups=groups)


CHECK = Check(
    number=20,
    name="duplicate_content",
    title="Different keys, different estimates",
    stage=2,
    measure=_share_of_duplicates,
    purpose="one key's estimates given to another",
    metric="share of rows whose estimates another row has too, beyond what rounding explains",
    unit="share",
    warn=0.01,
)
