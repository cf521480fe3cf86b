"""A check: one rule of the gate, what it may find, and the limits that it is held to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import msgspec

from estimates.contract.contract import Contract
from estimates.contract.gate_policy import GroupLimits, Severity, Side, Unit
from estimates.gate.offenders import Lot
from estimates.gate.verdict import Offender

if TYPE_CHECKING:
    from estimates.gate.evaluation_context import Case

# What says whether there are rows that can be told apart; without it nothing can be said about
# them.
ROWS = ("keys", "not_empty")
SLACK = 1e-12  # relative; a value that differs from its limit by rounding alone is at its limit
OWN = 101  # from this number on, checks are the set's own, and so are their limits


class Measure(msgspec.Struct, frozen=True):
    """What a check found; the machinery compares `value` with the limits in force and gives the
    status.

    n, coverage  on how many keys (or things) the value rests, and which share of those there are
                 that is
    message      one sentence for a person
    warn, block  limits that the case itself gives; in force where neither contract nor profile has
                 any
    offenders    what speaks against the candidate as a whole, or examples of it, worst first
    lots         all the rows that do
    """

    value: float
    n: int
    message: str
    coverage: float = 1.0
    offenders: list[Offender] = []
    lots: list[Lot] = []
    warn: float | None = None
    block: float | None = None

    @property
    def offending(self) -> int:
        """How many offenders there are."""
        return len(self.offenders) + sum(lot.count for lot in self.lots)


class Skip(msgspec.Struct, frozen=True):
    """The check does not apply; `reason` is a stable word such as `not_in_contract`."""

    reason: str


class Limits(msgspec.Struct, frozen=True):
    """What one check is held to in one set.

    severity  None: as the check has it; see `CheckPolicy`. `warn` and `block` already follow it
    groups    limits of single groups, by column and value
    off       the reason why it does not run
    source    where warn and block come from: `default`, `profile NAME`, `contract`, a field of the
              contract
    """

    name: str
    warn: float | None
    block: float | None
    off: str | None = None
    severity: Severity | None = None
    groups: dict[str, dict[str, GroupLimits]] = {}
    source: dict[str, str] = {}


class Check(msgspec.Struct, frozen=True):
    """One rule of the gate; the registry is the list of them.

    number, name   of gate.md; a number whose rule has two metrics has two checks
    measure        the function that computes the metric
    warn, block    default limits, inclusive; both None: the value is reported and cannot fail
    field          the field of the contract that gives the limits in place of defaults
    limits         reads them from the contract: (warn, block)
    worse          on which side of its limits a value is bad
    waivable       False: it can neither be waived, nor turned off, nor get other limits
    depends_on     checks without which this one says nothing; default: those that make rows
                   readable by key, and for stage 3 that some of them can be compared
    """

    number: int
    name: str
    title: str
    stage: Literal[1, 2, 3, 4]
    measure: Callable[[Case], Measure | Skip]
    unit: Unit = "count"
    warn: float | None = None
    block: float | None = None
    field: str | None = None
    limits: Callable[[Contract], tuple[float | None, float | None]] | None = None
    worse: Side = "above"
    waivable: bool = True
    by_key: bool = True
    halves: bool = True
    depends_on: tuple[str, ...] | None = None

    @property
    def needs(self) -> tuple[str, ...]:
        """`depends_on`, or its default."""
        if self.depends_on is not None:
            return self.depends_on
        return (*ROWS, "comparable") if self.stage == 3 else ROWS
