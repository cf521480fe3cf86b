"""Two versions of a set side by side: the stability report, and the changes key by key."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec
import polars as pl

from estimates import stability
from estimates.catalog import Ref, SetView
from estimates.change_page import ChangeCursor, ChangePage, ChangeQuestion, decode_cursor, page
from estimates.contract import Contract
from estimates.errors import ConflictError, InvalidError, NotFoundError
from estimates.frame import key_text
from estimates.reader import Reader
from estimates.records import Version
from estimates.stability import Report

ReadFrame = Callable[[Version], pl.DataFrame]


class Comparison:
    """Version `second` against version `first`, the baseline, both of one shape; files are read when they are needed.

    revision  the newest contract of that shape measures, as in the gate, whatever was in force back then
    """

    def __init__(self, first: Version, second: Version, view: SetView, read: ReadFrame) -> None:
        if first.shape != second.shape:
            raise ConflictError(
                "other_shape",
                f"{second.set}: version {first.version} has shape {first.shape} and version {second.version} has "
                f"shape {second.shape}; only versions of one shape can be compared",
            )
        self.first = first
        self.second = second
        self.revision = max(contract.revision for contract in view.contracts if contract.shape == second.shape)
        self.contract: Contract = view.revision(self.revision)
        self._read = read

    @property
    def names(self) -> tuple[str, int, int, int]:
        """What decides about everything here, for caches: the set, both numbers, the revision of the contract."""
        return self.second.set, self.first.version, self.second.version, self.revision

    def report(self) -> Report:
        """The stability report; raises CorruptError."""
        return stability.diff(
            *self._frames(),
            self.contract,
            through_a=self.first.data_through,
            through_b=self.second.data_through,
            name_a=self.first.version,
            name_b=self.second.version,
            identical=self.first.snapshot_id == self.second.snapshot_id,
        )

    def question(self, by: str | None, min_change: float, prefix: Sequence[Any]) -> ChangeQuestion:
        """A question about changes; raises InvalidError as `stability.changes` does."""
        metric, parts = stability.check_question(self.contract, by, min_change, prefix)
        return ChangeQuestion(metric, float(min_change), tuple(key_text(part) for part in parts))

    def changes(self, question: ChangeQuestion) -> pl.DataFrame:
        """The keys that changed, as `stability.changes` has them; raises CorruptError."""
        return stability.changes(
            *self._frames(),
            self.contract,
            through_a=self.first.data_through,
            through_b=self.second.data_through,
            by=question.by,
            min_change=question.min_change,
            prefix=question.prefix,
        )

    def page(self, question: ChangeQuestion, rows: pl.DataFrame, *, limit: int, cursor: str | None) -> ChangePage:
        """A page of the rows that `changes` gave; raises InvalidError (`bad_limit`, `bad_cursor`)."""
        start = ChangeCursor(self.first.version, self.second.version, 0, self._mark(question))
        if cursor is not None:
            given = decode_cursor(cursor)
            if msgspec.structs.replace(given, row=0) != start or not 0 <= given.row < rows.height:
                raise _OTHER
            start = given
        return page((self.first, self.second), self.contract, question, rows, limit=limit, start=start)

    def _frames(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        first = self._read(self.first)
        return first, first if self.first.snapshot_id == self.second.snapshot_id else self._read(self.second)

    def _mark(self, question: ChangeQuestion) -> int:
        """Says whether a cursor goes on with this question: content, time, measure and what was asked."""
        facts = [(v.set, v.version, v.snapshot_id, v.data_through) for v in (self.first, self.second)]
        return zlib.crc32(msgspec.json.encode([facts, self.revision, question]))


_OTHER = InvalidError("bad_cursor", "this cursor belongs to another question; start again without it")


def compare(
    reader: Reader,
    read: ReadFrame,
    name: str,
    a: Ref,
    b: Ref,
    as_of: datetime | None = None,
    cursor: str | None = None,
) -> Comparison:
    """Two versions of a set, by ref; with a cursor of changes the versions that it is pinned to.

    as_of  what aliases and `latest` meant then; a version number means the same at all times
    Raises those of `Reader.resolve`, ConflictError (`other_shape`), InvalidError (`bad_cursor`).
    """
    numbers = [isinstance(ref, int) or (ref.isascii() and ref.isdigit()) for ref in (a, b)]
    if cursor is None:
        times = [None if number and not all(numbers) else as_of for number in numbers]
        versions = [reader.resolve(name, ref, time) for ref, time in zip((a, b), times, strict=True)]
        return Comparison(versions[0], versions[1], reader.view.set(name), read)
    pinned = decode_cursor(cursor)
    if any(n and int(ref) != at for n, ref, at in zip(numbers, (a, b), (pinned.first, pinned.second), strict=True)):
        raise _OTHER
    try:
        return Comparison(
            reader.resolve(name, pinned.first), reader.resolve(name, pinned.second), reader.view.set(name), read
        )
    except (NotFoundError, ConflictError) as error:
        if error.code in ("expired", "unknown_set"):
            raise
        raise _OTHER from None
