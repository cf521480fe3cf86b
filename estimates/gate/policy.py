"""The policy in force: the defaults of the registry, changed by the contract's profile and its
entries for checks.
"""

from __future__ import annotations

import hashlib
import math
from typing import Any

import msgspec

from estimates.contract.contract import Contract
from estimates.contract.gate_policy import CheckPolicy, GroupLimits, Side
from estimates.errors import InvalidError
from estimates.gate import custom_checks
from estimates.gate.check import Check, Limits
from estimates.gate.profiles import of_profile
from estimates.gate.registry import CHECKS


def checks_of(contract: Contract) -> list[Check]:
    """Every check of a set: those of the registry, then its own by name."""
    return [*CHECKS, *custom_checks.checks(contract)]


def limits_of(check: Check, contract: Contract) -> Limits:
    """The limits in force: those of the contract where it gives them, else the profile's, else the
    check's defaults.
    """
    given = contract.gate.checks.get(check.name, CheckPolicy())
    profile = of_profile(check, contract.gate.profile) or CheckPolicy()
    own = given.warn is not None or given.block is not None
    severity = given.severity or (None if own else profile.severity)
    if check.limits is not None:
        warn, block = check.limits(contract)
        source = {"warn": check.field, "block": check.field}
    else:
        (warn, warn_from), (block, block_from) = before_severity(check, contract)
        source = {"warn": warn_from, "block": block_from}
    if severity is not None:
        source |= {"severity": "contract" if given.severity else f"profile {contract.gate.profile}"}
    groups = {
        column: {
            value: _group(own, warn, block, check.worse, severity) for value, own in values.items()
        }
        for column, values in given.groups.items()
    }
    limits = held_to(severity, warn, block, check.worse)
    told = {name: where or "" for name, where in source.items()}
    first = limits[1] if severity == "block" else limits[0]
    # the stricter limit, wherever that one came from
    if severity is not None and first is not None:
        told[severity] = told["warn" if first == warn else "block"]
    return Limits(check.name, *limits, given.off, severity, groups, told)


def before_severity(
    check: Check, contract: Contract
) -> tuple[tuple[float | None, str], tuple[float | None, str]]:
    """Warning and blocking limit of a check that has limits of its own, each with its source; see
    `limits_of`.

    A contract that gives the blocking limit alone, and one stricter than the warning limit, does
    away with the warning.
    """
    given = contract.gate.checks.get(check.name, CheckPolicy())
    profile = of_profile(check, contract.gate.profile) or CheckPolicy()
    warn = _first(given.warn, profile.warn, check.warn, contract)
    block = _first(given.block, profile.block, check.block, contract)
    unseen = given.warn is None and _beyond(warn[0], block[0], check.worse)
    return (None, "") if unseen else warn, block


def held_to(
    severity: str | None, warn: float | None, block: float | None, worse: Side
) -> tuple[float | None, float | None]:
    """The limits once a severity has said what the check may do: block beyond the stricter, only
    warn there, neither.

    A check without limits stays without.
    """
    stricter = [limit for limit in (warn, block) if limit is not None]
    if severity is None or not stricter:
        return warn, block
    first = min(stricter) if worse == "above" else max(stricter)
    return {"block": (None, first), "warn": (first, None), "report": (None, None)}[severity]


def policy_digest(contract: Contract) -> str:
    """SHA-256 of all that decides a verdict besides the data: every check's limits and what the
    contract promises.

    Left out is what moves no verdict: descriptions, owner, cadence, retention, who promotes, the
    job's function.
    """
    policy = {
        "checks": [_decides(limits_of(check, contract)) for check in checks_of(contract)],
        "custom": contract.gate.custom,
        "key": {name: _facts(column) for name, column in contract.key.items()},
        "columns": {name: _facts(column) for name, column in contract.columns.items()},
        "domain": contract.domain,
        "max_age": contract.freshness.max_age_duration,
        "stability": contract.stability,
        "inputs": None if contract.job is None else sorted(contract.job.inputs),
        "seed": contract.job is not None and "seed" in contract.job.parameters,
    }
    return hashlib.sha256(msgspec.json.encode(policy, order="deterministic")).hexdigest()


def validate_policy(contract: Contract) -> None:
    """Refuse a gate policy that the registry cannot follow.

    Raises InvalidError `bad_contract`, with the path and what is allowed: an unknown check, limits
    or `off` for a check that takes none, a limit that is no finite number, a warning limit beyond
    the blocking one, groups by a column that the contract does not have, a check of the set's own
    with the name of another one.
    """
    checks = {check.name: check for check in CHECKS}
    for name, given in contract.gate.checks.items():
        path = f"{contract.name}: gate.checks.{name}"
        check = checks.get(name)
        if check is None:
            raise InvalidError(
                "bad_contract", f"{path}: no such check; allowed: {', '.join(adjustable())}"
            )
        problem = _problem(check, given, contract)
        if problem:
            raise InvalidError("bad_contract", f"{path}{problem}")
    for name, own in contract.gate.custom.items():
        path = f"{contract.name}: gate.custom.{name}"
        if name in checks:
            raise InvalidError(
                "bad_contract", f"{path}: the gate has a check of this name; choose another one"
            )
        problem = _beyond(own.warn, own.block, own.worse)
        if problem:
            raise InvalidError("bad_contract", f"{path}{problem}")


def adjustable() -> list[str]:
    """Names of the checks that a contract may adjust, in the order of the registry."""
    return [check.name for check in CHECKS if check.waivable]


def _first(
    given: float | None, profile: float | None, default: float | None, contract: Contract
) -> tuple[float | None, str]:
    named = (
        (given, "contract"),
        (profile, f"profile {contract.gate.profile}"),
        (default, "default"),
    )
    return next(((limit, source) for limit, source in named if limit is not None), (None, ""))


def _group(
    own: GroupLimits, warn: float | None, block: float | None, worse: Side, severity: str | None
) -> GroupLimits:
    """A group's limits: what it does not give is the check's, unless it would lie beyond what it
    does give.
    """
    given = (own.warn, own.block)
    warn = warn if own.warn is None else own.warn
    block = block if own.block is None else own.block
    if _beyond(warn, block, worse):
        warn, block = given
    return GroupLimits(*held_to(severity, warn, block, worse))


def _decides(limits: Limits) -> Limits:
    return msgspec.structs.replace(limits, source={})


def _facts(column: Any) -> dict[str, Any]:
    return {
        name: value for name, value in msgspec.to_builtins(column).items() if name != "description"
    }


def _problem(check: Check, given: CheckPolicy, contract: Contract) -> str | None:
    """What is wrong with one entry, as the end of its path and a sentence; None when nothing is."""
    if not check.waivable:
        return f": every version must pass this check, it cannot be adjusted; allowed: {', '.join(adjustable())}"
    if check.field is not None and (given.warn is not None or given.block is not None):
        level = "warn" if given.warn is not None else "block"
        return f".{level}: this limit is {check.field} of the contract; here only 'off' and 'severity' are allowed"
    block = limits_of(check, contract).block if given.severity is None else given.block
    block = block if given.block is None else given.block
    problem = _beyond(given.warn, block, check.worse)
    if problem or not given.groups:
        return problem
    if not check.by_key:
        return ".groups: this check is about the version as a whole"
    for column, values in given.groups.items():
        if column not in contract.key and column not in contract.columns:
            return f".groups: {column!r} is no column of the contract"
        for value, limits in values.items():
            problem = _beyond(
                limits.warn, block if limits.block is None else limits.block, check.worse
            )
            if problem:
                return f".groups.{column}.{value}{problem}"
    return None


def _beyond(warn: float | None, block: float | None, worse: Side) -> str | None:
    for level, value in (("warn", warn), ("block", block)):
        if value is not None and not math.isfinite(value):
            return f'.{level}: a limit is a finite number, not {value}; to stop the check write off = "reason"'
    if (
        warn is not None
        and block is not None
        and (warn > block if worse == "above" else warn < block)
    ):
        return f": warn = {warn} lies beyond block = {block}, so it would never be seen"
    return None
