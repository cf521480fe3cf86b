"""Two versions of a set side by side: the stability report, and the changes key by key."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Sequence
from copy import copy
from datetime import datetime
from functools import cache
from typing import Any, Literal, NamedTuple, Self, TypeVar

import msgspec
import polars as pl

from estimates.catalog.at import At
from estimates.catalog.records import Version
from estimates.catalog.ref import Ref, version_number
from estimates.catalog.view import SetView
from estimates.compare.change_page import (
    ChangeCursor,
    ChangePage,
    ChangeQuestion,
    decode_cursor,
    page,
)
from estimates.contract.columns import Column, key_text
from estimates.contract.contract import Contract
from estimates.errors import ConflictError, InvalidError, NotFoundError
from estimates.reading.reader import Reader
from estimates.stability.alignment import dated_target
from estimates.stability.changes import changed_keys, check_question
from estimates.stability.contract_changes import schema_changes, told_changes
from estimates.stability.diff import diff
from estimates.stability.pages.pictures import Pictures, pictures
from estimates.stability.paired_contract import by_step, with_pairing
from estimates.stability.report import METRICS_REVISION, Report
from estimates.stability.unchanged import unchanged
from estimates.storage.report_cache import KeptReports

Form = Literal["report", "headline", "page"]  # what is kept of two versions
ReadFrame = Callable[[Version], pl.DataFrame]
C = TypeVar("C", bound="Comparison")


class Measure(NamedTuple):
    """The contract that measures, its revision, and a digest of the parts of it that decide what a
    report says.

    headline  the contract for headlines alone: what belongs to a point moves with it, and is only
              carried along
    """

    contract: Contract
    revision: int
    digest: str
    headline: Contract


class Comparison:
    """Version `second` against version `first`, the baseline; files are read when they are needed."""

    def __init__(self, first: Version, second: Version, measure: Measure, read: ReadFrame) -> None:
        self.first = first
        self.second = second
        self.measure = measure
        self._read = read

    @property
    def contract(self) -> Contract:
        """The contract that measures."""
        return self.measure.contract

    @property
    def told(self) -> tuple[str, str | int, str | int]:
        """What answers call the set and both versions."""
        return self.second.set, self.first.version, self.second.version

    @property
    def pairing(self) -> str:
        """Which keys are compared with which."""
        return self.contract.stability.pairing

    @property
    def rows(self) -> int:
        """Rows of both versions, for what it costs to compare them."""
        return self.first.rows + self.second.rows

    def reading(self, read: ReadFrame) -> Self:
        """The same, whose files are read by another function."""
        other = copy(self)
        other._read = read
        return other

    def report_name(self, *, headline_only: bool = False) -> str:
        """The name under which the report is kept: a digest of all that its numbers depend on,
        programs included.
        """
        return self.kept_name("headline" if headline_only else "report")

    def kept_name(self, form: Form) -> str:
        """The same for whatever is kept of the two versions."""
        versions = [
            (v.set, v.version, v.snapshot_id, v.data_through) for v in (self.first, self.second)
        ]
        facts = [_program(), versions, self.measure.digest, form]
        return hashlib.blake2b(msgspec.json.encode(facts), digest_size=20).hexdigest()

    def report(self, *, headline_only: bool = False) -> Report:
        """The stability report, computed; raises CorruptError.

        headline_only  of points, scores and labels alone, without interval ends and quantiles of a
                       point
        """
        contract = self.measure.headline if headline_only else self.contract
        _, name_a, name_b = self.told
        names = {"name_a": name_a, "name_b": name_b, "headline_only": headline_only}
        same = self.first.snapshot_id == self.second.snapshot_id
        stands = contract.target is None or (
            self.pairing != "same_target" and not dated_target(contract)
        )
        if same and stands:
            return unchanged(contract, self.second.rows, **names)
        return diff(
            *self._frames(),
            contract,
            through_a=self.first.data_through,
            through_b=self.second.data_through,
            identical=same,
            **names,
        )

    def kept_report(self, kept: KeptReports, *, headline_only: bool = False) -> Report:
        """The same report, computed only if it is not kept yet; raises CorruptError."""
        name = self.report_name(headline_only=headline_only)
        return decode_report(
            kept.get_or_make(name, lambda: encode_report(self.report(headline_only=headline_only)))
        )

    def kept_page(self, kept: KeptReports) -> bytes:
        """The report as one HTML page with pictures, drawn only if it is not kept yet.

        Raises CorruptError, InvalidError (`no_charts`).
        """
        from estimates.stability.pages.report_html import render_html

        def drawn() -> bytes:
            report = self.kept_report(kept)
            return render_html(report, None if report.identical else self.pictures()).encode()

        return kept.get_or_make(self.kept_name("page"), drawn)

    def pictures(self) -> Pictures:
        """What `stability.page.render_html` draws besides the report; raises CorruptError."""
        through = {"through_a": self.first.data_through, "through_b": self.second.data_through}
        return pictures(*self._frames(), self.contract, **through)

    def question(self, by: str | None, min_change: float, prefix: Sequence[Any]) -> ChangeQuestion:
        """A question about changes; raises InvalidError as `stability.changes` does."""
        metric, parts = check_question(self.contract, by, min_change, prefix)
        return ChangeQuestion(metric, float(min_change), tuple(key_text(part) for part in parts))

    def changes(self, question: ChangeQuestion) -> pl.DataFrame:
        """The keys that changed, as `stability.changes` has them; raises CorruptError."""
        return changed_keys(
            *self._frames(),
            self.contract,
            through_a=self.first.data_through,
            through_b=self.second.data_through,
            by=question.by,
            min_change=question.min_change,
            prefix=question.prefix,
        )

    def page(
        self, question: ChangeQuestion, rows: pl.DataFrame, *, limit: int, cursor: str | None
    ) -> ChangePage:
        """A page of the rows that `changes` gave; raises InvalidError (`bad_limit`, `bad_cursor`)."""
        start = ChangeCursor(self.first.version, self.second.version, 0, self._mark(question))
        if cursor is not None:
            given = decode_cursor(cursor)
            if msgspec.structs.replace(given, row=0) != start or not 0 <= given.row < rows.height:
                raise _OTHER
            start = given
        contract = by_step(self.contract)
        return page(self.told, self.second, contract, question, rows, limit=limit, start=start)

    def _frames(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        first = self._read(self.first)
        return first, first if self.first.snapshot_id == self.second.snapshot_id else self._read(
            self.second
        )

    def _mark(self, question: ChangeQuestion) -> int:
        """Says whether a cursor goes on with this question: content, time, measure and what was
        asked.
        """
        facts = [
            (v.set, v.version, v.snapshot_id, v.data_through) for v in (self.first, self.second)
        ]
        return zlib.crc32(msgspec.json.encode([facts, self.measure.digest, question]))


_OTHER = InvalidError(
    "bad_cursor", "this cursor belongs to another question; start again without it"
)


def encode_report(report: Report) -> bytes:
    """A report as it is kept: every digit of its numbers."""
    return msgspec.msgpack.encode(report)


def decode_report(content: bytes) -> Report:
    """The inverse of `encode_report`."""
    return msgspec.msgpack.decode(content, type=Report)


def beside(
    first: Version, second: Version, view: SetView, read: ReadFrame, pairing: str | None = None
) -> Comparison:
    """Version `second` against version `first`.

    The newest contract of their shape measures, as in the gate, whatever was in force back then;
    with a pairing in place of its own. Raises ConflictError (`other_shape`), which says what
    differs, InvalidError (`bad_pairing`).
    """
    if first.shape != second.shape:
        raise _other_shapes(first, second, view)
    return Comparison(first, second, measure_for(second, view, pairing), read)


def measure_for(version: Version, view: SetView, pairing: str | None = None) -> Measure:
    """The newest contract of a version's shape as a measure, with a pairing in place of its own."""
    revision = view.newest_of(version.shape)
    return view.keep(
        ("measure", revision, pairing),
        lambda: measure_of(with_pairing(view.revision(revision), pairing), revision),
    )


def _other_shapes(first: Version, second: Version, view: SetView) -> ConflictError:
    """What the newest contracts of both shapes declare differently."""
    a, b = (view.revision(view.newest_of(version.shape)) for version in (first, second))
    schema = schema_changes(a, b)
    only = [
        f"only version {version.version} has {', '.join(names)}"
        for version, names in ((first, schema.removed), (second, schema.added))
        if names
    ]
    differ = [told_changes(schema.changed)] if schema.changed else []
    return ConflictError(
        "other_shape",
        f"{second.set}: version {first.version} has shape {first.shape} and version "
        f"{second.version} has "
        f"shape {second.shape}: {'; '.join(differ + only)}; only versions of one shape can be "
        "compared",
    )


@cache
def _program() -> tuple[int, str]:
    """What of the program decides what a report says: the metrics' revision and the fields there
    are.
    """
    fields = hashlib.sha256(msgspec.json.encode(msgspec.json.schema(Report))).hexdigest()
    return METRICS_REVISION, fields


def measure_of(contract: Contract, revision: int) -> Measure:
    """A contract as a measure: what only publishing and the gate look at is not in its digest."""
    plain = Contract(contract.name, contract.key, contract.columns)
    kept = {name: getattr(plain, name) for name in _NOT_MEASURING}
    # of more versions than two
    policy = msgspec.structs.replace(contract.stability, frozen_after=None)
    decisive = msgspec.structs.replace(contract, **kept, stability=policy)
    digest = hashlib.sha256(msgspec.json.encode(decisive)).hexdigest()
    carried = {
        name: Column(role="attribute", type=column.kind) if contract.point_of(column) else column
        for name, column in contract.columns.items()
    }
    return Measure(contract, revision, digest, msgspec.structs.replace(contract, columns=carried))


_NOT_MEASURING = ("description", "owner", "domain", "freshness", "gate", "job", "retention")


def resolved(
    reader: Reader, first: tuple[str, Ref], second: tuple[str, Ref], as_of: datetime | None = None
) -> tuple[Version, Version]:
    """Two versions, each by the name of its set and a ref; the moment is that of aliases beside a
    number.

    Raises those of `Reader.resolve`.
    """
    numbers = [version_number(ref) for _, ref in (first, second)]
    times = [as_of if number is None or None not in numbers else None for number in numbers]
    (name_a, a), (name_b, b) = first, second
    return (
        reader.resolve(name_a, At(a, times[0])),
        reader.resolve(name_b, At(b, times[1])),
    )


def compare(
    reader: Reader,
    read: ReadFrame,
    name: str,
    a: Ref,
    b: Ref,
    as_of: datetime | None = None,
    cursor: str | None = None,
    pairing: str | None = None,
) -> Comparison:
    """Two versions of a set, by ref; with a cursor of changes the versions that it is pinned to.

    as_of    what aliases and `latest` meant then; a version number means the same at all times
    pairing  in place of the contract's
    Raises those of `Reader.resolve`, ConflictError (`other_shape`), InvalidError (`bad_ref`,
    `bad_cursor`, `bad_pairing`).
    """

    def found(
        first: tuple[str, Ref], second: tuple[str, Ref], as_of: datetime | None
    ) -> Comparison:
        return beside(*resolved(reader, first, second, as_of), reader.view.set(name), read, pairing)

    return pinned((name, a), (name, b), as_of, cursor, found)


def pinned(
    first: tuple[str, Ref],
    second: tuple[str, Ref],
    as_of: datetime | None,
    cursor: str | None,
    found: Callable[[tuple[str, Ref], tuple[str, Ref], datetime | None], C],
) -> C:
    """What `found` makes of two refs and a moment; with a cursor, of the versions that it is pinned
    to.

    Raises what `found` raises, InvalidError (`bad_cursor`) where the cursor leads to something
    else.
    """
    if cursor is None:
        return found(first, second, as_of)
    at = decode_cursor(cursor)
    numbers = [version_number(ref) for _, ref in (first, second)]
    if any(
        number not in (None, pin)
        for number, pin in zip(numbers, (at.first, at.second), strict=True)
    ):
        raise _OTHER
    try:
        return found((first[0], at.first), (second[0], at.second), None)
    except (NotFoundError, ConflictError) as error:
        if error.code in ("expired", "unknown_set"):
            raise
        raise _OTHER from None
