"""Check `times`: the data ends neither after the judgement nor after the publication."""

from estimates import instants
from estimates.gate.check import Check, Measure, Skip
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.verdict import Offender


def _times_out_of_order(context: EvaluationContext) -> Measure:
    provenance = context.candidate.provenance
    if provenance is None:
        # no `depends_on`: a missing digest of an input says nothing about times
        raise Skip("depends_on: lineage")
    through = f"data_through {instants.text(provenance.data_through)}"
    published_at = context.candidate.published_at
    wrong: list[str] = []
    if provenance.data_through > context.judged_at:
        wrong.append(f"{through} is after judged_at {instants.text(context.judged_at)}")
    if published_at is not None and published_at < provenance.data_through:
        wrong.append(f"published_at {instants.text(published_at)} is before {through}")
    message = "; ".join(wrong) or f"data through {instants.text(provenance.data_through)}"
    offenders = [Offender(None, None, text) for text in wrong]
    return Measure(len(wrong), 2, message, offenders=offenders)


CHECK = Check(
    number=17,
    name="times",
    title="No data from the future",
    stage=2,
    measure=_times_out_of_order,
    purpose="look-ahead and wrong clocks",
    metric="times out of order",
    block=0,
    by_key=False,
    depends_on=(),
    remedy="say how far the data go with `--through TIME` when you publish",
)
