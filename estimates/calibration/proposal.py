"""What is proposed for a set: limits and bands of single checks, and the diff that brings them
about.
"""

from __future__ import annotations

import msgspec

from estimates.contract.gate_policy import Profile, Side, Unit

Band = tuple[float, float]  # the least and the largest usual value


class Proposal(msgspec.Struct, frozen=True):
    """One check: what the promoted versions did, what holds now, what is proposed.

    n              how many moves the check had a value for
    median, q99    of these values; of a check that is worse below, q99 is the 1 % quantile
    noise          the value of a rerun against the stored version; null where none was made
    warn, block    limits in force; null is no limit
    new_warn, new_block   proposed ones; the same as before where `reason` says why nothing is
                          proposed
    usual, new_usual      the band in force, and the proposed one; null is none
    """

    number: int
    name: str
    unit: Unit
    worse: Side
    n: int
    median: float | None
    q99: float | None
    noise: float | None
    warn: float | None
    block: float | None
    new_warn: float | None
    new_block: float | None
    reason: str | None = None
    usual: Band | None = None
    new_usual: Band | None = None


class Suggestion(msgspec.Struct, frozen=True):
    """Proposed limits of a set, and the diff of its contract that brings them about; nothing is
    changed by it.

    versions  how many moves from one promoted version to the next they come from
    noise     why the noise is not known, or null when it is or was not asked for
    profile   the profile that is proposed; null where the one in force stays
    blocked, blocked_then  how many of these moves the policy in force would block, and the same
                           policy with the proposed profile
    """

    set: str
    contract_revision: int
    versions: int
    checks: list[Proposal]
    diff: str
    noise: str | None = None
    profile: Profile | None = None
    blocked: int = 0
    blocked_then: int | None = None
