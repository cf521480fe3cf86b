"""Parts: a snapshot's rows, cut where the keys say so.

A part is a range of keys. Whether it ends with a row is decided by that row's key and by how many
rows the part has already, so the same keys give the same parts whatever stands beside them, and a
version that changes a few rows shares the parts of all others with the one before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from zlib import crc32

import msgspec
import polars as pl

from estimates.keys.search_key import search_pieces
from estimates.render.row_text import joined, text_of

LEAST_ROWS = 3 << 17  # of each part but the last
MOST_ROWS = 1 << 20
# A part ends with one row in so many, once it has the least number: it has 2**19 rows on average.
ENDS_ONE_IN = 1 << 17
_HASHED_ROWS = 1 << 15  # whose keys are looked at together


class Part(msgspec.Struct, frozen=True, gc=False):
    """One sorted Parquet file of a snapshot: its SHA-256 in hexadecimal, its size in bytes, its
    rows, its first and last key as text; no keys where there are no rows.
    """

    sha256: str
    size: int
    rows: int
    first: tuple[str, ...]
    last: tuple[str, ...]


def cut(frame: pl.DataFrame, key: Sequence[str]) -> Iterator[pl.DataFrame]:
    """The rows of each part of a frame that is sorted by key; at least one, maybe without rows."""
    for start, stop in pairwise([*_starts(frame, key), frame.height]):
        yield frame.slice(start, stop - start)


def key_range(rows: pl.DataFrame, key: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The first and the last key of some rows, as text."""
    if not rows.height:
        return (), ()
    ends = rows[[0, -1]].select(key)
    first, last = ends.select(text_of(ends, name).alias(name) for name in key).rows()
    return first, last


def is_complete(rows: pl.DataFrame, key: Sequence[str]) -> bool:
    """Whether the rows of a part end it, whatever follows."""
    if rows.height == MOST_ROWS:
        return True
    if rows.height < LEAST_ROWS:
        return False
    (search_key,) = _search_keys(rows.tail(1), key)
    return _ends(search_key)


def _starts(frame: pl.DataFrame, key: Sequence[str]) -> Iterator[int]:
    """The number of the first row of each part."""
    yield 0
    start = 0
    while (start := _end(frame, key, start)) < frame.height:
        yield start


def _end(frame: pl.DataFrame, key: Sequence[str], start: int) -> int:
    """Where the part that begins with a row ends: behind its last row."""
    stop = min(start + MOST_ROWS, frame.height)
    for at in range(start + LEAST_ROWS - 1, stop, _HASHED_ROWS):
        rows = frame.slice(at, min(_HASHED_ROWS, stop - at))
        for row, search_key in enumerate(_search_keys(rows, key), at):
            if _ends(search_key):
                return row + 1
    return stop


def _search_keys(rows: pl.DataFrame, key: Sequence[str]) -> pl.Series:
    rows = rows.select(key)
    return rows.select(joined(search_pieces(rows, key))).to_series().cast(pl.Binary)


def _ends(search_key: bytes) -> bool:
    return crc32(search_key) % ENDS_ONE_IN == 0
