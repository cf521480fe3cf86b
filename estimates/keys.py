"""Key parts in their one text form, as the contract of a set reads them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from estimates.columns import KeyType, parse_key_part
from estimates.contract import Contract
from estimates.domain import ProductDomain, RollingDomain
from estimates.errors import InvalidError
from estimates.frame import key_text

Key = Sequence[Any]
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")


class KeyForm:
    """How keys are written under one contract: made once for it, because every read needs it."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self._columns = [(name, column.type, _PLAIN[column.type]) for name, column in contract.key.items()]
        domain = contract.domain
        values = domain.values if isinstance(domain, ProductDomain | RollingDomain) else {}
        # For each key column the texts that the domain lists; None where it lists none.
        self._listed = [
            frozenset(self._text(name, kind, value) for value in values[name]) if name in values else None
            for name, kind, _ in self._columns
        ]
        self._target = list(contract.key).index(contract.target) if contract.target else None

    def texts(self, key: Key, *, partial: bool = False) -> list[str]:
        """Key parts as text, from typed values or text; `partial`: also a leading part of the key.

        Raises InvalidError `key_parts` (too many or too few), `bad_key_part` (not of the column's type).
        """
        if len(key) != len(self._columns) and (len(key) > len(self._columns) or not partial):
            wanted, got = "/".join(f"{{{name}}}" for name, *_ in self._columns), ", ".join(map(str, key)) or "none"
            raise InvalidError(
                "key_parts",
                f"{self.contract.name}: a key has {len(self._columns)} parts, {wanted}; got {len(key)}: {got}",
            )
        texts: list[str] = []
        for (name, kind, plain), part in zip(self._columns, key, strict=False):
            text = plain(part)
            texts.append(self._text(name, kind, part) if text is None else text)
        return texts

    def is_listed(self, parts: Sequence[str]) -> bool:
        """Whether each part is among the values that a product or rolling domain lists for its column."""
        return all(listed is None or part in listed for part, listed in zip(parts, self._listed, strict=True))

    def target(self, parts: Sequence[str]) -> tuple[str, datetime]:
        """The target of a key of a rolling set: its text, and its first moment."""
        assert self._target is not None
        text = parts[self._target]
        value = parse_key_part(self._columns[self._target][1], text)
        if isinstance(value, datetime):
            return text, value
        assert isinstance(value, date)
        return text, datetime(value.year, value.month, value.day, tzinfo=UTC)

    def _text(self, column: str, kind: KeyType, part: Any) -> str:
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


# Parts as they mostly come: these give their text at once, and None for what has to be looked at.


def _plain_string(part: Any) -> str | None:
    return part if type(part) is str and part.isascii() else None


def _plain_integer(part: Any) -> str | None:
    if type(part) is int and -(2**63) <= part < 2**63:
        return str(part)
    return part if type(part) is str and _INTEGER.fullmatch(part) else None


def _plain_date(part: Any) -> str | None:
    if type(part) is date:
        return part.isoformat()
    try:
        return part if type(part) is str and date.fromisoformat(part).isoformat() == part else None
    except ValueError:
        return None


_PLAIN: dict[KeyType, Callable[[Any], str | None]] = {
    "string": _plain_string,
    "integer": _plain_integer,
    "date": _plain_date,
    "timestamp": lambda _: None,
}
