"""S9: whether the order of the keys changed, over all keys and within groups."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from estimates.contract.columns import key_text
from estimates.stability.alignment import Alignment, Rows
from estimates.stability.deltas import Deltas
from estimates.stability.drift import is_few
from estimates.stability.family_reports import RankGroup, RankMove, RankReport
from estimates.stability.kernels.blocks import count_rows
from estimates.stability.kernels.exact import total_of_squares
from estimates.stability.kernels.selection import largest_first
from estimates.stability.kernels.sorted_runs import Counts, SortedRuns
from estimates.stability.ranking import Ranking, Ranks, RanksAt, rank_both, spread_of_ties
from estimates.stability.shared_order import SharedOrder
from estimates.stability.value_kinds import Floats

_TOP = 20
_FEW = 30


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
    in_groups = {by: _groups(alignment.old(by), deltas, top_k) for by in groups}
    return _report(n, spearman, top_k, overlaps, top, in_groups)


def spearman(old: Floats, new: Floats) -> float | None:
    """Of finite numbers of the same keys; None below 3 keys, or where a side has one value only."""
    values = rank_both(old, new)
    return _spearman(values, *values.ranks())


def _spearman(values: Ranking, old_ranks: RanksAt, new_ranks: RanksAt) -> float | None:
    """Pearson's correlation of the average ranks, by the sum of their squared differences (Kendall,
    1948).
    """
    spread_a, spread_b = values.spreads()
    if len(values) < 3 or spread_a == 0 or spread_b == 0:
        return None

    def moves(rows: slice) -> NDArray[np.int64]:
        return (new_ranks(rows) - old_ranks(rows)).astype(np.int64, copy=False)

    return _correlation(spread_a, spread_b, total_of_squares(moves, len(values)))


def _correlation(spread_a: float, spread_b: float, distance: int) -> float:
    """By the sum of the squares of all doubled moves."""
    rho = (spread_a + spread_b - distance / 4) / (2 * math.sqrt(spread_a * spread_b))
    return max(-1.0, min(1.0, rho))


def measure_shared(
    alignment: Alignment, deltas: Deltas, order: SharedOrder, ties: tuple[int, int], top_k: int
) -> RankReport:
    """The same where versions share rows; `ties` are Σ (t³ − t) of the compared values."""
    n = len(order)
    spread_a, spread_b = (spread_of_ties(n, of_side) for of_side in ties)
    constant = n < 3 or spread_a == 0 or spread_b == 0
    spearman = None if constant else _correlation(spread_a, spread_b, order.distance())
    old = order.old_ranks(np.arange(len(order.rows)))
    top = _largest(alignment, deltas, order.rows, old, old + order.moves, n)
    overlaps = order.overlap(top_k), order.overlap(-(-n // 100))
    return _report(n, spearman, top_k, overlaps, top, {})


def _report(
    n: int,
    spearman: float | None,
    top_k: int,
    overlaps: tuple[float | None, float | None],
    top: list[RankMove],
    groups: dict[str, list[RankGroup]],
) -> RankReport:
    return RankReport(
        n=n,
        spearman=spearman,
        top_k=top_k,
        top_k_overlap=overlaps[0],
        top_1pct_overlap=overlaps[1],
        largest_move=abs(top[0].a - top[0].b) if top else 0.0,
        top=top,
        reasons=_reasons(n, spearman, top_k_overlap=overlaps[0], top_1pct_overlap=overlaps[1]),
        groups=groups,
    )


def _overlap(values: Ranking, k: int) -> float | None:
    """The share of A's k largest that are among B's; None when the top would be everything."""
    if k >= len(values):
        return None
    return len(np.intersect1d(*values.top(k), assume_unique=True)) / k


def _top(
    alignment: Alignment, deltas: Deltas, values: Ranking, old_ranks: RanksAt, new_ranks: RanksAt
) -> list[RankMove]:
    """The largest changes of rank above 0 of keys whose value changed, ties by key; the largest
    value has rank 1.
    """
    n, moved = len(deltas), _count_moved(deltas)
    if is_few(moved, n):
        changed = np.flatnonzero(deltas.a != deltas.b)
        old, new = (
            SortedRuns([side]).doubled_ranks(x[changed])
            for side, x in ((values.a, deltas.a), (values.b, deltas.b))
        )
        return _largest(alignment, deltas, changed, old, new, n)

    def size(places: Any) -> Ranks:
        by = np.abs(new_ranks(places) - old_ranks(places))
        return by if moved == n else by * values.moved(places)

    places = largest_first(
        _TOP,
        n,
        size,
        lambda places: -values.rows(places),
    )
    places = places[size(places) > 0]
    keys = deltas.keys(alignment, values.rows(places).astype(np.intp))
    return [
        RankMove(key, n - float(old) / 2, n - float(new) / 2)
        for key, old, new in zip(keys, old_ranks(places), new_ranks(places), strict=True)
    ]


def _count_moved(deltas: Deltas) -> int:
    return count_rows(lambda rows: deltas.column_a[rows] != deltas.column_b[rows], len(deltas))


def _largest(
    alignment: Alignment, deltas: Deltas, rows: Rows, old: Counts, new: Counts, n: int
) -> list[RankMove]:
    """Of some keys with their doubled ranks among n, those with the largest changes."""
    size = np.abs(new - old)
    first = np.lexsort((rows, -size))[:_TOP]
    first = first[size[first] > 0]
    keys = deltas.keys(alignment, rows[first])
    return [
        RankMove(key, n - before / 2, n - after / 2)
        for key, before, after in zip(keys, old[first].tolist(), new[first].tolist(), strict=True)
    ]


def _groups(by: pl.Series, deltas: Deltas, top_k: int) -> list[RankGroup]:
    """Ranks within each group, sorted by value, null first."""
    by = by if deltas.positions is None else by[deltas.positions]
    rows = pl.DataFrame({"by": by, "row": np.arange(len(by))}).group_by("by").agg("row").sort("by")
    return [
        _group(value, deltas, members.to_numpy(), top_k)
        for value, members in zip(rows["by"], rows["row"], strict=True)
    ]


def _group(value: object, deltas: Deltas, rows: Rows, top_k: int) -> RankGroup:
    values = rank_both(deltas.a[rows], deltas.b[rows])
    spearman, overlap = _spearman(values, *values.ranks()), _overlap(values, top_k)
    n = len(rows)
    return RankGroup(
        value=None if value is None else key_text(value),
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
