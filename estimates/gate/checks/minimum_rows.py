"""Check `minimum_rows`: an open domain has as many rows as its contract asks for."""

from estimates.contract.contract import Contract, OpenDomain
from estimates.gate.check import Check, Measure, Skip
from estimates.gate.evaluation_context import EvaluationContext


def _row_count(context: EvaluationContext) -> Measure:
    if not isinstance(context.contract.domain, OpenDomain):
        raise Skip("not_in_contract")
    n = context.height
    return Measure(n, n, f"rows: {n}")


def _minimum(contract: Contract) -> tuple[float | None, float | None]:
    return None, contract.domain.minimum if isinstance(contract.domain, OpenDomain) else None


CHECK = Check(
    number=6,
    name="minimum_rows",
    title="At least the contract's number of rows",
    stage=1,
    measure=_row_count,
    purpose="half a table",
    metric="rows",
    turned_on_by='kind = "open" under [domain]',
    field="domain.minimum",
    limits=_minimum,
    worse="below",
    waivable=False,
    depends_on=("not_empty",),
    remedy="write `minimum = VALUE` under [domain] in the contract",
)
