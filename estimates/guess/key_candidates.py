"""Which columns could be the key of tables: those that tell all rows apart."""

from collections.abc import Sequence
from itertools import combinations

import polars as pl

from estimates.guess.column_types import text_kind

_TRIED = 20  # columns tried in pairs, or as an addition to a key
_TOGETHER = {1: 10_000, 2: _TRIED, 3: 12}  # so many columns as a key, out of so many
_LOOKED_AT = 2000  # rows that rule out most combinations
_NAMED = 3  # candidates that are worth naming


def key_candidates(a: pl.DataFrame, b: pl.DataFrame) -> list[list[str]]:
    """Columns that identify every row of both tables: single ones, or else pairs, or else three
    together; at most three such keys, the best first.

    Decimal numbers are not tried: they are unique by chance. What has more values in both tables
    comes first.
    """
    shared = [name for name in a.columns if _may_be_key(a, b, name)]
    candidates: list[list[str]] = []
    for count, most in _TOGETHER.items():
        tried = map(list, combinations(shared[:most], count))
        candidates = candidates or [key for key in tried if _identifies([a, b], key)]
    if len(candidates) > 1:
        in_both = {
            tuple(key): a.select(key).join(b.select(key), on=key, how="semi").height
            for key in candidates
        }
        most = max(in_both.values())
        candidates = sorted(
            (key for key in candidates if 2 * in_both[tuple(key)] >= most),
            key=lambda key: -in_both[tuple(key)],
        )
    return candidates[:_NAMED]


def completed(
    frames: Sequence[pl.DataFrame], key: Sequence[str], others: Sequence[str]
) -> list[str] | None:
    """The key with one or two of the other columns, so that it tells all rows of each table apart;
    None if none do.
    """
    for count in (1, 2):
        for more in combinations(others[:_TRIED], count):
            if _identifies(frames, [*key, *more]):
                return [*key, *more]
    return None


def _may_be_key(a: pl.DataFrame, b: pl.DataFrame, name: str) -> bool:
    """The same plain type in both tables, filled on every row, and no decimal numbers."""
    if name not in b.columns or a.schema[name] != b.schema[name]:
        return False
    dtype = a.schema[name]
    plain = dtype.is_integer() or dtype.is_temporal() or dtype == pl.String
    if not plain or a[name].null_count() or b[name].null_count():
        return False
    return dtype != pl.String or text_kind(a[name].head(1000)) not in ("float", "boolean")


def _identifies(frames: Sequence[pl.DataFrame], key: list[str]) -> bool:
    return all(
        rows.select(key).n_unique() == rows.height
        for part in (slice(0, _LOOKED_AT), slice(None))
        for rows in (frame[part] for frame in frames)
    )
