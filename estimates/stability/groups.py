"""The headline numbers of a column by group and by horizon."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from estimates.frame import key_text
from estimates.stability.align import Mask, Rows
from estimates.stability.blocks import taken
from estimates.stability.deltas import Deltas
from estimates.stability.kinds import Floats
from estimates.stability.report import Group, GroupSurprise
from estimates.stability.selection import quantiles

_MOST = 50
_FEW = 30


@dataclass(frozen=True)
class Grouping:
    """Rows by the value that each has.

    values  one per row
    shown   the values of the 50 largest groups (ties by value), sorted, null first
    rows    the rows of each of these groups, one group after the other, then all others
    ends    where each group ends in `rows`
    """

    values: pl.Series
    shown: pl.Series
    rows: Rows
    ends: list[int]


def grouping(values: pl.Series) -> Grouping:
    """Sort rows into groups by value."""
    sizes = values.alias("by").value_counts(name="n").sort(["n", "by"], descending=[True, False]).head(_MOST).sort("by")
    shown = sizes["by"]
    numbers = pl.Series(range(len(shown)), dtype=pl.UInt8)
    group = values.replace_strict(shown, numbers, default=len(shown), return_dtype=pl.UInt8)
    rows = np.argsort(group.to_numpy(), kind="stable")  # of bytes: one pass that counts, one that places
    return Grouping(values, shown, rows, np.cumsum(sizes["n"].to_numpy()).tolist())


def breakdown(groups: Grouping, deltas: Deltas) -> list[Group]:
    """n, p50 and p95 of r, material_share and change_share by value, null first; `groups` is of the common keys.

    The rest beyond the groups shown is pooled at the end.
    """
    if deltas.positions is not None:
        groups = grouping(groups.values[deltas.positions])
    r = None if deltas.r is None else taken(deltas.r, groups.rows)
    material = deltas.material[groups.rows]
    size = np.abs(taken(deltas.d, groups.rows))
    starts, ends = [0, *groups.ends], [*groups.ends, len(groups.rows)]
    texts = [None if value is None else key_text(value) for value in groups.shown]
    shares = _shares([size[start:end] for start, end in zip(starts, ends, strict=True)])
    found: list[Group] = []
    for start, end, value, moved in zip(starts, ends, [*texts, "other"], shares, strict=True):
        n = end - start
        if n:
            p50, p95 = (None, None) if r is None else quantiles(r[start:end], 0.5, 0.95)
            share = int(np.count_nonzero(material[start:end])) / n
            found.append(Group(value, n, p50, p95, share, moved, few=n < _FEW, pooled=len(found) == len(texts)))
    return found


def surprises(groups: Grouping, rows: Rows, beyond: Mask) -> list[GroupSurprise]:
    """The share of each group's keys that are `beyond`; `rows` are the places of these keys among the common ones."""
    if len(rows) != len(groups.values):
        groups = grouping(groups.values[rows])
    counted = np.concatenate(([0], np.cumsum(beyond[groups.rows])))
    starts, ends = [0, *groups.ends], [*groups.ends, len(groups.rows)]
    texts = [None if value is None else key_text(value) for value in groups.shown]
    found: list[GroupSurprise] = []
    for start, end, value in zip(starts, ends, [*texts, "other"], strict=True):
        if end > start:
            share = int(counted[end] - counted[start]) / (end - start)
            found.append(GroupSurprise(value, end - start, share, end - start < _FEW, len(found) == len(texts)))
    return found


def _shares(parts: list[Floats]) -> list[float | None]:
    """What each part adds to the sum of all; None when they are all 0 or the sum overflows."""
    with np.errstate(over="ignore"):
        sums = [float(part.sum()) for part in parts]
        whole = float(np.sum(sums))
    return [part / whole if 0 < whole < np.inf else None for part in sums]
