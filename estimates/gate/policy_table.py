"""The policy in force as a table: the limits of each check in one set, and who said so."""

import msgspec

from estimates.contract.contract import Contract
from estimates.contract.gate_policy import GroupLimits, Severity, Side, Unit
from estimates.gate.check import Check
from estimates.gate.limits import CheckLimits
from estimates.gate.policy import checks_of, limits_of, policy_digest
from estimates.gate.registry import BY_NAME
from estimates.render.notebook import printed, rendered


class Rule(msgspec.Struct, frozen=True):
    """One check as this set has it.

    warn, block  limits in force, inclusive, in `unit`; null is no limit
    warn_from, block_from  where they come from: `default`, `profile NAME`, `contract`, a field of
                           the contract such as
                 `domain.allow_missing`; `measured` with the value; null where there is no limit
    worse        on which side of its limits a value is bad
    usual        the contract's band for the value; null where it has none
    severity     what the check may do at most, and `severity_from` who said so; null: as its limits
                 say
    groups       limits of single groups, by column and value
    off          the reason why it does not run; null when it does
    adjustable   false: every version must pass it, whatever a contract says
    own          true: a check that this set's contract adds
    """

    number: int
    name: str
    title: str
    stage: int
    unit: Unit
    worse: Side
    warn: float | None
    block: float | None
    warn_from: str | None
    block_from: str | None
    usual: tuple[float, float] | None
    severity: Severity | None
    severity_from: str | None
    groups: dict[str, dict[str, GroupLimits]]
    off: str | None
    adjustable: bool
    own: bool


class PolicyInForce(msgspec.Struct, frozen=True):
    """All limits of a set's versions.

    contract_revision  the revision whose policy it is; null for a contract that is not registered
    policy             the policy's digest, as verdicts carry it
    promote            `automatic`: the run promotes what passes; `manual`: a person does
    approvals          how many people have to approve what moves production or loosens the gate
    approvers          who may, as the contract names them; empty: whoever may write
    """

    set: str
    contract_revision: int | None
    profile: str
    promote: str
    approvals: int
    approvers: tuple[str, ...]
    policy: str
    checks: list[Rule]

    def __repr__(self) -> str:
        return printed("gate.pages.policy_text", "render_short", self)

    def _repr_html_(self) -> str:
        return rendered("gate.pages.policy_text", "render_fragment", self)


def policy_in_force(contract: Contract, contract_revision: int | None = None) -> PolicyInForce:
    """The policy of a contract, a rule for each check, in the order in which they run."""
    rules = [
        _rule(check, limits_of(check, contract), own=check.name not in BY_NAME)
        for check in checks_of(contract)
    ]
    gate = contract.gate
    return PolicyInForce(
        contract.name,
        contract_revision,
        gate.profile,
        gate.promote,
        gate.approvals,
        gate.approvers,
        policy_digest(contract),
        rules,
    )


def _rule(check: Check, limits: CheckLimits, *, own: bool) -> Rule:
    return Rule(
        number=check.number,
        name=check.name,
        title=check.title,
        stage=check.stage,
        unit=check.unit,
        worse=check.worse,
        warn=limits.warn,
        block=limits.block,
        warn_from=_source(check, limits, "warn", own),
        block_from=_source(check, limits, "block", own),
        usual=None if limits.usual is msgspec.UNSET else limits.usual,
        severity=limits.severity,
        severity_from=limits.source.get("severity"),
        groups=limits.groups,
        off=limits.off,
        adjustable=check.waivable,
        own=own,
    )


def _source(check: Check, limits: CheckLimits, level: str, own: bool) -> str | None:
    """Where a limit comes from; the defaults of a check that a contract adds are that contract's.

    A check that measures its limits does so unless somebody gives it others.
    """
    if getattr(limits, level) is None:
        none_given = limits.warn is None and limits.severity != "report"
        return "measured" if check.measures_limits and none_given else None
    return "contract" if own else limits.source[level]
