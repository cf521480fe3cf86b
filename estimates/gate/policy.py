"""The policy in force: the defaults of the registry, changed by the contract's profile and its
entries for checks.
"""

import hashlib
from typing import Any, NamedTuple

import msgspec

from estimates.contract.contract import Contract
from estimates.contract.gate_policy import CheckPolicy, GroupLimits, Severity, Side
from estimates.gate.check import Check
from estimates.gate.custom_checks import custom_checks
from estimates.gate.limits import CheckLimits, unusable_limits
from estimates.gate.profiles import of_profile
from estimates.gate.registry import CHECKS


class SourcedLimit(NamedTuple):
    """A limit and where it comes from: `contract`, `profile NAME` or `default`; empty for none."""

    limit: float | None
    source: str


def checks_of(contract: Contract) -> list[Check]:
    """Every check of a set: those of the registry, then its own by name."""
    return [*CHECKS, *custom_checks(contract)]


def limits_of(check: Check, contract: Contract) -> CheckLimits:
    """The limits in force: those of the contract where it gives them, else the profile's, else the
    check's defaults.
    """
    entry = contract.gate.checks.get(check.name, CheckPolicy())
    if check.limits is not None:
        warn, block = check.limits(contract)
        source = {"warn": check.field or "", "block": check.field or ""}
    else:
        (warn, warn_source), (block, block_source) = before_severity(check, contract)
        source = {"warn": warn_source, "block": block_source}
    severity, severity_source = _severity(check, contract)
    limits = with_severity(severity, warn, block, check.worse)
    if severity is not None:
        source["severity"] = severity_source
        strictest = limits[1] if severity == "block" else limits[0]
        # the stricter limit, wherever that one came from
        if strictest is not None:
            source[severity] = source["warn" if strictest == warn else "block"]
    groups = {
        column: {
            value: _group_limits(own, warn, block, check.worse, severity)
            for value, own in values.items()
        }
        for column, values in entry.groups.items()
    }
    usual = None if severity == "report" else entry.usual
    return CheckLimits(
        check.name, *limits, entry.off, severity, groups, source, usual or msgspec.UNSET
    )


def before_severity(check: Check, contract: Contract) -> tuple[SourcedLimit, SourcedLimit]:
    """Warning and blocking limit of a check that has limits of its own, each with its source; see
    `limits_of`.

    A contract that gives the blocking limit alone, and one stricter than the warning limit, does
    away with the warning.
    """
    entry = contract.gate.checks.get(check.name, CheckPolicy())
    profile = of_profile(check, contract.gate.profile) or CheckPolicy()
    profile_name = f"profile {contract.gate.profile}"
    warn = _first_of(entry.warn, profile.warn, check.warn, profile_name)
    block = _first_of(entry.block, profile.block, check.block, profile_name)
    if entry.warn is None and unusable_limits(warn.limit, block.limit, check.worse):
        warn = SourcedLimit(None, "")
    return warn, block


def with_severity(
    severity: Severity | None, warn: float | None, block: float | None, worse: Side
) -> tuple[float | None, float | None]:
    """The limits once a severity has said what the check may do: block beyond the stricter, only
    warn there, neither.

    A check without limits stays without.
    """
    limits = [limit for limit in (warn, block) if limit is not None]
    if severity is None or not limits:
        return warn, block
    strictest = min(limits) if worse == "above" else max(limits)
    return {"block": (None, strictest), "warn": (strictest, None), "report": (None, None)}[severity]


def policy_digest(contract: Contract) -> str:
    """SHA-256 of all that decides a verdict besides the data: every check's limits and what the
    contract promises.

    Left out is what moves no verdict: descriptions, owner, cadence, retention, who promotes, the
    job's function.
    """
    limits = [limits_of(check, contract) for check in checks_of(contract)]
    policy: dict[str, Any] = {
        "checks": [msgspec.structs.replace(limit, source={}) for limit in limits],
        "custom": contract.gate.custom,
        "key": {name: _without_description(column) for name, column in contract.key.items()},
        "columns": {
            name: _without_description(column) for name, column in contract.columns.items()
        },
        "domain": contract.domain,
        "max_age": contract.freshness.max_age_duration,
        "stability": contract.stability,
        "inputs": None if contract.job is None else sorted(contract.job.inputs),
        "seed": contract.job is not None and "seed" in contract.job.parameters,
    }
    if contract.freshness.window is not None:
        fresh = contract.freshness
        policy["window"] = [fresh.window, fresh.due, fresh.calendar, fresh.holidays]
    for field in ("longest_gap", "seasons", "exceptions"):
        if getattr(contract.gate, field):
            policy[field] = getattr(contract.gate, field)
    if contract.sum_tolerance is not None:
        policy["sum_tolerance"] = contract.sum_tolerance
    return hashlib.sha256(msgspec.json.encode(policy, order="deterministic")).hexdigest()


def _severity(check: Check, contract: Contract) -> tuple[Severity | None, str]:
    """What the check may do at most, and who says so; limits of the contract's own keep the
    profile's severity away.
    """
    entry = contract.gate.checks.get(check.name, CheckPolicy())
    if entry.severity is not None:
        return entry.severity, "contract"
    profile = of_profile(check, contract.gate.profile) or CheckPolicy()
    if entry.warn is not None or entry.block is not None:
        return None, ""
    return profile.severity, f"profile {contract.gate.profile}"


def _first_of(
    contract: float | None, profile: float | None, default: float | None, profile_name: str
) -> SourcedLimit:
    named = ((contract, "contract"), (profile, profile_name), (default, "default"))
    candidates = (SourcedLimit(limit, source) for limit, source in named if limit is not None)
    return next(candidates, SourcedLimit(None, ""))


def _group_limits(
    own: GroupLimits,
    warn: float | None,
    block: float | None,
    worse: Side,
    severity: Severity | None,
) -> GroupLimits:
    """A group's limits: what it does not give is the check's, unless it would lie beyond what it
    does give.
    """
    warn = warn if own.warn is None else own.warn
    block = block if own.block is None else own.block
    if unusable_limits(warn, block, worse):
        warn, block = own.warn, own.block
    return GroupLimits(*with_severity(severity, warn, block, worse))


def _without_description(column: Any) -> dict[str, Any]:
    fields = msgspec.to_builtins(column)
    return {name: value for name, value in fields.items() if name != "description"}
