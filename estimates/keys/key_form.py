"""Key parts in their one text form, as the contract of a set reads them."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from itertools import repeat
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from estimates.contract.columns import KeyType, key_text, parse_key_part
from estimates.contract.contract import Contract
from estimates.contract.domain import ProductDomain, RollingDomain
from estimates.errors import InvalidError
from estimates.keys.key_length import wrong_length
from estimates.keys.search_key import (
    LETTERS,
    SEARCH_TEXT,
    SearchKey,
    opening_template,
    openings,
    search_template,
)

if TYPE_CHECKING:
    from estimates.keys.search_keys import SearchKeys

Key = Sequence[Any]
TextOf = Callable[[Any], str]
_KNOWN = 4096  # dates or timestamps of a key column whose text is known


class KeyForm:
    """How keys are written under one contract: made once for it, because every read needs it.

    names  the key columns, in order
    """

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.names = list(contract.key)
        self._columns = [(name, column.type) for name, column in contract.key.items()]
        self._written = [
            _written(kind, functools.partial(self._text, name, kind))
            for name, kind in self._columns
        ]
        plain = [_PLAIN[kind] + "\0" for _, kind in self._columns]
        # By number of leading parts: what tells plain ones, which of them are integers, and what
        # their opening is put together by.
        counts = range(len(plain) + 1)
        integers = [number for number, (_, kind) in enumerate(self._columns) if kind == "integer"]
        quoted = [(name, _QUOTED[kind]) for name, kind in self._columns]
        self._plain = [
            (
                re.compile("".join(plain[:count])).fullmatch,
                [number for number in integers if number < count],
                opening_template(quoted[:count]),
            )
            for count in counts
        ]
        self._openings = [
            opening_template([(name, "%s") for name in self.names[:count]]) for count in counts
        ]
        domain = contract.domain
        values = domain.values if isinstance(domain, ProductDomain | RollingDomain) else {}
        # For each key column the texts that the domain lists; None where it lists none.
        self.listed = [
            frozenset(self._text(name, kind, value) for value in values[name])
            if name in values
            else None
            for name, kind in self._columns
        ]
        self._target = self.names.index(contract.target) if contract.target else None

    def texts(self, key: Key, *, partial: bool = False) -> list[str]:
        """Key parts as text, from typed values or text; `partial`: also a leading part of the key.

        Raises InvalidError `key_parts` (too many or too few), `bad_key_part` (not of the column's
        type).
        """
        self._check_length(key, partial)
        return [
            self._text(name, kind, part)
            for (name, kind), part in zip(self._columns, key, strict=False)
        ]

    def search(self, key: Key, *, partial: bool = False) -> SearchKey:
        """A key, or a leading part of it, as read files are searched for it; raises as `texts`
        does.

        What only looks like a date gives one that no row has.
        """
        count = len(key)
        if count != len(self._written):
            self._check_length(key, partial)
        is_plain, integers, quoted = self._plain[count]
        try:
            plain = "\0".join(key) + "\0"
        except TypeError:  # a part that is no text
            plain = ""
        if is_plain(plain):  # as keys mostly come: only integers lack a letter
            if integers:
                texts = list(key)
                for number in integers:
                    texts[number] = LETTERS[len(texts[number])] + texts[number]
                plain = "\0".join(texts) + "\0"
            return plain.encode(), (quoted % tuple(key)).encode()
        parts = tuple(written(part) for written, part in zip(self._written, key, strict=False))
        search = search_template(count) % tuple(part.search for part in parts)
        return search.encode(), (
            self._openings[count] % tuple(part.json for part in parts)
        ).encode()

    def search_many(self, keys: Sequence[Key]) -> SearchKeys:
        """What `search` gives for whole keys; raises as it does for the first that is wrong."""
        from estimates.keys.search_keys import SearchKeys  # NumPy, which a client lacks

        try:
            parts = zip(self._columns, self._written, zip(*keys, strict=True), strict=True)
            columns = [_column(kind, written, column) for (_, kind), written, column in parts]
        except (InvalidError, ValueError):  # of too many or too few parts, too
            return SearchKeys.of([self.search(key) for key in keys])
        searches = map("\0".join, zip(*(column.search for column in columns), repeat("")))
        written = openings(
            [
                (name, column.quote, column.json)
                for name, column in zip(self.names, columns, strict=True)
            ]
        )
        # JSON writes a control character as an escape, so that this one only stands between them
        return SearchKeys(
            list(map(str.encode, searches)), "\x01".join(written).encode().split(b"\x01")
        )

    def is_listed(self, parts: Sequence[str]) -> bool:
        """Whether each part is among the values that a product or rolling domain lists for its
        column.
        """
        return all(
            values is None or part in values
            for part, values in zip(parts, self.listed, strict=True)
        )

    def unlisted(self, parts: Sequence[str]) -> str:
        """Which part is none of the values that the domain lists for its column, in words; empty
        where all are.
        """
        for name, part, values in zip(self.names, parts, self.listed, strict=True):
            if values is not None and part not in values:
                return f"{name} {part!r} is none of the {len(values):,} that its domain lists"
        return ""

    def target(self, parts: Sequence[str]) -> tuple[str, datetime]:
        """The target of a key of a rolling set: its text, and its first moment."""
        assert self._target is not None
        text = parts[self._target]
        value = parse_key_part(self._columns[self._target][1], text)
        if isinstance(value, datetime):
            return text, value
        assert isinstance(value, date)
        return text, datetime(value.year, value.month, value.day, tzinfo=UTC)

    def _check_length(self, key: Key, partial: bool) -> None:
        if len(key) != len(self._columns) and (len(key) > len(self._columns) or not partial):
            raise wrong_length(self.contract.name, self.names, key)

    def _text(self, column: str, kind: KeyType, part: Any) -> str:
        if kind == "string" and type(part) is str and part.isascii():
            return part
        try:
            if isinstance(part, datetime) and part.tzinfo is None:
                raise ValueError(f"{part} has no time zone")
            if part is None or isinstance(part, bool | float):
                raise ValueError(f"{part!r} cannot be part of a key")
            # One moment, one text: another offset or unneeded digits name the same key.
            text = key_text(part) if isinstance(part, date) else str(part)
            text = key_text(parse_key_part(kind, text))
            text.encode()  # a lone surrogate is no text
            return text
        except (ValueError, OverflowError) as error:
            fault, _, remedy = str(error).partition("; ")
            raise InvalidError(
                "bad_key_part",
                f"{self.contract.name}: key column {column!r}: {fault}",
                remedy=remedy or f"its key parts are of type {kind}",
            ) from None


class Part(NamedTuple):
    """A part of a key as it is looked for: its search text and its JSON."""

    search: str
    json: str


class Column(NamedTuple):
    """The same of a column of keys; `quote`: what each of `json` lacks on both sides."""

    search: Iterable[str]
    json: Iterable[str]
    quote: str = ""


# Texts of each type that are their search text and, in quotes or not, their JSON; of integers what
# follows the letter.
_PLAIN: dict[KeyType, str] = {
    "string": r"[ !#-\[\]-\x7f]+",
    "integer": r"(?:0|[1-9][0-9]{0,17})",
    "date": r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "timestamp": r"(?!)",
}
_QUOTED: dict[KeyType, str] = {
    "string": '"%s"',
    "integer": "%s",
    "date": '"%s"',
    "timestamp": '"%s"',
}
_PLAIN_STRINGS = re.compile("{0}(?:\0{0})*".format(_PLAIN["string"])).fullmatch


def _written(kind: KeyType, text_of: TextOf) -> Callable[[Any], Part]:
    """What gives a part of this type as it is looked for, made from what gives its text."""
    search_text = SEARCH_TEXT[kind]

    def written(part: Any) -> Part:
        text = text_of(part)
        return Part(
            search_text(text), text if kind == "integer" else msgspec.json.encode(text).decode()
        )

    if kind not in ("date", "timestamp"):
        return written
    # A set has few times, each asked for many times. By type too: what is equal need not be the
    # same part.
    known = functools.lru_cache(_KNOWN, typed=True)(written)
    return lambda part: known(part) if isinstance(part, str | date) else written(part)


def _column(kind: KeyType, written: Callable[[Any], Part], column: Sequence[Any]) -> Column:
    """The parts of one key column as they are looked for: all at once where they are plain, each
    once if they repeat.

    Only parts of one type are told apart by being equal: 1 and True are not the same part.
    """
    types = set(map(type, column))
    if kind == "string" and types == {str} and _PLAIN_STRINGS("\0".join(column)):
        return Column(column, column, '"')
    distinct = set(column)
    if len(types) == 1 and types <= {str, int, date} and 2 * len(distinct) < len(column):
        known = {part: written(part) for part in distinct}
        search, json = ({part: pair[at] for part, pair in known.items()} for at in (0, 1))
        return Column(map(search.__getitem__, column), map(json.__getitem__, column))
    if kind == "integer" and types == {int} and min(column) >= 0 and max(column) < 2**63:
        texts = list(map(str, column))
        return Column([LETTERS[len(text)] + text for text in texts], texts)
    parts = list(map(written, column))
    return Column([part.search for part in parts], [part.json for part in parts])
