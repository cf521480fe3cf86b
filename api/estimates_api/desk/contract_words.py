"""A contract in sentences: which keys there are, when versions come, what lets them through."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from estimates.contract.contract import Contract
from estimates.contract.domain import FileDomain, OpenDomain, ProductDomain, RollingDomain
from estimates.render.wording import percent
from estimates_api.desk.filters import period


def contract_words(contract: Contract) -> list[str]:
    """What a contract promises, a sentence each; names in it are those of its author."""
    return [*_keys(contract), *_times(contract), *_gate(contract), *_changes(contract)]


def _keys(contract: Contract) -> Iterator[str]:
    domain = contract.domain
    if isinstance(domain, RollingDomain):
        listed = f"{prod(map(len, domain.values.values())):,} series"
        steps = f"the next {domain.steps} steps of the calendar {domain.calendar}"
        yield f"Keys: {listed}, each for {steps} ({contract.target})."
    elif isinstance(domain, ProductDomain):
        sizes = [f"{len(values)} of {name}" for name, values in domain.values.items()]
        yield f"Keys: every combination of {' and '.join(sizes)}."
    elif isinstance(domain, FileDomain):
        yield f"Keys: those that {domain.file} lists."
    else:
        yield f"Keys: whatever a version has, {domain.minimum} at least."
    if not isinstance(domain, OpenDomain) and domain.allow_missing:
        yield f"Up to {percent(domain.allow_missing)} of them may be missing."


def _times(contract: Contract) -> Iterator[str]:
    fresh = contract.freshness
    if fresh.due:
        yield f"A version is due at {fresh.due} ({fresh.calendar})."
    elif fresh.cadence:
        yield f"A version comes every {period(fresh.cadence)}."
    if fresh.max_age:
        yield f"Data in production are at most {period(fresh.max_age, whole=True)} old."


def _gate(contract: Contract) -> Iterator[str]:
    gate = contract.gate
    passing = "A version that passes the gate goes to production "
    yield passing + ("by itself." if gate.promote == "automatic" else "when somebody promotes it.")
    if gate.approvals:
        people = "person has" if gate.approvals == 1 else "people have"
        yield f"{gate.approvals} other {people} to approve what loosens that."
    own = [f"{name} (off: {check.off})" for name, check in gate.checks.items() if check.off]
    if own:
        yield f"Not checked: {', '.join(own)}."
    if gate.custom:
        yield f"Checks of its own: {', '.join(c.title or n for n, c in gate.custom.items())}."


def _changes(contract: Contract) -> Iterator[str]:
    rules = contract.stability
    yield f"A change is material beyond {percent(rules.rtol)} of the value" + (
        f" and {rules.atol:g}." if rules.atol else "."
    )
    if rules.frozen_after:
        yield f"{rules.frozen_after} versions in a row should not say the same."
