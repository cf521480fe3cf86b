"""Stage 2, time: no data from the future, and none that is too old."""

from __future__ import annotations

from estimates import instants
from estimates.contract.contract import Contract
from estimates.gate.check import Measure, Skip
from estimates.gate.evaluation_context import Case
from estimates.gate.verdict import Offender

# Not by depends_on: a missing digest of an input says nothing about times.
_NO_LINEAGE = Skip("depends_on: lineage")


def times(case: Case) -> Measure | Skip:
    """Protects from look-ahead and wrong clocks: data_through lies neither after judged_at nor
    after published_at.

    Metric: times out of order. Block above 0. Source: gate.md 17.
    """
    if case.candidate.provenance is None:
        return _NO_LINEAGE
    through, published = case.candidate.provenance.data_through, case.candidate.published_at
    wrong: list[str] = []
    if through > case.judged_at:
        wrong.append(
            f"data_through {instants.text(through)} is after judged_at "
            f"{instants.text(case.judged_at)}"
        )
    if published is not None and published < through:
        wrong.append(
            f"published_at {instants.text(published)} is before data_through "
            f"{instants.text(through)}"
        )
    message = "; ".join(wrong) or f"data through {instants.text(through)}"
    offenders = [Offender(None, None, text) for text in wrong]
    return Measure(len(wrong), 2, message, offenders=offenders)


def freshness(case: Case) -> Measure | Skip:
    """Protects from estimates of old data. Metric: published_at (a file: judged_at) − data_through,
    in seconds.

    Warn above the contract's freshness.max_age; block when freshness.blocks is set. Source: gate.md
    18.
    """
    if case.contract.freshness.max_age is None:
        return Skip("not_in_contract")
    if case.candidate.provenance is None:
        return _NO_LINEAGE
    through, end = (
        case.candidate.provenance.data_through,
        case.candidate.published_at or case.judged_at,
    )
    age = (end - through).total_seconds()
    message = f"data through {instants.text(through)}, {'published' if case.candidate.published_at else 'judged'} "
    return Measure(age, 1, f"{message}{instants.text(end)}")


def max_age(contract: Contract) -> tuple[float | None, float | None]:
    """The limits of `freshness`."""
    age = contract.freshness.max_age_duration
    if age is None:
        return None, None
    return (None, age.total_seconds()) if contract.freshness.blocks else (age.total_seconds(), None)
