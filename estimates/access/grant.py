"""A grant: which sets may be read, and which keys and columns of them."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote

import msgspec

from estimates.errors import InvalidError
from estimates.principals.access_record import covers

_COLUMNS = "columns"  # in the text of a grant; no key column is granted under this name


class Grant(msgspec.Struct, frozen=True, omit_defaults=True):
    """What may be read.

    sets     the name of a set, or with `*` at its end all that begin like that
    where    the first key column, where only some of its values may be read
    values   these values, as they stand in a URL
    columns  the columns that may be read; None: all
    """

    sets: str = "*"
    where: str | None = None
    values: tuple[str, ...] = ()
    columns: tuple[str, ...] | None = None

    @property
    def whole(self) -> bool:
        """Whether every key and every column may be read."""
        return self.where is None and self.columns is None

    def covers(self, set_name: str) -> bool:
        """Whether it is about this set."""
        return covers(self.sets, set_name)

    def text(self) -> str:
        """As one word, `demand?shop=0412&columns=units`, which `parse_grant` reads."""
        pairs = [(self.where or "", value) for value in self.values]
        if self.columns is not None:
            pairs.append((_COLUMNS, ",".join(self.columns)))
        query = "&".join(f"{quote(name)}={quote(value, safe=',')}" for name, value in pairs)
        return f"{self.sets}?{query}" if query else self.sets


def parse_grant(text: str) -> Grant:
    """A grant of its text: `demand`, `demand*`, `demand?shop=0412&shop=0413&columns=units`.

    Raises InvalidError (`bad_grant`).
    """
    sets, has_query, query = text.partition("?")
    columns: tuple[str, ...] | None = None
    values: dict[str, list[str]] = {}
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(has_query))
    except ValueError:
        raise bad_grant(f"{text!r} is no grant") from None
    for name, value in pairs:
        if name == _COLUMNS:
            columns = (*(columns or ()), *(part for part in value.split(",") if part))
        else:
            values.setdefault(name, []).append(value)
    if not sets or "*" in sets[:-1]:
        raise bad_grant(f"{text!r} names no set")
    if (has_query and not pairs) or "" in values:  # a value that somebody's template left out
        raise bad_grant(f"{text!r} names no column after ?")
    if len(values) > 1:
        raise bad_grant(f"{text!r} has several key columns: {', '.join(values)}")
    if columns == ():
        raise bad_grant(f"{text!r} names no column")
    where = next(iter(values), None)
    return Grant(sets, where, tuple(values.get(where or "", ())), columns)


def bad_grant(what: str) -> InvalidError:
    """The error of a grant that cannot be read."""
    return InvalidError(
        "bad_grant",
        what,
        remedy="a grant is a set, or the beginning of names and *, as in demand* or "
        "demand?shop=0412&columns=units",
    )
