"""What a check gives back: a measured value with its offenders, or the reason why there is none."""

from __future__ import annotations

import msgspec

from estimates.gate.offenders import OffenderGroup
from estimates.gate.verdict import Offender


class Measure(msgspec.Struct, frozen=True):
    """What a check measured; the gate compares `value` with the limits in force.

    n, coverage      on how many keys (or things) the value rests, and which share of all it is
    message          one sentence for a person
    offenders        what speaks against the candidate as a whole, or examples of it, worst first
    offender_groups  all the rows that speak against it
    warn, block      limits measured with the value; they hold where neither contract nor profile
                     has any
    """

    value: float
    n: int
    message: str
    coverage: float = 1.0
    offenders: list[Offender] = []
    offender_groups: list[OffenderGroup] = []
    warn: float | None = None
    block: float | None = None

    @property
    def offending(self) -> int:
        """How many offenders there are."""
        return len(self.offenders) + sum(group.count for group in self.offender_groups)


class Skip(msgspec.Struct, frozen=True):
    """The check does not apply; `reason` is a stable word such as `not_in_contract`."""

    reason: str
