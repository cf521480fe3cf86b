"""Check `added_keys`: few keys are new."""

from estimates.gate.check import ROWS_READABLE, Check, Measure
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.offenders import group_of_rows


def _added_share(context: EvaluationContext) -> Measure:
    keys = context.report.keys
    message = f"{keys.added} of {keys.n_to} keys new, the baseline has {keys.n_from}"
    rows = context.pair.alignment.added
    group = group_of_rows(context.compared_rows, context.key, rows, None, ("added",))
    return Measure(keys.added_share, keys.n_to, message, offender_groups=[group])


CHECK = Check(
    number=22,
    name="added_keys",
    title="Few new keys",
    stage=3,
    measure=_added_share,
    purpose="keys that appear unexpectedly",
    metric="added keys as a share of the baseline's",
    source="stability.md K1; limits are a starting point",
    unit="share",
    warn=0.05,
    block=0.20,
    depends_on=ROWS_READABLE,
)
