"""A case: what checks look at. Everything costly is computed once, when the first check asks for
it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import polars as pl

from estimates.contract.columns import key_text
from estimates.contract.conform import typed
from estimates.contract.contract import Contract
from estimates.errors import InvalidError
from estimates.gate.candidate import Candidate
from estimates.gate.check import SLACK, Check, Limits
from estimates.gate.domain_keys import domain_keys
from estimates.gate.production_history import Past
from estimates.stability.alignment import ascends

if TYPE_CHECKING:
    from estimates.accuracy.accuracy_report import Accuracy
    from estimates.accuracy.actuals import Actuals
    from estimates.catalog.records import Waiver
    from estimates.stability.aligned import Pair
    from estimates.stability.report import Report

T = TypeVar("T")


class Case:
    """One judgement: the contract, the candidate, the baseline, and what is derived from them.

    past     what the set's promoted versions say
    actuals  what was observed, for the checks of stage 4
    A check that cannot evaluate raises; the machinery turns that into the status `error`, which
    blocks.
    """

    def __init__(
        self,
        contract: Contract,
        candidate: Candidate,
        baseline: Candidate | None,
        judged_at: datetime,
        limits: dict[str, Limits],
        past: Past | None = None,
        actuals: Actuals | None = None,
    ) -> None:
        self.contract = contract
        self.candidate = candidate
        self.baseline = baseline
        self.judged_at = judged_at
        self.limits = dict(limits)
        self.past = past or Past()
        self.actuals = actuals
        self.key = list(contract.key)
        self.is_part = False  # some keys of another case
        self.waivers: Sequence[Waiver] = ()
        self.checks: dict[str, Check] = {}
        self._once: dict[str, Any] = {}
        self._parts: dict[tuple[str, str | None], Case] = {}

    @cached_property
    def frame(self) -> pl.DataFrame:
        """The candidate's rows in the contract's columns and types, sorted by key; NaN and
        duplicates still in it.
        """
        return self._rows if self.ascending else self._rows.sort(self.key, maintain_order=True)

    @cached_property
    def ascending(self) -> bool:
        """Whether the candidate came sorted by key, as a snapshot is, with no null in it and no key
        twice.
        """
        return _ascending(self._rows, self.key)

    @cached_property
    def _rows(self) -> pl.DataFrame:
        assert self.candidate.frame is not None, "the check must depend on `readable`"
        return typed(self.candidate.frame, self.contract)

    @cached_property
    def domain(self) -> pl.DataFrame | None:
        """Every key that the contract's domain asks for; None for an open domain."""
        return domain_keys(self.contract, self.candidate)

    @cached_property
    def before(self) -> pl.DataFrame:
        """The baseline's rows in the contract's columns and types, sorted by key."""
        assert self.baseline is not None, (
            "the machinery skips cross-version checks without a baseline"
        )
        for fault in self.baseline.faults.values():
            raise InvalidError("baseline_unreadable", f"the baseline is damaged: {fault}")
        if self.baseline.frame is None:
            raise InvalidError("baseline_unreadable", "the baseline's Parquet file cannot be read")
        rows = typed(self.baseline.frame, self.contract)
        return rows if _ascending(rows, self.key) else rows.sort(self.key, maintain_order=True)

    def group(self, column: str, value: str) -> Case:
        """The keys of one group alone: those that the candidate, or else the baseline, puts there."""
        if (column, value) not in self._parts:
            self._parts[column, value] = self.part(self._members(column, [value]), inside=True)
        return self._parts[column, value]

    def outside(self, groups: dict[str, list[str]]) -> Case:
        """The keys that are in none of these groups, by column."""
        keys = [self._members(column, values) for column, values in groups.items()]
        return self.part(pl.concat(keys), inside=False)

    def part(self, keys: pl.DataFrame, *, inside: bool) -> Case:
        """The same case of some keys alone, or of all others; what the domain asks for is reduced
        as well.
        """
        how = "semi" if inside else "anti"

        def only(rows: pl.DataFrame) -> pl.DataFrame:
            return rows.join(keys.unique(), on=self.key, how=how, nulls_equal=True)

        baseline = self.baseline
        if baseline is not None and baseline.frame is not None and not baseline.faults:
            baseline = msgspec.structs.replace(baseline, frame=only(self.before), snapshot_id=None)
        candidate = msgspec.structs.replace(self.candidate, frame=only(self.frame))
        part = Case(
            self.contract, candidate, baseline, self.judged_at, self.limits, self.past, self.actuals
        )
        part.is_part = True
        if self.domain is not None:
            part.domain = only(self.domain)
        return part

    def _members(self, column: str, values: list[str]) -> pl.DataFrame:
        rows = [
            self.frame.select(*self.key, column)
            if column not in self.key
            else self.frame.select(self.key)
        ]
        if self.baseline is not None:
            gone = self.before.join(self.frame, on=self.key, how="anti")
            rows.append(gone.select(rows[0].columns))
        if self.domain is not None and column in self.key:
            rows.append(self.domain.select(rows[0].columns))
        both = pl.concat(rows)
        texts = both.get_column(column).unique().drop_nulls()
        wanted = texts.filter(
            pl.Series([key_text(text) in values for text in texts], dtype=pl.Boolean)
        )
        return both.filter(pl.col(column).is_in(wanted.implode())).select(self.key)

    def once(self, what: str, make: Callable[[], T]) -> T:
        """What several checks need, computed for the first of them."""
        if what not in self._once:
            self._once[what] = make()
        return self._once[what]

    def limit(self, name: str) -> float:
        """Beyond what a check named so complains, for checks that name what is above it; no limit:
        infinity.
        """
        limits = self.limits[name]
        limit = next(
            (limit for limit in (limits.warn, limits.block) if limit is not None), math.inf
        )
        return limit + SLACK * abs(limit)

    @cached_property
    def pair(self) -> Pair:
        """Baseline and candidate, row beside row."""
        from estimates.stability.aligned import pair_up

        before, through = self.before, _through(self.candidate)
        assert self.baseline is not None
        return pair_up(before, self.frame, self.contract, _through(self.baseline), through)

    @property
    def report(self) -> Report:
        """The stability report of candidate against baseline."""
        report = self._report
        if isinstance(report, BaseException):
            raise report
        return report

    @cached_property
    def _report(self) -> Report | BaseException:
        # An exception is kept as well: every check that needs the report says the same, and diff
        # runs once.
        try:
            return self._diff()
        except (Exception, pl.exceptions.PanicException) as error:
            return error

    @cached_property
    def accuracy(self) -> Accuracy:
        """The candidate's scores, skill relative to the baseline; raises InvalidError
        (`no_matching_actuals`).
        """
        from estimates.accuracy.score import Other, score

        assert self.actuals is not None, (
            "the machinery skips checks with actual values where there are none"
        )
        before = None
        if self.baseline is not None:
            through, version = _through(self.baseline), self.baseline.version or 0
            before = Other(self.contract.name, version, self.before, self.contract, through)
        found = score(
            self.frame,
            self.actuals,
            self.contract,
            version=self.candidate.version or 0,
            contract_revision=0,
            through=_through(self.candidate),
            previous=before,
            baseline=before,
        )
        if not any(column.actuals for column in found.columns.values()):
            raise InvalidError(
                "no_matching_actuals",
                f"none of the {self.actuals.rows.height} keys with an actual value is a key of "
                f"{_label(self.candidate)} whose outcome its run had not seen",
            )
        return found

    def _diff(self) -> Report:
        from estimates.stability.diff import report_of

        pair = self.pair
        assert self.baseline is not None
        identical = (
            self.candidate.snapshot_id is not None
            and self.candidate.snapshot_id == self.baseline.snapshot_id
        )
        return report_of(
            pair, name_a=_label(self.baseline), name_b=_label(self.candidate), identical=identical
        )


def _ascending(rows: pl.DataFrame, key: list[str]) -> bool:
    return not any(rows[name].null_count() for name in key) and ascends(rows, key)


def _through(side: Candidate) -> datetime | None:
    return side.provenance.data_through if side.provenance else None


def _label(side: Candidate) -> str:
    return f"version {side.version}" if side.stored else "the file"
