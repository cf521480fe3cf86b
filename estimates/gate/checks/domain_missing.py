"""Check `domain_missing`: every key of the domain has a row."""

from estimates import instants
from estimates.contract.columns import key_text
from estimates.contract.contract import Contract, OpenDomain
from estimates.contract.domain import RollingDomain
from estimates.gate.broken_rules import whole_rows
from estimates.gate.check import Check, Measure, Skip
from estimates.gate.evaluation_context import EvaluationContext


def _share_of_missing_keys(context: EvaluationContext) -> Measure:
    domain, key = context.domain, context.key
    if domain is None:
        raise Skip("not_in_contract")
    missing = domain.join(context.frame.select(key), on=key, how="anti").sort(key)
    n = domain.height
    message = f"{missing.height} of {n} keys of the domain missing{_steps(context)}"
    groups = [whole_rows(context, missing, "missing")]
    return Measure(missing.height / max(n, 1), n, message, offender_groups=groups)


def _steps(context: EvaluationContext) -> str:
    """Which targets a rolling domain wants, where some lie before them: the table comes late."""
    candidate, contract = context.candidate.provenance, context.contract
    if not isinstance(contract.domain, RollingDomain) or not candidate or not contract.target:
        return ""
    first = context.frame.get_column(contract.target).min()
    if first is None or key_text(first) >= candidate.targets[0]:
        return ""
    through = instants.text(candidate.data_through)
    return f"; its targets are {candidate.targets[0]} and later, for data through {through}"


def _allow_missing(contract: Contract) -> tuple[float | None, float | None]:
    return None, None if isinstance(contract.domain, OpenDomain) else contract.domain.allow_missing


CHECK = Check(
    number=16,
    name="domain_missing",
    title="Every key of the domain",
    stage=2,
    measure=_share_of_missing_keys,
    purpose="estimates that were left out",
    metric="share of the domain's keys without a row",
    turned_on_by="which keys there must be, under [domain]",
    unit="share",
    field="domain.allow_missing",
    limits=_allow_missing,
    remedy="say how far its data go with `--through DAY` where they end earlier, write "
    "`allow_missing = VALUE` under [domain] in the contract, or list fewer keys there",
)
