"""Check `new_duplicates`: no key got another key's estimates since the baseline."""

from estimates.gate.broken_rules import whole_rows
from estimates.gate.check import ROWS_READABLE, Check, Measure, Skip
from estimates.gate.evaluation_context import EvaluationContext


def _growth_of_duplicates(context: EvaluationContext) -> Measure:
    rows, n = context.duplicates
    if rows is None:
        raise Skip("no_float_estimates")
    if not rows.height:
        return Measure(0, n, "no row has the same estimates as another one")
    rows_before, n_before = context.duplicates_before
    assert rows_before is not None, "both versions have the contract's types"
    growth = rows.height / max(n, 1) - rows_before.height / max(n_before, 1)
    new = rows.join(rows_before.select(context.key), on=context.key, how="anti")
    message = (
        f"{rows.height} of {n} rows with the same estimates as another row, "
        f"{rows_before.height} of {n_before} in the baseline"
    )
    groups = [whole_rows(context, new, "the same estimates as another key")]
    return Measure(max(growth, 0.0), n, message, offender_groups=groups)


CHECK = Check(
    number=20,
    name="new_duplicates",
    title="No estimates given to other keys",
    stage=3,
    measure=_growth_of_duplicates,
    purpose="one key's estimates given to another where that was not so before",
    metric="growth of `duplicate_content`'s share against the baseline",
    unit="share",
    block=0.02,
    depends_on=ROWS_READABLE,
)
