"""Two versions side by side, of one set or of two: the stability report, the page that shows it,
and the changes key by key.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from copy import copy
from typing import Literal, Self

import msgspec
import polars as pl

from estimates.catalog.at import At
from estimates.catalog.records import Version
from estimates.catalog.ref import version_number
from estimates.catalog.set_view import SetView
from estimates.compare.change_bounds import check_bounds, within
from estimates.compare.change_page import ChangeCursor, ChangePage, full_name
from estimates.compare.change_rows import body
from estimates.compare.diff_measure import Measure, digest_of, fields_digest, measure_for
from estimates.compare.queries import ChangeQuery, DiffQuery
from estimates.compare.shared_versions import VersionRows
from estimates.compare.two_sets import shared_measure
from estimates.compare.two_tables import TwoTables
from estimates.contract.columns import key_text
from estimates.contract.contract import Contract
from estimates.errors import ConflictError, NotFoundError
from estimates.reading.page_cursor import (
    check_limit,
    decode_cursor,
    encode_cursor,
    other_request,
)
from estimates.reading.reader import Reader
from estimates.stability.alignment import dated_target
from estimates.stability.changes import FirstChanges, check_change_query
from estimates.stability.contract_changes import describe_changes, schema_changes
from estimates.stability.diff import report_of
from estimates.stability.family_reports import SchemaReport
from estimates.stability.headline_part import has_headline, headline_part
from estimates.stability.pages.pictures import Pictures
from estimates.stability.paired_contract import by_step
from estimates.stability.report import Report
from estimates.stability.shared_rows import NeedsAllRows, can_leave_out
from estimates.stability.unchanged import unchanged
from estimates.storage.report_cache import ReportCache

Form = Literal["report", "headline", "page", "pictures"]  # what is cached of two versions
ReadFrame = Callable[[Version], pl.DataFrame]
_PAGE_REVISION = 2  # raised when a page is drawn otherwise: those that are kept are drawn again


def compare(
    reader: Reader, read: ReadFrame, name: str, query: DiffQuery, cursor: str | None = None
) -> Comparison:
    """Two versions by ref, the first one of set `name`; with a cursor of changes, the versions that
    it is pinned to.

    read  all rows of a version; called when they are needed
    Raises those of `Reader.resolve`; ConflictError (`other_shape`: what the two versions promise
    differs), InvalidError (`bad_ref`, `bad_cursor`, `bad_pairing`, `other_keys`: the two sets have
    other key columns or types).
    """
    if cursor is None:
        return _resolved(reader, read, name, query)
    pin = decode_cursor(cursor, ChangeCursor)
    if version_number(query.a) not in (None, pin.first):
        raise other_request()
    if version_number(query.b) not in (None, pin.second):
        raise other_request()
    pinned = msgspec.structs.replace(query, a=pin.first, b=pin.second, as_of=None)
    try:
        return _resolved(reader, read, name, pinned)
    except (NotFoundError, ConflictError) as error:
        if error.code in ("expired", "unknown_set"):
            raise
        raise other_request() from None


def _resolved(reader: Reader, read: ReadFrame, name: str, query: DiffQuery) -> Comparison:
    numbers = [version_number(query.a), version_number(query.b)]
    # beside a number the moment is that of the alias; of two numbers each refuses it
    at_a, at_b = (
        At(ref, query.as_of if number is None or None not in numbers else None)
        for ref, number in zip((query.a, query.b), numbers, strict=True)
    )
    first = reader.resolve(name, at_a)
    second = reader.resolve(name if query.other is None else query.other, at_b)
    if query.other is None:
        return beside(first, second, reader.view.set(name), read, query.pairing)
    measure, schema = shared_measure(reader.view, first, second, query.pairing)
    return Comparison(first, second, measure, read, schema, of_two_sets=True)


def beside(
    first: Version, second: Version, view: SetView, read: ReadFrame, pairing: str | None = None
) -> Comparison:
    """Version `second` against version `first`, both of one set.

    Raises ConflictError (`other_shape`), which says what differs, InvalidError (`bad_pairing`).
    """
    if first.shape != second.shape:
        raise _other_shapes(first, second, view)
    return Comparison(first, second, measure_for(second, view, pairing), read)


class Comparison:
    """Version `second` against version `first`, the baseline; files are read when they are needed.

    schema  of versions of two sets: the columns that only one of them has
    """

    def __init__(
        self,
        first: Version,
        second: Version,
        measure: Measure,
        read: ReadFrame,
        schema: SchemaReport | None = None,
        *,
        of_two_sets: bool = False,
    ) -> None:
        self.first = first
        self.second = second
        self.measure = measure
        self._read = read
        self._schema = schema
        self._of_two_sets = of_two_sets

    @property
    def contract(self) -> Contract:
        """The contract that measures."""
        return self.measure.contract

    @property
    def names(self) -> tuple[str | int, str | int]:
        """What answers call both versions: of two sets, each with the name of its own."""
        versions = (self.first, self.second)
        a, b = (
            full_name(version.set, version.version) if self._of_two_sets else version.version
            for version in versions
        )
        return a, b

    @property
    def rows(self) -> int:
        """Rows of both versions, for what it costs to compare them."""
        return self.first.rows + self.second.rows

    def reading_with(self, read: ReadFrame) -> Self:
        """The same, whose files are read by another function."""
        other = copy(self)
        other._read = read
        return other

    def cache_name(self, form: Form = "report") -> str:
        """The name under which something is cached: a digest of all that its numbers depend on,
        programs included.
        """
        drawn = f"{form} {_PAGE_REVISION}" if form == "page" else form
        return digest_of(fields_digest(Report), self._content, self.measure.digest, drawn)

    def report(self, *, headline_only: bool = False) -> Report:
        """The stability report, computed; raises CorruptError.

        headline_only  of points, scores and labels alone, without interval ends and quantiles of a
                       point
        """
        contract = self.measure.headline if headline_only else self.contract
        a, b = self.names
        if self._same_content and not _origin_counts(contract):
            return unchanged(
                contract, self.second.rows, name_a=a, name_b=b, headline_only=headline_only
            )
        report = self._without_shared(contract, headline_only)
        return report or self._tables(contract).report(
            identical=self._same_content, headline_only=headline_only
        )

    def _without_shared(self, contract: Contract, headline_only: bool) -> Report | None:
        """The report, computed without the rows that both versions share; None where these are
        needed, or there are none.
        """
        if not isinstance(self._read, VersionRows) or not can_leave_out(contract):
            return None
        shared = self._read.shared(self.first, self.second)
        if shared is None:
            return None
        a, b = self.names
        try:
            pair = shared.pair(contract)
            report = report_of(pair, name_a=a, name_b=b, headline_only=headline_only)
        except NeedsAllRows:
            return None
        shared.remember(pair)
        return report

    def cached_report(self, reports: ReportCache, *, headline_only: bool = False) -> Report:
        """The same report, computed only if it is not in the cache; raises CorruptError."""
        content = reports.get_or_make(
            self.cache_name("headline" if headline_only else "report"),
            lambda: msgspec.msgpack.encode(
                self._headline(reports) if headline_only else self.report()
            ),
        )
        return decode_report(content)

    def _headline(self, reports: ReportCache) -> Report:
        """The headline, out of a whole report that is kept, such as the one the gate looked at."""
        whole = None
        if has_headline(self.contract, self.measure.headline):
            whole = reports.get(self.cache_name())
        if whole is None:
            return self.report(headline_only=True)
        return headline_part(decode_report(whole))

    def keep(self, reports: ReportCache, report: Report) -> None:
        """Keep a report that was computed elsewhere, of the same contract and the same rows."""
        a, b = self.names
        named = msgspec.structs.replace(report, from_=a, to=b)
        reports.put(self.cache_name(), msgspec.msgpack.encode(named))

    def cached_page(self, reports: ReportCache) -> bytes:
        """The report as one HTML page with pictures, drawn only if it is not in the cache.

        Raises CorruptError, InvalidError (`no_charts`).
        """
        from estimates.stability.pages.report_html import render_html

        def draw() -> bytes:
            report = self.cached_report(reports)
            return render_html(report, None if report.identical else self.pictures()).encode()

        return reports.get_or_make(self.cache_name("page"), draw)

    def cached_pictures(self, reports: ReportCache) -> bytes:
        """The numbers of `pictures` as JSON, computed only if they are not in the cache."""
        return reports.get_or_make(
            self.cache_name("pictures"),
            lambda: msgspec.json.encode(self.pictures(), enc_hook=float),
        )

    def pictures(self) -> Pictures:
        """What the HTML page draws besides the report; raises CorruptError."""
        return self._tables(self.contract).pictures()

    def completed(self, query: ChangeQuery) -> ChangeQuery:
        """The query with its metric named and key parts as text; raises InvalidError as
        `stability.changes` does.
        """
        metric, parts = check_change_query(self.contract, query.by, query.min_change, query.prefix)
        prefix = tuple(map(key_text, parts))
        return ChangeQuery(metric, float(query.min_change), prefix, check_bounds(query.within))

    def changes(self, query: ChangeQuery) -> pl.DataFrame:
        """The keys that changed, as `stability.changes` has them; raises CorruptError and what that
        raises.
        """
        tables = self._tables(self.contract)
        return within(tables.changes(query), query.within, tables.horizons)

    def first_changes(self, query: ChangeQuery, most: int) -> FirstChanges:
        """The first of the keys that changed, and how many did; raises what `changes` raises."""
        if query.within:
            rows = self.changes(query)
            return FirstChanges(rows.head(most), rows.height)
        return self._tables(self.contract).first_changes(query, most)

    def page(
        self,
        query: ChangeQuery,
        rows: pl.DataFrame,
        *,
        limit: int,
        cursor: str | None,
        total: int | None = None,
    ) -> ChangePage:
        """A page of the rows that `changes` gave for a completed query.

        total  how many there are, where `rows` are the first of them

        `{"set":…,"from":…,"to":…,"by":…,"pairing":…,"total":…,"limit":…,"next":cursor or null,
        "changes":[{"key":[…],"change":…,"columns":{NAME:{"a":…,"b":…,"d":…,…},…}},…]}`. Raises
        InvalidError (`bad_limit`, `bad_cursor`).
        """
        total = rows.height if total is None else total
        start = self.start(query, cursor)
        if cursor is not None and not 0 <= start.row < total:
            raise other_request()
        check_limit(limit)
        stop = start.row + limit
        following = None
        if stop < total:
            following = encode_cursor(msgspec.structs.replace(start, row=stop))
        contract, (a, b) = by_step(self.contract), self.names
        name = "" if self._of_two_sets else self.second.set
        head = {
            "set": name,
            "from": a,
            "to": b,
            "by": query.by,
            "pairing": contract.stability.pairing,
            "total": total,
            "limit": limit,
            "next": following,
        }
        json = body(head, rows[start.row : stop], contract)
        return ChangePage(name, self.second, json, total, following)

    def start(self, query: ChangeQuery, cursor: str | None) -> ChangeCursor:
        """Where a page of a completed query begins; raises InvalidError (`bad_cursor`) for a cursor
        of another request.
        """
        mark = zlib.crc32(msgspec.json.encode([self._content, self.measure.digest, query]))
        start = ChangeCursor(self.first.version, self.second.version, 0, mark)
        if cursor is None:
            return start
        position = decode_cursor(cursor, ChangeCursor)
        if msgspec.structs.replace(position, row=0) != start:
            raise other_request()
        return position

    @property
    def _same_content(self) -> bool:
        """Whether both are known to have the same rows without reading them."""
        return not self._of_two_sets and self.first.snapshot_id == self.second.snapshot_id

    @property
    def _content(self) -> list[tuple[object, ...]]:
        """What is compared, and what was known when."""
        return [
            (version.set, version.version, version.snapshot_id, version.data_through)
            for version in (self.first, self.second)
        ]

    def _tables(self, contract: Contract) -> TwoTables:
        """Both versions, read."""
        a = self._read(self.first)
        b = a if self._same_content else self._read(self.second)
        if self._of_two_sets:
            names = [*contract.key, *contract.columns]
            a, b = a.select(names), b.select(names)
        return TwoTables(
            contract,
            a,
            b,
            self.names,
            (self.first.data_through, self.second.data_through),
            schema=self._schema,
            of_two_sets=self._of_two_sets,
        )


def decode_report(content: bytes) -> Report:
    """A report as it was cached, with every digit of its numbers."""
    return msgspec.msgpack.decode(content, type=Report)


def _origin_counts(contract: Contract) -> bool:
    """Whether a version differs from itself when its data go further: targets elapse or move on."""
    if contract.target is None:
        return False
    return contract.stability.pairing == "same_target" or dated_target(contract) is not None


def _other_shapes(first: Version, second: Version, view: SetView) -> ConflictError:
    """What the newest contracts of both shapes declare differently."""
    a, b = (view.revision(view.newest_of(version.shape)) for version in (first, second))
    schema = schema_changes(a, b)
    only = [
        f"only version {version.version} has {', '.join(names)}"
        for version, names in ((first, schema.removed), (second, schema.added))
        if names
    ]
    differ = [describe_changes(schema.changed)] if schema.changed else []
    return ConflictError(
        "other_shape",
        f"{second.set}: version {first.version} has shape {first.shape} and version "
        f"{second.version} has shape {second.shape}: {'; '.join(differ + only)}",
        remedy="only versions of one shape can be compared",
    )
