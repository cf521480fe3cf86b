"""The policy in force: the defaults of the registry, changed by the contract."""

from __future__ import annotations

import hashlib
import math
from typing import Any

import msgspec

from estimates.contract import CheckPolicy, Contract
from estimates.errors import InvalidError
from estimates.gate.case import Check, Limits
from estimates.gate.registry import CHECKS


def limits_of(check: Check, contract: Contract) -> Limits:
    """The limits in force: those of the contract where it gives them, else the check's defaults."""
    given = contract.gate.checks.get(check.name, CheckPolicy())
    if check.limits is not None:
        return Limits(check.name, *check.limits(contract), given.off)
    warn = check.warn if given.warn is None else given.warn
    block = check.block if given.block is None else given.block
    return Limits(check.name, warn, block, given.off)


def policy_digest(contract: Contract) -> str:
    """SHA-256 of all that decides a verdict besides the data: every check's limits and what the contract promises.

    Left out is what moves no verdict: descriptions, owner, cadence, retention, who promotes, the job's function.
    """
    policy = {
        "checks": [limits_of(check, contract) for check in CHECKS],
        "key": {name: _facts(column) for name, column in contract.key.items()},
        "columns": {name: _facts(column) for name, column in contract.columns.items()},
        "domain": contract.domain,
        "max_age": contract.freshness.max_age_duration,
        "stability": contract.stability,
        "inputs": None if contract.job is None else sorted(contract.job.inputs),
        "seed": contract.job is not None and "seed" in contract.job.parameters,
    }
    return hashlib.sha256(msgspec.json.encode(policy, order="deterministic")).hexdigest()


def _facts(column: Any) -> dict[str, Any]:
    return {name: value for name, value in msgspec.to_builtins(column).items() if name != "description"}


def validate_policy(contract: Contract) -> None:
    """Refuse a gate policy that the registry cannot follow.

    Raises InvalidError `bad_contract`, with the path and what is allowed: an unknown check, limits or `off` for a check
    that takes none, a limit that is no finite number, a warning limit beyond the blocking one.
    """
    checks = {check.name: check for check in CHECKS}
    for name, given in contract.gate.checks.items():
        path = f"{contract.name}: gate.checks.{name}"
        check = checks.get(name)
        if check is None:
            raise InvalidError("bad_contract", f"{path}: no such check; allowed: {', '.join(adjustable())}")
        problem = _problem(check, given)
        if problem:
            raise InvalidError("bad_contract", f"{path}{problem}")


def adjustable() -> list[str]:
    """Names of the checks that a contract may adjust, in the order of the registry."""
    return [check.name for check in CHECKS if check.waivable]


def _problem(check: Check, given: CheckPolicy) -> str | None:
    """What is wrong with one entry, as the end of its path and a sentence; None when nothing is."""
    if not check.waivable:
        return f": every version must pass this check, it cannot be adjusted; allowed: {', '.join(adjustable())}"
    for level, value in (("warn", given.warn), ("block", given.block)):
        if value is None:
            continue
        if check.field is not None:
            return f".{level}: this limit is {check.field} of the contract; here only 'off' is allowed"
        if not math.isfinite(value):
            return f'.{level}: a limit is a finite number, not {value}; to stop the check write off = "reason"'
    if given.warn is not None and given.block is not None:
        beyond = given.warn > given.block if check.worse == "above" else given.warn < given.block
        if beyond:
            return f": warn = {given.warn} lies beyond block = {given.block}, so it would never be seen"
    return None
