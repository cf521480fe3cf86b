"""S9: whether the order of the keys changed, over all keys and within groups."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl
from numpy.typing import NDArray

from estimates.stability.alignment import Alignment
from estimates.stability.deltas import Deltas
from estimates.stability.family_reports import RankGroup, RankMove, RankReport
from estimates.stability.groups import shown_text
from estimates.stability.kernels.blocks import (
    Floats,
    Rows,
    run_parallel,
    sum_rows,
)
from estimates.stability.kernels.selection import largest_first
from estimates.stability.kernels.sorting import ascending_rows

_TOP = 20
_MOST = 50
_FEW = 30
_LONGEST = 1 << 30  # rows whose doubled ranks fit 32 bits
Ranks = NDArray[np.int32 | np.int64]  # twice the average rank, from 0: a whole number


@dataclass(frozen=True)
class Ranking:
    """The values of A and B sorted, and where each stood.

    a, b            ascending
    rows_a, rows_b  place in the column of each of these values
    """

    a: Floats
    b: Floats
    rows_a: Rows
    rows_b: Rows

    def __len__(self) -> int:
        return len(self.a)

    def ranks(self) -> tuple[Ranks, Ranks]:
        """Twice the rank of each key in A and in B, keys in the order of A."""
        before, after = doubled_ranks(self.a), doubled_ranks(self.b)
        by_row = np.empty_like(after)
        by_row[self.rows_b] = after
        return before, by_row[self.rows_a]

    def top(self, k: int) -> tuple[Rows, Rows]:
        """The rows of the k largest values of A and of B, ties by row."""
        return _largest(self.a, self.rows_a, k), _largest(self.b, self.rows_b, k)


def rank_both(a: Floats, b: Floats) -> Ranking:
    """Sort two columns of the same keys."""
    (sorted_a, rows_a), (sorted_b, rows_b) = run_parallel(
        [partial(_sorted, a), partial(_sorted, b)], len(a)
    )
    return Ranking(sorted_a, sorted_b, rows_a, rows_b)


def _sorted(x: Floats) -> tuple[Floats, Rows]:
    rows = ascending_rows(x)
    return x[rows], rows


def doubled_ranks(ascending: Floats) -> Ranks:
    """Twice the rank from 0 of each value; equal values share the mean of their ranks."""
    n = len(ascending)
    dtype = np.int64 if n > _LONGEST else np.int32
    if not _any_equal(ascending):
        return np.arange(0, 2 * n, 2, dtype=dtype)
    starts = _starts(ascending)
    ends = np.append(starts[1:], n)
    return np.repeat((starts + ends - 1).astype(dtype), ends - starts)


def rank_spread(ascending: Floats) -> float:
    """Sum of squared deviations of the average ranks from their mean: (n³ − n − Σ(t³ − t)) / 12, t:
    lengths of ties.
    """
    n = len(ascending)
    if not _any_equal(ascending):
        return (n**3 - n) / 12
    lengths, times = np.unique(np.diff(_starts(ascending), append=n), return_counts=True)
    ties = sum(int(seen) * (int(t) ** 3 - int(t)) for t, seen in zip(lengths, times, strict=True))
    return (n**3 - n - ties) / 12


def sorted_quantile(ascending: Floats, part: int, of: int) -> float:
    """The quantile part/of, interpolated (type 7); its place is found in whole numbers."""
    low, remainder = divmod((len(ascending) - 1) * part, of)
    value = float(ascending[low])
    if remainder == 0:
        return value
    above = float(ascending[low + 1])
    step = above - value
    if not np.isfinite(step):
        return value * (1 - remainder / of) + above * (remainder / of)
    return value + step * (remainder / of)


def _any_equal(ascending: Floats) -> bool:
    return bool((ascending[1:] == ascending[:-1]).any())


def _starts(ascending: Floats) -> Rows:
    """Where each run of equal values begins."""
    return np.concatenate(([0], np.flatnonzero(ascending[1:] != ascending[:-1]) + 1))


def _largest(ascending: Floats, rows: Rows, k: int) -> Rows:
    """The k rows with the largest values."""
    n, least = len(ascending), ascending[-k]
    start = int(np.searchsorted(ascending, least))
    above = n - int(np.searchsorted(ascending, least, "right"))
    tied = np.sort(rows[start : n - above])[: k - above]
    return np.concatenate((rows[n - above :], tied))


def measure(
    alignment: Alignment, deltas: Deltas, sorted_values: Ranking, top_k: int, groups: Sequence[str]
) -> RankReport:
    """Compare ranks over all keys of a column; `sorted_values` is the order of its values."""
    n = len(deltas)
    old_ranks, new_ranks = sorted_values.ranks()
    percent = -(-n // 100)
    spearman = _spearman(sorted_values, old_ranks, new_ranks)
    overlaps = _overlap(sorted_values, top_k), _overlap(sorted_values, percent)
    top = _top(alignment, deltas, sorted_values, old_ranks, new_ranks)
    return RankReport(
        n=n,
        spearman=spearman,
        top_k=top_k,
        top_k_overlap=overlaps[0],
        top_1pct_overlap=overlaps[1],
        largest_move=abs(top[0].a - top[0].b) if top else 0.0,
        top=top,
        reasons=_reasons(n, spearman, top_k_overlap=overlaps[0], top_1pct_overlap=overlaps[1]),
        groups={by: _groups(alignment.old(by), deltas, top_k) for by in groups},
    )


def _spearman(values: Ranking, old_ranks: Ranks, new_ranks: Ranks) -> float | None:
    """Pearson's correlation of the average ranks, by the sum of their squared differences (Kendall,
    1948).
    """
    spread_a, spread_b = rank_spread(values.a), rank_spread(values.b)
    if len(values) < 3 or spread_a == 0 or spread_b == 0:
        return None

    def squares(rows: slice) -> Floats:
        move = (new_ranks[rows] - old_ranks[rows]).astype(np.float64)
        return move * move

    distance = sum_rows(squares, len(values)) / 4
    rho = (spread_a + spread_b - distance) / (2 * math.sqrt(spread_a * spread_b))
    return max(-1.0, min(1.0, rho))


def _overlap(values: Ranking, k: int) -> float | None:
    """The share of A's k largest that are among B's; None when the top would be everything."""
    if k >= len(values):
        return None
    return len(np.intersect1d(*values.top(k), assume_unique=True)) / k


def _top(
    alignment: Alignment, deltas: Deltas, values: Ranking, old_ranks: Ranks, new_ranks: Ranks
) -> list[RankMove]:
    """The largest changes of rank above 0, ties by key; the largest value has rank 1."""
    n = len(deltas)
    rows = largest_first(
        _TOP,
        n,
        lambda places: np.abs(new_ranks[places] - old_ranks[places]).astype(np.float64),
        lambda places: -values.rows_a[places].astype(np.float64),
    )
    rows = rows[new_ranks[rows] != old_ranks[rows]]
    keys = deltas.keys(alignment, values.rows_a[rows])
    return [
        RankMove(key, n - float(old) / 2, n - float(new) / 2)
        for key, old, new in zip(keys, old_ranks[rows], new_ranks[rows], strict=True)
    ]


def _groups(by: pl.Series, deltas: Deltas, top_k: int) -> list[RankGroup]:
    """Ranks within each of the 50 largest groups (ties by value), sorted by value, null first."""
    by = by if deltas.positions is None else by[deltas.positions]
    rows = (
        pl.DataFrame({"by": by, "row": np.arange(len(by))})
        .group_by("by")
        .agg(pl.len().alias("n"), "row")
    )
    rows = rows.sort(["n", "by"], descending=[True, False]).head(_MOST).sort("by")
    return [
        _group(value, deltas, members.to_numpy(), top_k)
        for value, members in zip(rows["by"], rows["row"], strict=True)
    ]


def _group(value: object, deltas: Deltas, rows: Rows, top_k: int) -> RankGroup:
    values = rank_both(deltas.a[rows], deltas.b[rows])
    spearman, overlap = _spearman(values, *values.ranks()), _overlap(values, top_k)
    n = len(rows)
    return RankGroup(
        value=shown_text(value),
        n=n,
        spearman=spearman,
        top_k_overlap=overlap,
        few=n < _FEW,
        reasons=_reasons(n, spearman, top_k_overlap=overlap),
    )


def _reasons(n: int, spearman: float | None, **overlaps: float | None) -> dict[str, str]:
    reasons = {name: "too_few_keys" for name, value in overlaps.items() if value is None}
    if spearman is None:
        reasons["spearman"] = "too_few_keys" if n < 3 else "constant"
    return dict(sorted(reasons.items()))
