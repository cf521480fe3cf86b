"""Check `freshness`: the data was not too old when the version was published."""

from estimates import instants
from estimates.contract.contract import Contract
from estimates.gate.check import Check, Measure, Skip
from estimates.gate.evaluation_context import EvaluationContext


def _age_of_data(context: EvaluationContext) -> Measure:
    candidate = context.candidate
    if context.contract.freshness.max_age is None:
        raise Skip("not_in_contract")
    if candidate.provenance is None:
        # no `depends_on`: a missing digest of an input says nothing about times
        raise Skip("depends_on: lineage")
    newest = candidate.provenance.newest_data
    end = candidate.published_at or context.judged_at
    word = "published" if candidate.published_at else "judged"
    message = f"newest data of {instants.text(newest)}, {word} {instants.text(end)}"
    return Measure((end - newest).total_seconds(), 1, message)


def _max_age(contract: Contract) -> tuple[float | None, float | None]:
    """It warns, and blocks when the contract says `freshness.blocks`."""
    age = contract.freshness.max_age_duration
    if age is None:
        return None, None
    return (None, age.total_seconds()) if contract.freshness.blocks else (age.total_seconds(), None)


CHECK = Check(
    number=18,
    name="freshness",
    title="Data not too old",
    stage=2,
    measure=_age_of_data,
    purpose="estimates of old data",
    metric="published_at (a file: judged_at) − the newest data of the run, in seconds",
    turned_on_by="max_age under [freshness]",
    unit="seconds",
    field="freshness.max_age",
    limits=_max_age,
    by_key=False,
    depends_on=(),
    remedy="write a longer `max_age` under [freshness] in the contract, or `blocks = false`",
)
