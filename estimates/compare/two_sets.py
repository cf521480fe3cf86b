"""Versions of two sets side by side, where somebody asks for that by name: their keys have to
agree.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

import msgspec
import polars as pl

from estimates.catalog.records import Version
from estimates.catalog.ref import Ref
from estimates.catalog.view import SetView
from estimates.compare.change_page import ChangeQuestion, named
from estimates.compare.shared_contract import shared_contract
from estimates.compare.two_tables import TwoTables
from estimates.compare.two_versions import (
    Comparison,
    Measure,
    ReadFrame,
    measure_of,
    pinned,
    resolved,
)
from estimates.contract.contract import Contract
from estimates.errors import ConflictError, InvalidError
from estimates.reading.reader import Reader
from estimates.stability.contract_changes import schema_changes, told_changes
from estimates.stability.family_reports import SchemaReport
from estimates.stability.pages.pictures import Pictures
from estimates.stability.paired_contract import with_pairing
from estimates.stability.report import Report


class TwoSets(Comparison):
    """A version of one set against a version of another, the baseline."""

    def __init__(
        self,
        first: Version,
        second: Version,
        measure: Measure,
        read: ReadFrame,
        schema: SchemaReport,
    ) -> None:
        super().__init__(first, second, measure, read)
        self.schema = schema

    @property
    def told(self) -> tuple[str, str | int, str | int]:
        """What answers call the set and both versions: no set, and each version with the name of
        its own.
        """
        return (
            "",
            named(self.first.set, self.first.version),
            named(self.second.set, self.second.version),
        )

    def _tables(self) -> TwoTables:
        """The columns of both, read; raises CorruptError."""
        names = [*self.contract.key, *self.contract.columns]
        return TwoTables(
            self.contract,
            self._read(self.first).select(names),
            self._read(self.second).select(names),
            self.told[1:],
            (self.first.data_through, self.second.data_through),
            schema=self.schema,
            of_two_sets=True,
        )

    def report(self, *, headline_only: bool = False) -> Report:
        """The stability report, of the whole columns that both have; raises CorruptError."""
        return self._tables().report()

    def pictures(self) -> Pictures:
        """What `stability.page.render_html` draws besides the report; raises CorruptError."""
        return self._tables().pictures()

    def changes(self, question: ChangeQuestion) -> pl.DataFrame:
        """The keys that changed, as `stability.changes` has them; raises CorruptError."""
        return self._tables().changes(
            by=question.by, min_change=question.min_change, prefix=question.prefix
        )


def two_sets(
    reader: Reader,
    read: ReadFrame,
    first: tuple[str, Ref],
    second: tuple[str, Ref],
    as_of: datetime | None = None,
    cursor: str | None = None,
    pairing: str | None = None,
) -> TwoSets:
    """A version of the second set against one of the first, the baseline, whose newest contract of
    its shape measures.

    Columns that only one set has are named in the report and not compared. With a cursor of
    changes, the versions that it is pinned to. Raises those of `comparison.resolved`, InvalidError
    (`other_keys`: other key columns or types; `bad_pairing`, `bad_cursor`), ConflictError
    (`other_shape`: a column of both has another role, type, unit, level or quantile; no estimate is
    in both).
    """

    def found(first: tuple[str, Ref], second: tuple[str, Ref], as_of: datetime | None) -> TwoSets:
        return _beside(*resolved(reader, first, second, as_of), reader, read, pairing)

    return pinned(first, second, as_of, cursor, found)


def _beside(
    a: Version, b: Version, reader: Reader, read: ReadFrame, pairing: str | None
) -> TwoSets:
    mine, theirs = (_measuring(reader.view.set(version.set), version) for version in (a, b))
    keys = [
        [(name, column.type) for name, column in contract.key.items()]
        for contract in (mine, theirs)
    ]
    if keys[0] != keys[1]:
        told = [", ".join(f"{name} ({kind})" for name, kind in key) for key in keys]
        raise InvalidError(
            "other_keys",
            f"{a.set} has the key {told[0]} and {b.set} has {told[1]}; only equal "
            "keys can be compared",
        )
    schema = schema_changes(mine, theirs)
    if schema.changed:
        told = told_changes(schema.changed)
        raise ConflictError(
            "other_shape", f"{a.set} and {b.set} promise different things of {told}"
        )
    contract = with_pairing(shared_contract(mine, theirs), pairing)
    measure = measure_of(contract, reader.view.set(a.set).newest_of(a.shape))
    digest = hashlib.sha256(msgspec.json.encode([measure.digest, schema])).hexdigest()
    return TwoSets(a, b, measure._replace(digest=digest), read, schema)


def _measuring(view: SetView, version: Version) -> Contract:
    """The newest contract of a version's shape."""
    return view.revision(view.newest_of(version.shape))
