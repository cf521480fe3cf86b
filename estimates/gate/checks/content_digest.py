"""Check `content_digest`: the files are those that the manifest names."""

from estimates.gate.check import Check, Measure
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.stored_faults import fault_measure


def _digest_faults(context: EvaluationContext) -> Measure:
    fault = context.candidate.faults.get("content")
    return fault_measure(context, fault, "every file matches its digest")


CHECK = Check(
    number=2,
    name="content_digest",
    title="Files match their digests",
    stage=1,
    measure=_digest_faults,
    purpose="altered, exchanged or lost files",
    metric="files unlike their digest",
    block=0,
    waivable=False,
    depends_on=("manifest",),
    remedy="`estimates repair` mends files from a backup; else publish the table again",
)
