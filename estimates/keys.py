"""Key parts in their one text form, as the contract of a set reads them."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any

from estimates.columns import KeyType, parse_key_part
from estimates.contract import Contract
from estimates.domain import ProductDomain, RollingDomain
from estimates.errors import InvalidError
from estimates.frame import key_text
from estimates.search_key import LETTERS, integer, search_key, string, time

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
        parts = [_PLAIN[kind] + "\0" for _, kind in self._columns]
        # By number of leading parts.
        self._plain = [re.compile("".join(parts[:count])).fullmatch for count in range(len(parts) + 1)]
        self._sought = [_SOUGHT[kind](functools.partial(self._text, name, kind)) for name, kind in self._columns]
        domain = contract.domain
        values = domain.values if isinstance(domain, ProductDomain | RollingDomain) else {}
        # For each key column the texts that the domain lists; None where it lists none.
        self.listed = [
            frozenset(self._text(name, kind, value) for value in values[name]) if name in values else None
            for name, kind in self._columns
        ]
        self._target = self.names.index(contract.target) if contract.target else None

    def texts(self, key: Key, *, partial: bool = False) -> list[str]:
        """Key parts as text, from typed values or text; `partial`: also a leading part of the key.

        Raises InvalidError `key_parts` (too many or too few), `bad_key_part` (not of the column's type).
        """
        self._check_length(key, partial)
        return [self._text(name, kind, part) for (name, kind), part in zip(self._columns, key, strict=False)]

    def search(self, key: Key, *, partial: bool = False) -> bytes:
        """The search key (search_key.py) of a key, or of a leading part of it; raises as `texts` does.

        What only looks like a date gives a key that no row has.
        """
        if len(key) != len(self._sought):
            self._check_length(key, partial)
        if (search := self._search_plain(key)) is not None:
            return search
        return search_key([sought(part) for sought, part in zip(self._sought, key, strict=False)])

    def search_many(self, keys: Sequence[Key]) -> list[bytes]:
        """The search keys of whole keys; raises as `texts` does for the first that is wrong."""
        if set(map(len, keys)) == {len(self._sought)}:
            with suppress(InvalidError):
                columns = zip(*keys, strict=True)
                texts = (_sought_parts(s, column) for s, column in zip(self._sought, columns, strict=True))
                return list(map(search_key, zip(*texts, strict=True)))
        return [self.search(key) for key in keys]

    def _search_plain(self, key: Key) -> bytes | None:
        """The search key of parts as they mostly come, of which only integers lack a letter; None for others."""
        if not key:
            return b""
        try:
            plain = self._plain[len(key)]("\0".join(key) + "\0")
        except TypeError:  # a part that is no text
            return None
        if plain is None:
            return None
        text = plain.string
        for number in range(plain.re.groups, 0, -1):
            start, stop = plain.span(number)
            text = text[:start] + LETTERS[stop - start] + text[start:]
        return text.encode()

    def is_listed(self, parts: Sequence[str]) -> bool:
        """Whether each part is among the values that a product or rolling domain lists for its column."""
        return all(values is None or part in values for part, values in zip(parts, self.listed, strict=True))

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
            wanted, got = "/".join(f"{{{name}}}" for name, _ in self._columns), ", ".join(map(str, key)) or "none"
            raise InvalidError(
                "key_parts",
                f"{self.contract.name}: a key has {len(self._columns)} parts, {wanted}; got {len(key)}: {got}",
            )

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
            raise InvalidError("bad_key_part", f"{self.contract.name}: key column {column!r}: {error}") from None


# Texts of each type that are their search text; of integers what comes behind the letter.
_PLAIN: dict[KeyType, str] = {
    "string": r"[\x01-\x7f]+",
    "integer": r"(0|[1-9][0-9]{0,17})",
    "date": r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "timestamp": r"(?!)",
}


# For each type of a key column: what gives the search text of a part, made from what gives its text. Parts as they
# mostly come are told at once, because every read needs it.


def _sought_string(text_of: TextOf) -> TextOf:
    def sought(part: Any) -> str:
        if type(part) is str and part.isascii() and part and "\0" not in part:
            return part
        return string(text_of(part))

    return sought


def _sought_integer(text_of: TextOf) -> TextOf:
    def sought(part: Any) -> str:
        if type(part) is str and part.isascii() and part.isdigit() and len(part) < 19 and part[0] != "0":
            return LETTERS[len(part)] + part
        return integer(str(part) if type(part) is int and 0 <= part < 2**63 else text_of(part))

    return sought


def _sought_time(text_of: TextOf) -> TextOf:
    """Dates and timestamps: a set has few of them, each asked for many times."""

    # By type too: 1, 1.0 and True are equal, and only one of them can be part of a key.
    @functools.lru_cache(_KNOWN, typed=True)
    def known(part: str | date) -> str:
        return time(text_of(part))

    def sought(part: Any) -> str:
        return known(part) if isinstance(part, str | date) else text_of(part)

    return sought


def _sought_parts(sought: TextOf, column: Sequence[Any]) -> Iterable[str]:
    """The search text of each part in a column of keys; of parts that come again and again, made once."""
    if set(map(type, column)) != {str}:  # what is equal need not be the same part, as 1 and True
        return map(sought, column)
    parts = set(column)
    if 2 * len(parts) > len(column):
        return map(sought, column)
    known = {part: sought(part) for part in parts}
    return map(known.__getitem__, column)


_SOUGHT: dict[KeyType, Callable[[TextOf], TextOf]] = {
    "string": _sought_string,
    "integer": _sought_integer,
    "date": _sought_time,
    "timestamp": _sought_time,
}
