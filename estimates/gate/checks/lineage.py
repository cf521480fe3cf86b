"""Check `lineage`: it is recorded who computed the version, up to when, and on what."""

from estimates.gate.check import Check, Measure
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.stored_faults import missing_records


def _missing_lineage(context: EvaluationContext) -> Measure:
    """A table that was computed elsewhere names no job, and needs the digest of any one input."""
    origin, job = context.candidate.provenance, context.contract.job
    digests = {item.name: item.digest for item in origin.inputs} if origin else {}
    inputs = sorted(job.inputs) if job else []
    if inputs and digests and origin is not None and origin.job is None:
        inputs = sorted(digests)
    recorded = {"data_through": origin is not None, "run_id": origin is not None}
    recorded |= {f"digest of input {name}": bool(digests.get(name)) for name in inputs}
    return missing_records(recorded)


CHECK = Check(
    number=7,
    name="lineage",
    title="data_through, run_id and input digests recorded",
    stage=1,
    measure=_missing_lineage,
    purpose="numbers nobody can trace",
    metric="what is missing of data_through, run_id and a digest of each input that the job "
    "declares; of a table that was computed elsewhere (it names no job), of any one digest",
    block=0,
    by_key=False,
    depends_on=(),
)
