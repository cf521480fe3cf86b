"""Stage 2, the domain: is every key there that the contract asks for, and none that it does not
know?
"""

from __future__ import annotations

from estimates.contract.contract import Contract, OpenDomain
from estimates.gate.cells import missing
from estimates.gate.check import Measure, Skip
from estimates.gate.evaluation_context import Case


def domain_missing(case: Case) -> Measure | Skip:
    """Protects from estimates that were left out. Metric: share of the domain's keys without a row.

    Block above its allow_missing (default 0). Source: gate.md 16.
    """
    domain = case.domain
    if domain is None:
        return Skip("not_in_contract")
    absent = domain.join(case.frame.select(case.key), on=case.key, how="anti").sort(case.key)
    n = domain.height
    return Measure(
        absent.height / max(n, 1),
        n,
        f"{absent.height} of {n} keys of the domain missing",
        lots=missing(case, absent, "missing"),
    )


def domain_outside(case: Case) -> Measure | Skip:
    """Protects from keys nobody asked for. Metric: keys outside a closed domain. Block above 0.
    Source: gate.md 16.
    """
    domain = case.domain
    if domain is None:
        return Skip("not_in_contract")
    stray = case.frame.select(case.key).join(domain, on=case.key, how="anti").sort(case.key)
    n = case.frame.height
    return Measure(
        stray.height,
        n,
        f"{stray.height} of {n} keys outside the domain",
        lots=missing(case, stray, "outside the domain"),
    )


def allow_missing(contract: Contract) -> tuple[float | None, float | None]:
    """The limits of `domain_missing`."""
    return None, None if isinstance(contract.domain, OpenDomain) else contract.domain.allow_missing
