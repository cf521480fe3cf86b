"""What checks look at. Everything costly is computed once, when the first check asks for it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec
import polars as pl

from estimates.catalog.records import Waiver
from estimates.contract.columns import key_text
from estimates.contract.conform import typed
from estimates.contract.contract import Contract
from estimates.contract.probability_sums import sum_tolerance
from estimates.errors import InvalidError
from estimates.gate.candidate import Candidate
from estimates.gate.domain_keys import domain_keys
from estimates.gate.duplicate_rows import (
    MANY_COLUMNS,
    Duplicates,
    duplicates,
    duplicates_of_distinct,
)
from estimates.gate.limits import SLACK, CheckLimits
from estimates.gate.production_history import ProductionHistory
from estimates.gate.shared_pair import SharedPair
from estimates.stability.alignment import ascends

if TYPE_CHECKING:  # loaded by the first check that needs them
    from estimates.accuracy.accuracy_report import Accuracy
    from estimates.accuracy.actuals import Actuals
    from estimates.stability.aligned import AlignedVersions
    from estimates.stability.kernels.sorted_runs import SortedRuns
    from estimates.stability.report import Report


class EvaluationContext(msgspec.Struct, dict=True, eq=False):
    """One evaluation: the contract, the candidate, the baseline, and what is derived from them.

    limits           those in force, by name of the check
    history          what the set's promoted versions say
    actuals          what was observed, for the checks of stage 4
    waivers          those in force; waiver_problems: why some of them count for nothing, by id
    shared           candidate and baseline together, unread, where they share rows
    A check that cannot evaluate raises; the gate turns that into the status `error`, which blocks.
    """

    contract: Contract
    candidate: Candidate
    baseline: Candidate | None
    judged_at: datetime
    limits: dict[str, CheckLimits]
    history: ProductionHistory = ProductionHistory()
    actuals: Actuals | None = None
    waivers: Sequence[Waiver] = ()
    waiver_problems: Mapping[int, str] = {}
    shared: SharedPair | None = None
    is_subset: bool = False  # some keys of another context
    _groups: dict[tuple[str, str], EvaluationContext] = {}

    @cached_property
    def key(self) -> list[str]:
        """The key columns."""
        return list(self.contract.key)

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
        return typed(self.stored_frame, self.contract)

    @cached_property
    def stored_frame(self) -> pl.DataFrame:
        """The candidate's rows as they were read."""
        if self.candidate.frame is None and self.shared is not None:
            return self.shared.all_rows()[1]
        assert self.candidate.frame is not None, "the check must depend on `readable`"
        return self.candidate.frame

    @property
    def compared_rows(self) -> pl.DataFrame:
        """The candidate's rows that stand in `pair`: all, or those that it alone has."""
        return self.frame if self._shared_report is None else self._unshared_rows[1]

    @property
    def compared_baseline(self) -> pl.DataFrame:
        """The baseline's rows that stand in `pair`."""
        return self.baseline_frame if self._shared_report is None else self._unshared_rows[0]

    @cached_property
    def _unshared_rows(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        assert self.shared is not None
        a, b = self.shared.unshared_rows
        return typed(a, self.contract), typed(b, self.contract)

    @property
    def height(self) -> int:
        """How many rows the candidate has."""
        return self.frame.height if self._shared_report is None else self._shared_rows[1]

    @property
    def schema(self) -> dict[str, pl.DataType]:
        """The candidate's columns and their types."""
        return dict(self.compared_rows.schema)

    @property
    def stored_schema(self) -> dict[str, pl.DataType]:
        """The columns and types that were read, whatever the contract says."""
        if self._shared_report is not None and self.shared is not None:
            return dict(self.shared.unshared_rows[1].schema)
        return dict(self.stored_frame.schema)

    @property
    def stored_rows(self) -> int | None:
        """How many rows were read; None where none could be."""
        if self.candidate.frame is None:
            return None if self.shared is None else self.height
        return self.candidate.frame.height

    @property
    def is_ascending(self) -> bool:
        """Whether `compared_rows` came sorted by key, with no null in it and no key twice."""
        return self.ascending if self._shared_report is None else True

    def shared_numbers(self, column: str) -> SortedRuns | None:
        """All numbers of a column of the candidate in order, where it shares rows."""
        shared = self._shared_report
        return None if shared is None else shared.pair.numbers_of_new(column)

    @property
    def _shared_rows(self) -> tuple[int, int]:
        assert self.shared is not None
        return self.shared.rows

    def count(self, rules: Sequence[pl.Expr]) -> list[int]:
        """How many of the candidate's rows fulfil each of some conditions."""
        sums = [rule.sum().alias(str(i)) for i, rule in enumerate(rules)]
        counts = [int(number) for number in self.compared_rows.select(sums).row(0)] if sums else []
        shared = self.count_shared(rules)
        return [a + b for a, b in zip(counts, shared, strict=True)]

    def count_shared(self, rules: Sequence[pl.Expr]) -> list[int]:
        """How many rows fulfil each of some conditions, of those that are not in
        `compared_rows`.
        """
        if self._shared_report is None or self.shared is None:
            return [0] * len(rules)
        return self.shared.count(rules)

    @cached_property
    def domain(self) -> pl.DataFrame | None:
        """Every key that the contract's domain asks for, but for erased ones; None for an open
        domain.
        """
        keys, of_erased = domain_keys(self.contract, self.candidate), self.candidate.of_erased
        return keys if keys is None or of_erased is None else keys.filter(~of_erased(keys))

    @cached_property
    def baseline_frame(self) -> pl.DataFrame:
        """The baseline's rows in the contract's columns and types, sorted by key.

        Raises InvalidError (`baseline_unreadable`).
        """
        assert self.baseline is not None, "checks that compare are skipped without a baseline"
        for fault in self.baseline.faults.values():
            raise InvalidError("baseline_unreadable", f"the baseline is damaged: {fault}")
        frame = self.baseline.frame
        if frame is None and self.shared is not None:
            frame = self.shared.all_rows()[0]
        if frame is None:
            raise InvalidError("baseline_unreadable", "the baseline's Parquet file cannot be read")
        rows = typed(frame, self.contract)
        return rows if _ascending(rows, self.key) else rows.sort(self.key, maintain_order=True)

    @cached_property
    def sum_tolerance(self) -> float:
        """How far the candidate's probabilities may add up to other than 1."""
        return sum_tolerance(self.contract, self._rows)

    @cached_property
    def duplicates(self) -> Duplicates:
        """The candidate's rows whose estimates another row has too."""
        rows = self._shared_report
        if rows is not None and rows.pair.has_distinct_column():
            return Duplicates(self.compared_rows.clear(), self.height)
        shared = self._shared_duplicates("b")
        return duplicates_of_distinct(self.frame, self.contract) if shared is None else shared

    @cached_property
    def duplicates_before(self) -> Duplicates:
        """The same of the baseline's rows."""
        shared = self._shared_duplicates("a")
        return duplicates(self.baseline_frame, self.contract) if shared is None else shared

    def _shared_duplicates(self, side: Literal["a", "b"]) -> Duplicates | None:
        """The same, of versions that share rows, by what is known of these."""
        columns = list(self.contract.judged)
        few = 0 < sum(self.schema[name].is_float() for name in columns) < MANY_COLUMNS
        if self._shared_report is None or self.shared is None or not few:
            return None
        rows = self.shared.duplicates(side, columns)
        own = self.compared_rows if side == "b" else self.compared_baseline
        nothing = pl.all_horizontal(pl.col(columns).is_null())
        empty = int(own.select(nothing.sum()).item()) + self.count_shared([nothing])[0]
        height = self._shared_rows[side == "b"]
        return Duplicates(typed(rows, self.contract), height - empty)

    def group(self, column: str, value: str) -> EvaluationContext:
        """The keys that the candidate, or else the baseline or the domain, puts into one group."""
        if (column, value) not in self._groups:
            members = self._members(column, [value])
            self._groups[column, value] = self.subset(members, inside=True)
        return self._groups[column, value]

    def outside_groups(self, groups: Mapping[str, Sequence[str]]) -> EvaluationContext:
        """The keys that are in none of these groups, by column."""
        members = [self._members(column, values) for column, values in groups.items()]
        return self.subset(pl.concat(members), inside=False)

    def subset(self, keys: pl.DataFrame, *, inside: bool) -> EvaluationContext:
        """The same for some keys only, or for all others; the domain is reduced as well."""
        how = "semi" if inside else "anti"

        def reduced(rows: pl.DataFrame) -> pl.DataFrame:
            return rows.join(keys.unique(), on=self.key, how=how, nulls_equal=True)

        baseline = self.baseline
        is_read = baseline is not None and (baseline.frame is not None or self.shared is not None)
        if baseline is not None and is_read and not baseline.faults:
            before = reduced(self.baseline_frame)
            baseline = msgspec.structs.replace(baseline, frame=before, snapshot_id=None)
        context = EvaluationContext(
            self.contract,
            msgspec.structs.replace(self.candidate, frame=reduced(self.frame)),
            baseline,
            self.judged_at,
            dict(self.limits),
            self.history,
            self.actuals,
            is_subset=True,
        )
        if self.domain is not None:
            context.domain = reduced(self.domain)
        context.sum_tolerance = self.sum_tolerance  # of a whole version, not of some of its rows
        return context

    def _members(self, column: str, values: Sequence[str]) -> pl.DataFrame:
        """The keys whose column has one of these values, which are text."""
        columns = self.key if column in self.key else [*self.key, column]
        rows = [self.frame.select(columns)]
        if self.baseline is not None:
            removed = self.baseline_frame.join(self.frame, on=self.key, how="anti")
            rows.append(removed.select(columns))
        if self.domain is not None and column in self.key:
            rows.append(self.domain.select(columns))
        keys = pl.concat(rows)
        distinct = keys.get_column(column).unique().drop_nulls()
        named = pl.Series([key_text(value) in values for value in distinct], dtype=pl.Boolean)
        is_member = pl.col(column).is_in(distinct.filter(named).implode())
        return keys.filter(is_member).select(self.key)

    def limit(self, name: str) -> float:
        """The limit beyond which a check names what it measured; no limit: infinity."""
        limits = self.limits[name]
        limit = next(
            (limit for limit in (limits.warn, limits.block) if limit is not None), math.inf
        )
        return limit + SLACK * abs(limit)

    @cached_property
    def pair(self) -> AlignedVersions:
        """Baseline and candidate, row beside row."""
        from estimates.stability.aligned import align_versions

        assert self.baseline is not None
        if self._shared_report is not None:
            return self._shared_report.pair
        before = self.baseline_frame
        through = _through(self.candidate)
        return align_versions(before, self.frame, self.contract, _through(self.baseline), through)

    @property
    def report(self) -> Report:
        """The stability report of candidate against baseline."""
        report = self._report
        if isinstance(report, BaseException):
            raise report
        return report

    @property
    def measured_report(self) -> Report | None:
        """The report, if a check asked for it and it could be made; nothing is computed."""
        report = self.__dict__.get("_report")
        return None if isinstance(report, BaseException) else report

    @cached_property
    def _report(self) -> Report | BaseException:
        # An exception is remembered as well: every check that needs the report says the same, and
        # the comparison runs once.
        try:
            return self._compare()
        except (Exception, pl.exceptions.PanicException) as error:
            return error

    def _compare(self) -> Report:
        from estimates.stability.diff import report_of

        if self._shared_report is not None:
            return self._shared_report.report
        pair = self.pair
        assert self.baseline is not None
        snapshot_id = self.candidate.snapshot_id
        identical = snapshot_id is not None and snapshot_id == self.baseline.snapshot_id
        a, b = _label(self.baseline), _label(self.candidate)
        return report_of(pair, name_a=a, name_b=b, identical=identical)

    @cached_property
    def _shared_report(self) -> _SharedReport | None:
        """Pair and report without the rows that both versions have; None where all are needed, or
        where something is wrong, which is then found out in looking at all.
        """
        if self.shared is None or self.baseline is None:
            return None
        from estimates.stability.diff import report_of

        a, b = _label(self.baseline), _label(self.candidate)

        try:
            pair = self.shared.pair(self.contract)
            report = report_of(pair, name_a=a, name_b=b)
            self.shared.remember(pair)
            return _SharedReport(pair, report)
        except (Exception, pl.exceptions.PanicException):
            return None

    @cached_property
    def accuracy(self) -> Accuracy:
        """The candidate's scores, skill relative to the baseline.

        Raises InvalidError (`no_matching_actuals`, and those of `score`).
        """
        from estimates.accuracy.score import OtherVersion, score

        assert self.actuals is not None, "checks with actual values are skipped without any"
        other = None
        if self.baseline is not None:
            through, version = _through(self.baseline), self.baseline.version or 0
            other = OtherVersion(
                self.contract.name, version, self.baseline_frame, self.contract, through
            )
        scores = score(
            self.frame,
            self.actuals,
            self.contract,
            version=self.candidate.version or 0,
            contract_revision=0,
            through=_through(self.candidate),
            previous=other,
            baseline=other,
        )
        if not any(column.actuals for column in scores.columns.values()):
            raise InvalidError(
                "no_matching_actuals",
                f"none of the {self.actuals.rows.height} keys with an actual value is a key of "
                f"{_label(self.candidate)} whose outcome its run had not seen",
            )
        return scores


class _SharedReport(NamedTuple):
    pair: AlignedVersions
    report: Report


def _ascending(rows: pl.DataFrame, key: list[str]) -> bool:
    return not any(rows[name].null_count() for name in key) and ascends(rows, key)


def _through(side: Candidate) -> datetime | None:
    return side.provenance.data_through if side.provenance else None


def _label(side: Candidate) -> str:
    return f"version {side.version}" if side.stored else "the file"
