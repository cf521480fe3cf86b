"""A check: one rule of the gate, what it protects from, how it measures, its default limits; and
what it gives back.
"""

from collections.abc import Callable
from typing import Literal

import msgspec

from estimates.contract.contract import Contract
from estimates.contract.gate_policy import Side, Unit
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.offenders import OffenderGroup
from estimates.gate.verdict import Offender

# Checks without which no row can be named by its key: without them nothing can be said about rows.
ROWS_READABLE = ("keys", "not_empty")
FIRST_CUSTOM_NUMBER = 101  # from this number on, checks are those that a contract adds


class Measure(msgspec.Struct, frozen=True):
    """What a check measured; the gate compares `value` with the limits in force.

    n, coverage      on how many keys (or things) the value rests, and which share of all it is;
                     None: of nothing
    message          one sentence for a person
    offenders        what speaks against the candidate as a whole, or examples of it, worst first
    offender_groups  all the rows that speak against it
    warn, block      limits measured with the value; they hold where neither contract nor profile
                     has any
    """

    value: float
    n: int
    message: str
    coverage: float | None = 1.0
    offenders: list[Offender] = []
    offender_groups: list[OffenderGroup] = []
    warn: float | None = None
    block: float | None = None

    @property
    def offending(self) -> int:
        """How many offenders there are."""
        return len(self.offenders) + sum(group.count for group in self.offender_groups)


class Skip(Exception):  # noqa: N818 (no error: a reason to say nothing)
    """The check does not apply; its argument is a stable word such as `not_in_contract`."""


class Check(msgspec.Struct, frozen=True):
    """One rule of the gate; the registry is the list of them.

    number, name   as in docs/checks.md; checks of one number belong to one rule, and numbers rise
                   in the order in which checks run
    measure        the function that computes the metric; it raises `Skip` where it does not apply
    purpose        what it protects from, in words
    metric         what `measure` computes, in words
    source         where the formula is defined, and where its limits come from
    warn, block    default limits, inclusive; both None: the value is reported and cannot fail
    turned_on_by   what the contract has to have for it to apply, where not every contract has it
    field          the field of the contract that gives the limits in place of defaults
    limits         reads them from the contract: (warn, block)
    worse          on which side of its limits a value is bad
    waivable       False: it can neither be waived, nor turned off, nor get other limits
    by_key         False: it is about the version as a whole, not about single keys
    least          on fewer keys its value is chance, and it says nothing
    legend         what a newcomer has to know to read its value or its message, in a line
    remedy         what to do where the version is right and neither a waiver nor another limit is
                   the answer; COLUMN stands for the column, VALUE for a limit that it keeps
    halves         False: half of its limit means nothing (a ratio, a correlation)
    measures_limits  True: `measure` gives limits with the value
    depends_on     checks without which this one says nothing; default: those that make rows
                   readable by key, and for stage 3 that some of them can be compared
    baseline, actuals  whether it needs a baseline, or actual values; default: stages 3 and 4 do
    """

    number: int
    name: str
    title: str
    stage: Literal[1, 2, 3, 4]
    measure: Callable[[EvaluationContext], Measure]
    purpose: str = ""
    metric: str = ""
    turned_on_by: str = ""
    source: str = ""
    legend: str = ""
    remedy: str = ""
    least: int = 1
    unit: Unit = "count"
    warn: float | None = None
    block: float | None = None
    field: str | None = None
    limits: Callable[[Contract], tuple[float | None, float | None]] | None = None
    worse: Side = "above"
    waivable: bool = True
    by_key: bool = True
    halves: bool = True
    measures_limits: bool = False
    depends_on: tuple[str, ...] | None = None
    baseline: bool | None = None
    actuals: bool | None = None

    @property
    def needs(self) -> tuple[str, ...]:
        """`depends_on`, or its default."""
        if self.depends_on is not None:
            return self.depends_on
        return (*ROWS_READABLE, "comparable") if self.stage == 3 else ROWS_READABLE

    @property
    def needs_baseline(self) -> bool:
        """`baseline`, or its default."""
        return self.stage == 3 if self.baseline is None else self.baseline

    @property
    def needs_actuals(self) -> bool:
        """`actuals`, or its default."""
        return self.stage == 4 if self.actuals is None else self.actuals
