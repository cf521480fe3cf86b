"""Limits of some days: what the contract's exceptions say of a candidate whose data end then."""

from __future__ import annotations

from datetime import UTC, date

import msgspec

from estimates.contract.contract import Contract
from estimates.contract.gate_policy import CheckPolicy, GateException
from estimates.gate.candidate import Candidate


def exceptions_of(contract: Contract, candidate: Candidate) -> list[GateException]:
    """The exceptions for the day, in UTC, on which the candidate's data end."""
    if candidate.provenance is None:
        return []
    day = candidate.provenance.data_through.astimezone(UTC).date()
    return [entry for entry in contract.gate.exceptions if entry.first <= day <= entry.last]


def excepted(contract: Contract, exceptions: list[GateException]) -> Contract:
    """The contract with the limits of exceptions in place of its own; of several for one check the
    last counts.
    """
    if not exceptions:
        return contract
    checks = dict(contract.gate.checks)
    for entry in exceptions:
        for name, policy in entry.checks.items():
            checks[name] = _over(policy, checks.get(name, CheckPolicy()))
    gate = msgspec.structs.replace(contract.gate, checks=checks)
    return msgspec.structs.replace(contract, gate=gate)


def reason_text(entry: GateException) -> str:
    """An exception in a line: its days, its reason, its checks."""
    days = _days(entry.first, entry.last)
    return f"{days}: {entry.reason} ({', '.join(entry.checks)})"


def _days(first: date, last: date) -> str:
    return f"{first}" if first == last else f"{first} to {last}"


def _over(policy: CheckPolicy, usual: CheckPolicy) -> CheckPolicy:
    """What an exception gives, else what is usual."""
    fields = {
        name: value for name, value in msgspec.structs.asdict(policy).items() if value or value == 0
    }
    return msgspec.structs.replace(usual, **fields)
