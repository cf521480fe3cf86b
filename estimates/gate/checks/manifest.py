"""Check `manifest`: the version has a manifest, and it can be read."""

from estimates.gate.check import Check, Measure
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.stored_faults import fault_measure


def _manifest_faults(context: EvaluationContext) -> Measure:
    candidate = context.candidate
    fault = candidate.faults.get("manifest")
    if candidate.stored and fault is None and candidate.shape is None:
        fault = "the version has no manifest"
    return fault_measure(context, fault, "the manifest is there")


CHECK = Check(
    number=1,
    name="manifest",
    title="Manifest present",
    stage=1,
    measure=_manifest_faults,
    purpose="judging content nobody vouches for",
    metric="faults of the manifest",
    block=0,
    waivable=False,
    depends_on=(),
    remedy="`estimates repair` mends files from a backup; else publish the table again",
)
