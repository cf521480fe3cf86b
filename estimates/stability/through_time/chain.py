"""V: what became of an estimate from version to version: of one key, and of all keys of a set
together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from estimates.contract.columns import Column
from estimates.contract.contract import Contract, Stability
from estimates.contract.roles import NUMERIC_ROLES
from estimates.stability.kernels.selection import quantiles
from estimates.stability.through_time.revision_report import Chain, Chains, Middle, Step
from estimates.stability.through_time.revisions import (
    ValueChanges,
    ValueHistories,
    autocorrelation,
    neighbours,
    settle_times,
    since_change,
    transforms,
    turns,
    value_histories,
)
from estimates.stability.value_kinds import Floats

MIN_VALUES = 3  # a path has a shape from three values on
MIN_PAIRS = 20  # below that an autocorrelation says nothing


def numeric_columns(contract: Contract, fields: Sequence[str] | None = None) -> dict[str, Column]:
    """The estimate columns that are numbers, of those asked for."""
    return {
        name: column
        for name, column in contract.columns.items()
        if column.role in NUMERIC_ROLES and (fields is None or name in fields)
    }


def key_chains(
    contract: Contract,
    estimates: Mapping[int, Mapping[str, Any] | None],
    expected: set[int],
    fields: Sequence[str] | None = None,
) -> dict[str, Chain]:
    """The chain of each numeric column of one key.

    estimates  version → its estimate, or None without one; oldest first
    expected   the versions among them that had to have the key
    """
    return {
        name: _chain(
            column,
            contract.stability,
            {v: e.get(name) for v, e in estimates.items() if e is not None},
            expected,
        )
        for name, column in numeric_columns(contract, fields).items()
    }


def pooled_chains(
    history: ValueHistories, expected: int | None, points: float | None = None
) -> Chains:
    """The chains of many keys together.

    expected  how many values there had to be; None when nobody knows
    points    percentage points in one unit of the column; None: changes are relative to the old
              value
    """
    moves, sizes = history.moves(), np.bincount(history.chain)
    has_moves = sizes > 1
    newest = history.pairs(history.ends[has_moves] - 1, history.ends[has_moves])
    whole = history.pairs(history.starts[has_moves], history.ends[has_moves])
    reasons = _missing(history, moves)
    if not expected:
        reasons["availability"] = "unknown" if expected is None else "never_due"
    shape, paths = _shape(history, moves, reasons), _paths(history, moves, reasons)
    return Chains(
        keys=len(sizes),
        long_keys=int((sizes >= MIN_VALUES).sum()),
        moves=len(moves.d),
        availability=len(history) / expected if expected else None,
        scale_floor=history.scale,
        previous_r=_middle(newest.r),
        first_r=_middle(whole.r),
        **shape,
        efficiency=_middle(paths),
        since_change=_middle(since_change(history, moves)[has_moves]),
        settle_time=_middle(settle_times(history)[has_moves]),
        reasons={metric: reasons[metric] for metric in sorted(reasons)},
        measure="relative" if points is None else "points",
        previous_plain=_middle(_plain(newest, history.scale, points)),
        first_plain=_middle(_plain(whole, history.scale, points)),
    )


def _plain(moves: ValueChanges, scale: float | None, points: float | None) -> Floats | None:
    """S3a of each move; None without a scale."""
    with np.errstate(over="ignore"):
        if points is not None:
            return np.abs(moves.d) * points
        return None if scale is None else np.abs(moves.d) / np.maximum(np.abs(moves.a), scale)


def _chain(column: Column, policy: Stability, cells: dict[int, Any], expected: set[int]) -> Chain:
    have = {version: cell for version, cell in cells.items() if cell is not None}
    numbers = pl.Series(
        list(have.values()), dtype=pl.Int64 if column.kind == "integer" else pl.Float64
    )
    history = value_histories(np.zeros(len(have), dtype=np.intp), numbers, column, policy)
    moves, versions = history.moves(), list(have)
    reasons = _missing(history, moves)
    if not expected:
        reasons["availability"] = "never_due"
    steps = _steps(history, moves, versions)
    shape = _shape(history, moves, reasons)
    paths = _paths(history, moves, reasons)
    settled = int(settle_times(history)[0]) if len(have) > 1 else None
    return Chain(
        unit=column.unit,
        versions=len(expected),
        n=len(have),
        availability=len(expected & set(versions)) / len(expected) if expected else None,
        scale_floor=history.scale,
        previous_r=steps[-1].r if steps else None,
        first_r=steps[-1].first_r if steps else None,
        **shape,
        efficiency=float(paths[0]) if len(paths) else None,
        since_change=int(since_change(history, moves)[0]) if len(have) > 1 else None,
        settle_time=settled,
        settled_version=None if settled is None else versions[settled],
        steps=steps,
        reasons={metric: reasons[metric] for metric in sorted(reasons)},
    )


def _missing(history: ValueHistories, moves: ValueChanges) -> dict[str, str]:
    """Why V5 and V6 are None."""
    if not len(moves.d):
        return dict.fromkeys(("previous_r", "first_r", "since_change", "settle_time"), "few_values")
    return (
        dict.fromkeys(("previous_r", "first_r"), "degenerate_scale")
        if history.scale is None
        else {}
    )


def _steps(history: ValueHistories, moves: ValueChanges, versions: list[int]) -> list[Step]:
    """A row a version."""
    if not versions:
        return []
    later = np.arange(1, len(history))
    first = history.pairs(np.zeros(len(later), dtype=np.intp), later)
    g = None if history.scale is None else transforms(moves, history.scale)
    numbers = history.numbers.to_list()
    steps = [Step(versions[0], numbers[0] + 0, None, None, None, None, None, None)]  # −0.0 is 0.0
    for i, version in enumerate(versions[1:]):
        before = (_finite(moves.d, i), _at(moves.r, i), _at(g, i), bool(moves.material[i]))
        steps.append(
            Step(version, numbers[i + 1] + 0, *before, _finite(first.d, i), _at(first.r, i))
        )
    return steps


def _shape(history: ValueHistories, moves: ValueChanges, reasons: dict[str, str]) -> dict[str, Any]:
    """V1, V3, V4, which are about all moves; with the reasons why some are None."""
    owner = history.chain[history.newer]
    both, flipped = turns(owner, moves)
    count, flips = int(both.sum()), int(flipped.sum())
    overflow, pairs = bool(np.isinf(moves.d).any()), int(neighbours(owner).sum())
    correlation = None if overflow else autocorrelation(owner, moves.d)
    if not count:
        reasons["flip_share"] = "unmoved" if (owner[1:] == owner[:-1]).any() else "few_values"
    if overflow or pairs < MIN_PAIRS or correlation is None:
        reasons["autocorrelation"] = (
            "overflow" if overflow else "few_pairs" if pairs < MIN_PAIRS else "unmoved"
        )
    if len(owner) < 2 or history.scale is None:
        reasons["volatility"] = "few_values" if len(owner) < 2 else "degenerate_scale"
    return {
        "flips": flips,
        "turns": count,
        "flip_share": flips / count if count else None,
        "autocorrelation": None if "autocorrelation" in reasons else correlation,
        "pairs": pairs,
        "volatility": None
        if len(owner) < 2 or history.scale is None
        else float(np.std(transforms(moves, history.scale))),
    }


def _paths(history: ValueHistories, moves: ValueChanges, reasons: dict[str, str]) -> Floats:
    """V2 of each key that has three values and moved materially: |x_n − x_1| / max(Σ |d|, s0)."""
    owner, sizes = history.chain[history.newer], np.bincount(history.chain)
    has_moves = np.bincount(owner[moves.material], minlength=len(sizes)) > 0
    counted = has_moves & (sizes >= MIN_VALUES)
    if not counted.any() or history.scale is None:
        reasons["efficiency"] = "unmoved" if (sizes >= MIN_VALUES).any() else "few_values"
        return np.empty(0)
    net = np.abs(history.pairs(history.starts, history.ends).d)[counted]
    with np.errstate(over="ignore"):
        path = np.bincount(owner, np.abs(moves.d), minlength=len(sizes))[counted]
    if not np.isfinite(path).all():  # no way is shorter than from its start to its end
        reasons["efficiency"] = "overflow"
        return np.empty(0)
    return np.minimum(net / np.maximum(path, history.scale), 1.0)


def _middle(numbers: Floats | np.ndarray | None) -> Middle | None:
    if numbers is None or not len(numbers):
        return None
    return Middle(len(numbers), *quantiles(np.asarray(numbers, dtype=np.float64), 0.5, 0.95))


def _at(numbers: Floats | None, row: int) -> float | None:
    return None if numbers is None else float(numbers[row])


def _finite(numbers: Floats, row: int) -> float | None:
    return float(numbers[row]) if np.isfinite(numbers[row]) else None
