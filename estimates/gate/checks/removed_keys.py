"""Check `removed_keys`: the keys of the baseline are still there."""

from estimates.gate.check import ROWS_READABLE, Check, Measure
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.offenders import group_of_rows


def _removed_share(context: EvaluationContext) -> Measure:
    keys = context.report.keys
    message = f"{keys.removed} of {keys.n_from} keys of the baseline gone"
    rows = context.pair.alignment.removed
    group = group_of_rows(context.compared_baseline, context.key, rows, None, ("removed",))
    return Measure(keys.removed_share, keys.n_from, message, offender_groups=[group])


CHECK = Check(
    number=21,
    name="removed_keys",
    title="Keys of the baseline still there",
    stage=3,
    measure=_removed_share,
    purpose="keys that vanish",
    metric="removed keys as a share of the baseline's",
    source="stability.md K1; limits are a starting point",
    unit="share",
    warn=0.005,
    block=0.02,
    depends_on=ROWS_READABLE,
)
