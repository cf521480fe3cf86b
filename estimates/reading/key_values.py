"""The values of one column of the key, under those before it: for people who look for a key.

Rows lie in the order of their keys, so that the values of a column are found by jumps of binary
search, however many rows each has.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import NamedTuple

import msgspec

from estimates.contract.columns import KeyType
from estimates.errors import InvalidError
from estimates.keys.key_form import Key
from estimates.keys.search_key import SEARCH_TEXT
from estimates.lookup.parted_lookup import Lookup
from estimates.reading.page_cursor import check_limit
from estimates.reading.version_reader import VersionReader

MOST = 200
_LOOKED_AT = 2000  # numbers, of which any may begin with the text


class KeyValue(msgspec.Struct, frozen=True):
    """A value of the column, as text, and how many estimates have it under the parts before."""

    value: str
    n: int


class KeyValues(msgspec.Struct, frozen=True):
    """The values of a key column in a version, in key order.

    parts   the values of the columns before it
    begins  the text that they begin with
    more    whether there are more of them
    """

    set: str
    version: int
    parts: list[str]
    column: str
    begins: str
    values: list[KeyValue]
    more: bool


class _Span(NamedTuple):
    """Rows of a lookup, and the column to read of each."""

    lookup: Lookup
    rows: range
    column: str
    kind: KeyType

    def text(self, number: int) -> str:
        """The column's value in a row, as text."""
        json = self.lookup.read(range(number, number + 1))
        return str(msgspec.json.decode(json)[self.column])

    def mark(self, number: int) -> bytes:
        """The same as it is sorted."""
        return self.sorted_as(self.text(number))

    def sorted_as(self, text: str) -> bytes:
        """How a value is sorted."""
        return SEARCH_TEXT[self.kind](text).encode()


def key_values(
    reader: VersionReader, parts: Key = (), begins: str = "", limit: int = 20
) -> KeyValues:
    """The first `limit` values of the column behind some leading parts of the key that begin with
    a text.

    Raises InvalidError (`key_parts`: there is no column behind them, `bad_key_part`, `bad_limit`).
    """
    columns = list(reader.contract.key.items())
    if len(parts) >= len(columns):
        raise InvalidError(
            "key_parts",
            f"{reader.version.set}: no column of the key is behind these {len(parts)}",
            remedy=f"give {len(columns) - 1} parts at most",
        )
    check_limit(limit, MOST)
    name, column = columns[len(parts)]
    search = reader.form.search(parts, partial=True)
    values, more = reader.read(
        lambda lookup: _values(_Span(lookup, lookup.find(search), name, column.type), begins, limit)
    )
    return KeyValues(
        set=reader.version.set,
        version=reader.version.version,
        parts=reader.form.texts(parts, partial=True),
        column=name,
        begins=begins,
        values=values,
        more=more,
    )


def _values(span: _Span, begins: str, limit: int) -> tuple[list[KeyValue], bool]:
    rows, in_order = span.rows, span.kind != "integer"  # numbers lie in another order than texts
    start = bisect_left(rows, begins.encode(), key=span.mark) if in_order and begins else 0
    values: list[KeyValue] = []
    looked_at = 0
    while start < len(rows):
        text = span.text(rows[start])
        stop = bisect_right(rows, span.sorted_as(text), lo=start, key=span.mark)
        if text.startswith(begins):
            if len(values) == limit:
                return values, True
            values.append(KeyValue(text, stop - start))
        elif in_order:
            break
        looked_at += 1
        if looked_at == _LOOKED_AT:
            return values, True
        start = stop
    return values, False
