"""Check `reproducible`: code revision and seed are recorded, so that the run can be repeated."""

from estimates.gate.check import Check, Measure, Skip
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.stored_faults import missing_records


def _missing_code(context: EvaluationContext) -> Measure:
    """The MLflow run is not asked for: it is recorded last, after this verdict."""
    job, origin = context.contract.job, context.candidate.provenance
    if job is None:
        raise Skip("not_in_contract")
    recorded = {"code revision": origin is not None and bool(origin.code)}
    if "seed" in job.parameters:
        recorded["seed"] = origin is not None and origin.seed is not None
    return missing_records(recorded)


CHECK = Check(
    number=7,
    name="reproducible",
    title="Code revision and seed recorded",
    stage=1,
    measure=_missing_code,
    purpose="runs nobody can repeat",
    metric="what is missing of the job's code revision, and of its seed when it has a "
    "parameter `seed`",
    turned_on_by="a [job] that makes the versions",
    warn=0,
    by_key=False,
    depends_on=(),
)
