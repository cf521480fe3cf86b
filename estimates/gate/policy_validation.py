"""Refuse a contract whose gate policy the registry cannot follow."""

from collections.abc import Iterator

from estimates.contract.contract import Contract
from estimates.contract.contract_file import contract_error
from estimates.contract.field_errors import Fault
from estimates.contract.gate_policy import CheckPolicy
from estimates.contract.toml_lines import line_numbers
from estimates.gate.check import Check
from estimates.gate.custom_checks import unusable_queries
from estimates.gate.exceptions import excepted
from estimates.gate.limits import unusable_limits
from estimates.gate.policy import limits_of
from estimates.gate.registry import BY_NAME, CHECKS
from estimates.render.wording import did_you_mean


def validate_policy(contract: Contract, source: str | None = None, where: str = "") -> None:
    """Refuse a gate policy that the registry cannot follow.

    source, where  the contract's TOML and the name of its file, for the lines in the error
    Raises InvalidError `bad_contract`, with each path and what is allowed: an unknown check, limits
    or `off` for a check that takes none, a limit that is no finite number, a warning limit beyond
    the blocking one, groups by a column that the contract does not have, a check of the set's own
    with the name of another one, or with SQL that does not fit the set's columns.
    """
    faults = [
        Fault(("gate", table, name), problem.removeprefix(": "))
        for table, name, problem in _problems(contract)
    ]
    if faults:
        raise contract_error(where or contract.name, faults, line_numbers(source or ""))


def _problems(contract: Contract) -> Iterator[tuple[str, str, str]]:
    """Table and name of each entry that is wrong, and in what."""
    for name, entry in contract.gate.checks.items():
        if problem := _entry_problem(name, entry, contract):
            yield "checks", name, problem
    for entry in contract.gate.exceptions:
        ruled = excepted(contract, [entry])
        for name in entry.checks:
            if problem := _entry_problem(name, ruled.gate.checks[name], ruled):
                yield "exceptions", name, problem
    for name, custom in contract.gate.custom.items():
        problem = (
            ": the gate has a check of this name; choose another one"
            if name in BY_NAME
            else unusable_limits(custom.warn, custom.block, custom.worse)
            or unusable_queries(custom, contract)
        )
        if problem:
            yield "custom", name, problem


def _adjustable() -> str:
    """Names of the checks that a contract may adjust, in the order of the registry."""
    return ", ".join(check.name for check in CHECKS if check.waivable)


def _entry_problem(name: str, entry: CheckPolicy, contract: Contract) -> str | None:
    """What is wrong with one entry, as the end of its path and a sentence; None when nothing is."""
    check = BY_NAME.get(name)
    if check is None:
        return f": no such check{did_you_mean(name, BY_NAME)}; allowed: {_adjustable()}"
    if not check.waivable:
        return (
            f": every version must pass this check, it cannot be adjusted; allowed: {_adjustable()}"
        )
    if check.field is not None and (entry.warn is not None or entry.block is not None):
        level = "warn" if entry.warn is not None else "block"
        return (
            f".{level}: this limit is {check.field} of the contract; "
            "here only 'off' and 'severity' are allowed"
        )
    block = entry.block
    if block is None and entry.severity is None:
        block = limits_of(check, contract).block
    problem = unusable_limits(entry.warn, block, check.worse)
    if problem or not entry.groups:
        return problem
    return _groups_problem(check, entry, contract, block)


def _groups_problem(
    check: Check, entry: CheckPolicy, contract: Contract, block: float | None
) -> str | None:
    if not check.by_key:
        return ".groups: this check is about the version as a whole"
    for column, values in entry.groups.items():
        if column not in contract.key and column not in contract.columns:
            return f".groups: {column!r} is no column of the contract"
        for value, limits in values.items():
            group_block = block if limits.block is None else limits.block
            problem = unusable_limits(limits.warn, group_block, check.worse)
            if problem:
                return f".groups.{column}.{value}{problem}"
    return None
