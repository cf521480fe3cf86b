"""S11: what all keys add up to: totals over a declared hierarchy, weighted where the contract says
by what, and which parts carry the change.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from estimates.contract.columns import key_text
from estimates.contract.roles import RANKED
from estimates.stability.aligned import AlignedVersions
from estimates.stability.deltas import Deltas
from estimates.stability.family_reports import Total, Totals
from estimates.stability.value_kinds import Floats

_CARRIED = 0.8  # of the change that the carriers have
_MIDDLE = 0.5  # of quantiles, the one that stands for the number


def measure(pair: AlignedVersions, name: str, deltas: Deltas) -> Totals | None:
    """The totals of a column; None where the contract asks for none: it has no hierarchy, and the
    column neither weight nor scale floor.
    """
    contract, column = pair.contract, pair.contract.columns[name]
    levels = list(contract.stability.hierarchy)
    is_central = column.role in RANKED or column.quantile == _MIDDLE
    if not is_central or not (levels or column.weight or column.scale_floor):
        return None
    weights = _weights(pair, column.weight, deltas)
    a, b, d = (
        np.where(weights > 0, side * weights, 0.0)
        for side in (deltas.a, deltas.b, np.asarray(deltas.d))
    )
    paths = [_taken(pair.alignment.old(level), deltas) for level in levels]
    whole, *groups = _by_level(paths, a, b, d, weights > 0)
    return Totals(
        weight=column.weight,
        all=whole[0],
        levels=dict(zip(levels, groups, strict=True)),
        below_floor=_below_floor(deltas, column.scale_floor, weights),
    )


def _weights(pair: AlignedVersions, weight: str | None, deltas: Deltas) -> Floats:
    """The weight that each key had; 0 where it is no number above 0."""
    if weight is None:
        return np.ones(len(deltas))
    values = _taken(pair.alignment.old(weight), deltas).cast(pl.Float64).fill_null(0.0).to_numpy()
    return np.where(np.isfinite(values) & (values > 0), values, 0.0)


def _taken(values: pl.Series, deltas: Deltas) -> pl.Series:
    return values if deltas.positions is None else values[deltas.positions]


def _by_level(
    paths: Sequence[pl.Series], a: Floats, b: Floats, d: Floats, counts: NDArray[np.bool_]
) -> list[list[Total]]:
    """The totals of all, then of each level; what carries the change of a group are its parts on
    the next level, of the last one its keys.
    """
    numbers = [np.zeros(len(a), dtype=np.int64)]
    named: list[list[list[str | None]]] = [[[]]]
    for depth in range(1, len(paths) + 1):
        frame = pl.DataFrame([path.alias(str(i)) for i, path in enumerate(paths[:depth])])
        distinct = frame.unique().sort(pl.all(), nulls_last=False).with_row_index("number")
        matched = frame.join(
            distinct, on=frame.columns, how="left", nulls_equal=True, maintain_order="left"
        )
        numbers.append(matched["number"].to_numpy().astype(np.int64))
        named.append(
            [
                [None if part is None else key_text(part) for part in parts]
                for parts in distinct.drop("number").iter_rows()
            ]
        )
    numbers.append(np.arange(len(a), dtype=np.int64))
    return [
        _totals(names, numbers[i], numbers[i + 1], (a, b, d), counts)
        for i, names in enumerate(named)
    ]


def _totals(
    names: list[list[str | None]],
    group: NDArray[np.int64],
    part: NDArray[np.int64],
    sides: tuple[Floats, Floats, Floats],
    counts: NDArray[np.bool_],
) -> list[Total]:
    size = len(names)
    old, new, change = (np.bincount(group, side, size) for side in sides)
    n = np.bincount(group, counts, size).astype(np.int64)
    moves = np.abs(np.bincount(part, sides[2], int(part.max(initial=-1)) + 1))
    group_of_part = np.zeros(len(moves), dtype=np.int64)
    group_of_part[part] = group
    order = np.lexsort((-moves, group_of_part))
    starts = np.searchsorted(group_of_part[order], np.arange(size + 1))
    totals: list[Total] = []
    for i, path in enumerate(names):
        of_parts = moves[order[starts[i] : starts[i + 1]]]
        carried = np.cumsum(of_parts)
        whole = float(carried[-1]) if len(carried) else 0.0
        carriers = int(np.searchsorted(carried, _CARRIED * whole * (1 - 1e-12))) + 1 if whole else 0
        a, b = float(old[i]), float(new[i])
        totals.append(
            Total(
                path=path,
                n=int(n[i]),
                a=a,
                b=b,
                change=float(change[i]) / abs(a)
                if a and np.isfinite(a) and np.isfinite(b)
                else None,
                carriers=carriers,
                parts=int(np.count_nonzero(of_parts)),
            )
        )
    return totals


def _below_floor(deltas: Deltas, floor: float | None, weights: Floats) -> float | None:
    """The share of the old total that lies on keys whose change is relative to the contract's scale
    floor; None without one.
    """
    if floor is None:
        return None
    sizes = np.abs(deltas.a) * weights
    whole = float(sizes.sum())
    below = np.abs(deltas.a) / 2 + np.abs(deltas.b) / 2 < floor  # the sum might overflow
    return float(sizes[below].sum()) / whole if whole else None
