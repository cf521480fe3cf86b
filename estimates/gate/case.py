"""A case: what checks look at. Everything costly is computed once, when the first check asks for it."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import msgspec
import polars as pl

from estimates.contract import Contract
from estimates.errors import InvalidError
from estimates.frame import typed
from estimates.gate.candidate import Candidate
from estimates.gate.domain import domain_keys
from estimates.gate.verdict import Offender, Unit

if TYPE_CHECKING:
    from estimates.stability.report import Report


# What says whether there are rows that can be told apart; without it nothing can be said about them.
ROWS = ("keys", "not_empty")


class Measure(msgspec.Struct, frozen=True):
    """What a check found; the machinery compares `value` with the limits in force and gives the status.

    n, coverage  on how many keys (or things) the value rests, and which share of those there are that is
    message      one sentence for a person
    offending    how many offenders there are; `offenders` names the first 100, worst first
    """

    value: float
    n: int
    message: str
    coverage: float = 1.0
    offending: int = 0
    offenders: list[Offender] = []


class Skip(msgspec.Struct, frozen=True):
    """The check does not apply; `reason` is a stable word such as `not_in_contract`."""

    reason: str


class Limits(msgspec.Struct, frozen=True):
    """What one check is held to in one set; `off` is the reason why it does not run."""

    name: str
    warn: float | None
    block: float | None
    off: str | None = None


class Case:
    """One judgement: the contract, the candidate, the baseline, and what is derived from them.

    A check that cannot evaluate raises; the machinery turns that into the status `error`, which blocks.
    """

    def __init__(
        self,
        contract: Contract,
        candidate: Candidate,
        baseline: Candidate | None,
        judged_at: datetime,
        limits: dict[str, Limits],
    ) -> None:
        self.contract = contract
        self.candidate = candidate
        self.baseline = baseline
        self.judged_at = judged_at
        self.limits = limits
        self.key = list(contract.key)

    @cached_property
    def frame(self) -> pl.DataFrame:
        """The candidate's rows in the contract's columns and types, sorted by key; NaN and duplicates still in it."""
        assert self.candidate.frame is not None, "the check must depend on `readable`"
        return typed(self.candidate.frame, self.contract).sort(self.key, maintain_order=True)

    @cached_property
    def domain(self) -> pl.DataFrame | None:
        """Every key that the contract's domain asks for; None for an open domain."""
        return domain_keys(self.contract, self.candidate)

    def limit(self, name: str) -> float:
        """From where on a check named so complains, for checks that name the keys beyond it; no limit: infinity."""
        limits = self.limits[name]
        return next((limit for limit in (limits.warn, limits.block) if limit is not None), math.inf)

    @property
    def report(self) -> Report:
        """The stability report of candidate against baseline."""
        report = self._report
        if isinstance(report, BaseException):
            raise report
        return report

    @cached_property
    def _report(self) -> Report | BaseException:
        # An exception is kept as well: every check that needs the report says the same, and diff runs once.
        try:
            return self._diff()
        except (Exception, pl.exceptions.PanicException) as error:
            return error

    def _diff(self) -> Report:
        from estimates.stability import diff

        assert self.baseline is not None, "the machinery skips cross-version checks without a baseline"
        for fault in self.baseline.faults.values():
            raise InvalidError("baseline_unreadable", f"the baseline is damaged: {fault}")
        if self.baseline.frame is None:
            raise InvalidError("baseline_unreadable", "the baseline's Parquet file cannot be read")
        identical = self.candidate.snapshot_id is not None and self.candidate.snapshot_id == self.baseline.snapshot_id
        return diff(
            typed(self.baseline.frame, self.contract).sort(self.key),
            self.frame,
            self.contract,
            through_a=_through(self.baseline),
            through_b=_through(self.candidate),
            name_a=_label(self.baseline),
            name_b=_label(self.candidate),
            identical=identical,
        )


class Check(msgspec.Struct, frozen=True):
    """One rule of the gate; the registry is the list of them.

    number, name   of gate.md; a number whose rule has two metrics has two checks
    measure        the function that computes the metric
    warn, block    default limits, inclusive; both None: the value is reported and cannot fail
    field          the field of the contract that gives the limits in place of defaults
    limits         reads them from the contract: (warn, block)
    worse          on which side of its limits a value is bad
    waivable       False: it can neither be waived, nor turned off, nor get other limits
    depends_on     checks without which this one says nothing; default: those that make rows readable by key
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
    worse: Literal["above", "below"] = "above"
    waivable: bool = True
    depends_on: tuple[str, ...] = ROWS


def _through(side: Candidate) -> datetime | None:
    return side.provenance.data_through if side.provenance else None


def _label(side: Candidate) -> str:
    return f"version {side.version}" if side.stored else "the file"
