"""Search keys: bytes that sort as the rows of a snapshot do, so that a row is found by bisection.

A search key is the search text of each key part followed by NUL, in UTF-8. No part is empty or
holds a NUL, so the search key of a leading part begins those of all keys under it, and of no
others. The search text of a part is its text (`columns.key_text`), but for two types whose text
does not sort by value:
  integer    before the digits a letter that says how many, `a` for one; below zero `-` and 19
             digits, those of the distance from −2^63
  timestamp  always with six digits after the second

By its search key the place of a row is found, by its opening the row: a line feed and what its JSON
begins with, all key columns, or those of the leading part, with the comma behind them.
"""

import string
from collections.abc import Callable, Iterable, Sequence
from itertools import repeat

import msgspec
import polars as pl

from estimates.contract.columns import KeyType
from estimates.render.row_text import Piece

# a key, or a leading part of one, as it is looked for: its search key and its opening
SearchKey = tuple[bytes, bytes]
_LEAST = -(2**63)
LETTERS = "`" + string.ascii_lowercase[:19]  # by number of digits, none to 19
_WHOLE_SECONDS = len("2026-11-24T16:00:00Z")
_NOBODY = "."  # no key string is this one


def integer(text: str) -> str:
    """The search text of an integer as text."""
    return LETTERS[len(text)] + text if text[0] != "-" else f"-{int(text) - _LEAST:019}"


def time(text: str) -> str:
    """The search text of a timestamp as text."""
    return text[:-1] + ".000000Z" if len(text) == _WHOLE_SECONDS else text


def string(text: str) -> str:
    """The search text of a string: one that no row has where no row can have that string."""
    return text if text and "\0" not in text else _NOBODY


SEARCH_TEXT: dict[KeyType, Callable[[str], str]] = {
    "string": string,
    "integer": integer,
    "date": str,
    "timestamp": time,
}


def search_template(count: int) -> str:
    """The search key of so many key parts, with `%s` for their search texts."""
    return "%s\0" * count


def opening_template(columns: Sequence[tuple[str, str]]) -> str:
    """The opening of a row by key columns: their names, and for each the JSON of its part or what
    stands for it.
    """
    fields = (
        f"{msgspec.json.encode(name).decode().replace('%', '%%')}:{part}," for name, part in columns
    )
    return "\n{" + "".join(fields)


def openings(columns: Sequence[tuple[str, str, Iterable[str]]]) -> Iterable[str]:
    """The openings of many rows by key columns: their names, the quotes around each part or
    nothing, their parts.
    """
    pieces: list[Iterable[str]] = []
    before = "\n{"
    for name, quote, parts in columns:
        pieces += [repeat(f"{before}{msgspec.json.encode(name).decode()}:{quote}"), parts]
        before = f"{quote},"
    return map("".join, zip(*pieces, repeat(before)))


def search_pieces(frame: pl.DataFrame, names: Sequence[str]) -> list[Piece]:
    """The search key of each row, in pieces to be joined."""
    return [piece for name in names for piece in (*_column(frame, name), "\0")]


def _column(frame: pl.DataFrame, name: str) -> list[Piece]:
    """The search text of a key column, in pieces to be joined."""
    column, dtype = pl.col(name), frame.schema[name]
    if dtype == pl.Date:
        return [column.dt.to_string("%Y-%m-%d")]
    if isinstance(dtype, pl.Datetime):
        return [column.dt.to_string("%Y-%m-%dT%H:%M:%S%.6fZ")]
    if not dtype.is_integer():
        return [column]
    digits = column.cast(pl.String)
    letter = pl.lit(pl.Series(list(LETTERS))).gather(pl.min_horizontal(digits.str.len_bytes(), 19))
    least, greatest = (str(end) for end in (frame[name].min(), frame[name].max()))
    if not least.startswith("-"):
        # Where all have as many digits, the letter is the same in each row.
        return [LETTERS[len(least)] if len(least) == len(greatest) <= 19 else letter, digits]
    # The mask takes the sign off: what is left of a negative number is its distance from the least.
    distance = (column & (2**63 - 1)).cast(pl.String).str.zfill(19)
    return [pl.when(column < 0).then("-" + distance).otherwise(letter + digits)]
