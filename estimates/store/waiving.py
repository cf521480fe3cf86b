"""The rules by which a person may make an exception of a check; pure, they only look at the
contract.
"""

from __future__ import annotations

from collections.abc import Sequence

from estimates.contract.contract import Contract
from estimates.errors import InvalidError
from estimates.gate.policy import checks_of
from estimates.keys.key_form import Key, KeyForm


def check(
    contract: Contract, name: str, keys: Sequence[Key] | None, reason: str
) -> list[list[str]] | None:
    """The keys of a waiver as text, each once and sorted; None for a check as a whole.

    name  of the check, one of the gate's or of the set's own
    Raises InvalidError: `unknown_check`, `unwaivable` (every version must pass it), `not_by_key`
    (keys for a check that is about the version as a whole), `no_keys`, `key_parts`, `bad_key_part`,
    `reason_needed`.
    """
    checks = {one.name: one for one in checks_of(contract)}
    allowed = ", ".join(one.name for one in checks.values() if one.waivable)
    found = checks.get(name)
    if found is None:
        raise InvalidError(
            "unknown_check",
            f"{contract.name}: there is no check {name!r}; those to waive: {allowed}",
        )
    if not found.waivable:
        raise InvalidError(
            "unwaivable",
            f"{contract.name}: every version must pass {name}, it cannot be waived; "
            f"others can: {allowed}",
        )
    check_reason(reason)
    if keys is None:
        return None
    if not found.by_key:
        raise InvalidError(
            "not_by_key",
            f"{contract.name}: {name} is about the version as a whole; waive it without keys",
        )
    if not keys:
        raise InvalidError(
            "no_keys",
            f"{contract.name}: no keys are given; leave keys out to waive {name} as a whole",
        )
    form = KeyForm(contract)
    return [list(key) for key in sorted({tuple(form.texts(key)) for key in keys})]


def check_reason(reason: str) -> None:
    """Raises InvalidError `reason_needed`."""
    if not reason.strip():
        raise InvalidError("reason_needed", "say why (--reason); it is kept in the log")
