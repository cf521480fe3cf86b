"""Check `readable`: the Parquet file can be read and has as many rows as the manifest says."""

from estimates.gate.check import Check, Measure
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.stored_faults import fault_measure


def _parquet_faults(context: EvaluationContext) -> Measure:
    candidate = context.candidate
    fault, rows = candidate.faults.get("parquet"), context.stored_rows
    if fault is None and rows is None:
        fault = "the Parquet file cannot be read"
    elif fault is None and candidate.rows not in (None, rows):
        fault = f"the Parquet file has {rows} rows, the manifest says {candidate.rows}"
    fine = "the Parquet file is readable and has the manifest's number of rows"
    return fault_measure(context, fault, fine)


CHECK = Check(
    number=3,
    name="readable",
    title="Parquet readable, rows as in the manifest",
    stage=1,
    measure=_parquet_faults,
    purpose="truncated files",
    metric="faults of the Parquet file, a wrong row count among them",
    block=0,
    waivable=False,
    depends_on=("content_digest",),
    remedy="`estimates repair` mends files from a backup; else publish the table again",
)
