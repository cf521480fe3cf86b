"""Two tables under one contract side by side: the stability report, and the changes key by key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
import polars as pl

from estimates.compare.horizon_targets import HorizonTargets, horizon_targets
from estimates.compare.queries import ChangeQuery
from estimates.contract.conform import name_keys
from estimates.contract.contract import Contract
from estimates.errors import InvalidError
from estimates.guess.guess import Guess
from estimates.guess.key_candidates import completed
from estimates.render.wording import count
from estimates.stability.aligned import align_versions
from estimates.stability.changes import FirstChanges, first_changes
from estimates.stability.diff import report_of
from estimates.stability.family_reports import SchemaReport
from estimates.stability.pages.family_sections import near_sentence
from estimates.stability.pages.pictures import Pictures, pictures
from estimates.stability.paired_contract import with_pairing
from estimates.stability.report import KeysReport, Report

_NAMED_ROWS = 5  # in an error
_NAMED_COLUMNS = 2  # in the headline, for one reason


@dataclass(frozen=True)
class TwoTables:
    """Table `b` against table `a`, the baseline, both with the contract's columns in its types.

    names    what the report calls them
    through  their data_through, where they are versions; without, keys are compared as they are
             (`same_key`)
    schema   columns that only one of them has, and types that differ
    left_out columns of both that no contract can hold, with their types: they are not compared
    carried  columns that nobody declared and that are no estimates
    guessed  what each column was taken for, where the contract was guessed from the tables
    """

    contract: Contract
    a: pl.DataFrame
    b: pl.DataFrame
    names: tuple[str | int, str | int]
    through: tuple[datetime | None, datetime | None] = (None, None)
    schema: SchemaReport | None = None
    left_out: dict[str, str] = field(default_factory=dict)
    of_two_sets: bool = False
    carried: tuple[str, ...] = ()
    guessed: Mapping[str, Guess] = field(default_factory=dict)

    @property
    def set(self) -> str:
        """The set whose contract it is; "" for a guessed one, and where the tables are of
        two sets.
        """
        return "" if self.guessed or self.of_two_sets else self.contract.name

    def __post_init__(self) -> None:
        if None in self.through:
            object.__setattr__(self, "contract", with_pairing(self.contract, "same_key"))

    def report(self, *, identical: bool = False, headline_only: bool = False) -> Report:
        """The stability report; raises InvalidError (`null_key`, `duplicate_key`, naming the table
        and the keys; `no_common_key` of two tables that are no versions of a set).

        identical, headline_only  as for `stability.diff.diff`
        """
        try:
            pair = align_versions(self.a, self.b, self.contract, *self.through)
        except InvalidError as error:
            raise self._explained(error) from None
        report = report_of(
            pair,
            name_a=self.names[0],
            name_b=self.names[1],
            identical=identical,
            headline_only=headline_only,
            schema=self.schema,
        )
        self._check_common(report.keys)
        return self._with_unmeasured(msgspec.structs.replace(report, set=self.set))

    def pictures(self) -> Pictures:
        """What the HTML page draws besides the report; raises what `report` raises."""
        through_a, through_b = self.through
        try:
            return pictures(self.a, self.b, self.contract, through_a=through_a, through_b=through_b)
        except InvalidError as error:
            raise self._explained(error) from None

    def changes(self, query: ChangeQuery) -> pl.DataFrame:
        """The keys that changed, as `estimates.stability.changes` has them; raises what it raises,
        and as `report`.
        """
        return self.first_changes(query, None).rows

    def first_changes(self, query: ChangeQuery, most: int | None) -> FirstChanges:
        """The first of them, whatever `within` says; raises what `changes` raises."""
        through_a, through_b = self.through
        try:
            changes = first_changes(
                self.a,
                self.b,
                self.contract,
                most,
                through_a=through_a,
                through_b=through_b,
                by=query.by,
                min_change=query.min_change,
                prefix=query.prefix,
            )
        except InvalidError as error:
            raise self._explained(error) from None
        if changes.total == self.a.height + self.b.height:
            self.report()  # raises where they have no key in common
        return changes

    def horizons(self) -> HorizonTargets | None:
        """What the horizons of the report stand for; None where it has none."""
        return horizon_targets(self.contract, self.a, self.b, self.through[1])

    def _check_common(self, keys: KeysReport) -> None:
        """Two files without a key in common are no two tables of the same things."""
        versions = self.of_two_sets or any(isinstance(name, int) for name in self.names)
        if keys.common or not (keys.added and keys.removed) or versions:
            return
        if isinstance(keys.near, msgspec.UnsetType):
            old, new = (
                name_keys(frame.head(2), list(self.contract.key)) for frame in (self.a, self.b)
            )
            reason = f"{self.names[0]} has {old}, {self.names[1]} has {new}"
            remedy = f"is the key right? It is {', '.join(self.contract.key)}: name it with --key"
        else:
            reason, remedy = near_sentence(keys.near), "write them alike in both"
        raise InvalidError(
            "no_common_key",
            f"{self.names[0]} and {self.names[1]} have no key in common; {reason}",
            remedy=remedy,
        )

    def _with_unmeasured(self, report: Report) -> Report:
        """The report saying also what it does not measure: tables that have more than it measures
        are not identical.
        """
        unmeasured = [*self._not_compared(), *self._only()]
        clauses = [*self._doubtful(report), *unmeasured]
        if not clauses:
            return report
        headline = report.headline.removesuffix(".")
        if report.identical:
            which = "are compared" if self.left_out else "both have"
            keys = count(report.keys.common, "key")
            headline = f"Nothing changed in the columns that {which}, on {keys}"
        return msgspec.structs.replace(
            report,
            headline=f"{'; '.join([headline, *clauses])}.",
            identical=report.identical and not unmeasured,
        )

    def _doubtful(self, report: Report) -> list[str]:
        """How numbers that are carried along and differ are measured, as they may be estimates."""
        names = [
            name
            for name, guess in self.guessed.items()
            if guess.doubt and name in report.carried and report.carried[name].differ
        ]
        if not names:
            return []
        if len(names) > _NAMED_COLUMNS:  # those that the headline names
            names.sort(key=lambda name: -report.carried[name].differ)
        them = "it" if len(names) == 1 else "them"
        return [f"to measure {them}: --estimates {','.join(names[:_NAMED_COLUMNS])}"]

    def _not_compared(self) -> list[str]:
        return [f"{_first_names(list(self.left_out))} not compared"] if self.left_out else []

    def _only(self) -> list[str]:
        if self.schema is None:
            return []
        sides = ((self.schema.removed, self.names[0]), (self.schema.added, self.names[1]))
        only = [
            f"{count(len(names), 'column')} only in {of} ({_first_names(names)})"
            for names, of in sides
            if names
        ]
        return [", ".join(only)] if only else []

    def _explained(self, error: InvalidError) -> InvalidError:
        """The same error, saying which table has which rows to blame."""
        if error.code not in ("null_key", "duplicate_key"):
            return error
        key = list(self.contract.key)
        for frame, name in zip((self.a, self.b), self.names, strict=True):
            null = frame.select(pl.any_horizontal(pl.col(key).is_null())).to_series()
            if null.any():
                rows = ", ".join(str(row + 1) for row in null.arg_true().head(_NAMED_ROWS))
                more = " and more" if null.sum() > _NAMED_ROWS else ""
                many = f"{count(int(null.sum()), 'row')} {'has' if null.sum() == 1 else 'have'}"
                return InvalidError(
                    "null_key",
                    f"{name}: {many} an empty key ({', '.join(key)}): row {rows}{more}",
                    remedy="complete the key, or leave these rows out",
                    rows=[row + 1 for row in null.arg_true().head(100)],
                )
        for frame, name in zip((self.a, self.b), self.names, strict=True):
            twice = (
                frame.select(key).filter(pl.struct(key).is_duplicated()).unique(maintain_order=True)
            )
            if twice.height:
                many = (
                    f"{count(twice.height, 'key')} {'appears' if twice.height == 1 else 'appear'}"
                )
                return InvalidError(
                    "duplicate_key",
                    f"{name}: {many} more than once: {name_keys(twice, key)}",
                    remedy=self._remedy(),
                )
        return error

    def _remedy(self) -> str:
        """Which further columns would make the key unique."""
        columns = self.contract.columns.items()
        others = [
            name
            for name, column in columns
            if column.role == "attribute" and column.kind != "float"
        ]
        unique = completed((self.a, self.b), list(self.contract.key), others)
        if unique is None:
            return "no further column or two would make the key unique; aggregate the rows first"
        return f"the key would be unique with --key {','.join(unique)}"


def _first_names(names: Sequence[str]) -> str:
    more = [f"{len(names) - _NAMED_COLUMNS} more"] if len(names) > _NAMED_COLUMNS else []
    *first, last = [*names[:_NAMED_COLUMNS], *more]
    return f"{', '.join(first)} and {last}" if first else last
