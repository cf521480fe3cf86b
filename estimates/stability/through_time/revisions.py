"""The moves of a number along versions, of one key or of many: what the chain statistics are made
from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from estimates.contract.columns import Column
from estimates.contract.contract import Stability
from estimates.stability.alignment import Mask, Rows
from estimates.stability.deltas import SLACK, asinh, relative, scale_floor
from estimates.stability.noise import is_none
from estimates.stability.value_kinds import Floats


@dataclass(frozen=True)
class ValueChanges:
    """Values `b` against values `a`: b − a (±inf where it overflows), S3 (None without a scale),
    materiality.
    """

    a: Floats
    b: Floats
    d: Floats
    r: Floats | None
    material: Mask


@dataclass(frozen=True)
class ValueHistories:
    """The finite values of one or several keys, key by key, oldest first.

    chain     which key a value belongs to: 0, 1, … without gaps
    numbers   the values
    scale     the scale floor; None when all values are 0 and the contract gives none
    column    whose tolerance says which differences are none
    """

    chain: Rows
    numbers: pl.Series
    scale: float | None
    policy: Stability
    column: Column

    def __len__(self) -> int:
        return len(self.chain)

    @property
    def starts(self) -> Rows:
        """The row of each key's oldest value."""
        return np.flatnonzero(np.diff(self.chain, prepend=-1))

    @property
    def ends(self) -> Rows:
        """The row of each key's newest value."""
        return np.append(self.starts[1:], len(self)) - 1

    @property
    def newer(self) -> Rows:
        """The rows that have a value of the same key before them: each is a move."""
        return np.flatnonzero(np.diff(self.chain, prepend=-1) == 0)

    def pairs(self, a: Rows, b: Rows) -> ValueChanges:
        """Compare some rows with others."""
        old, new = self.numbers[a], self.numbers[b]
        x, y = old.cast(pl.Float64).to_numpy(), new.cast(pl.Float64).to_numpy()
        whole = self.numbers.dtype.is_integer()
        with np.errstate(over="ignore"):
            exact = (
                (new.cast(pl.Int128) - old.cast(pl.Int128)).cast(pl.Float64).to_numpy()
                if whole
                else y - x
            )
            none = is_none(exact, x, y, self.column)
            y, exact = np.where(none, x, y), np.where(none, 0.0, exact)
            material = np.abs(exact) > self._tolerance(x, y) * SLACK
            return ValueChanges(
                x,
                y,
                exact,
                None if self.scale is None else relative(x, y, exact, self.scale),
                material,
            )

    def moves(self) -> ValueChanges:
        """Each value against the one before it of the same key, in the order of `newer`."""
        return self.pairs(self.newer - 1, self.newer)

    def _tolerance(self, x: Floats, y: Floats) -> Floats:
        return self.policy.atol + self.policy.rtol * np.maximum(np.abs(x), np.abs(y))


def value_histories(
    chain: Rows, numbers: pl.Series, column: Column, policy: Stability
) -> ValueHistories:
    """Finite values with their scale floor: the contract's, else S0 of all of them together."""
    scale = scale_floor(numbers.cast(pl.Float64).to_numpy(), column.scale_floor)
    return ValueHistories(chain, numbers, scale, policy, column)


def transforms(moves: ValueChanges, scale: float) -> Floats:
    """S4: g of each move; with one scale they add up along a chain."""
    return asinh(moves.b, scale) - asinh(moves.a, scale)


def turns(owner: Rows, moves: ValueChanges) -> tuple[Mask, Mask]:
    """V1: for each move but the first, whether it and the move before are one key's and material;
    and reversed it.

    owner  the key of each move
    """
    both = (owner[1:] == owner[:-1]) & moves.material[1:] & moves.material[:-1]
    return both, both & (np.sign(moves.d[1:]) != np.sign(moves.d[:-1]))


def neighbours(owner: Rows) -> Mask:
    """V3: for each move but the first, whether it and the move before are of one key that has three
    moves or more.

    Of two moves, each with their mean taken out, one is always the other with its sign turned.
    """
    return (owner[1:] == owner[:-1]) & (np.bincount(owner)[owner[1:]] > 2)


def autocorrelation(owner: Rows, d: Floats) -> float | None:
    """V3: lag-1 autocorrelation of the moves, each key's mean taken out first; None when they are
    all the same.

    Σ e_t·e_{t−1} / √(Σ e_t² · Σ e_{t−1}²) over the pairs that `neighbours` finds.
    """
    pair, largest = neighbours(owner), float(np.abs(d).max(initial=0.0))
    if not pair.any() or not largest:
        return None
    unit = d / largest
    mean = np.bincount(owner, unit) / np.maximum(np.bincount(owner), 1)
    e = unit - mean[owner]
    later, earlier = e[1:][pair], e[:-1][pair]
    size = float(np.sqrt((later**2).sum()) * np.sqrt((earlier**2).sum()))
    if size <= 1e-24 * len(later):  # nothing but rounding
        return None
    return max(-1.0, min(1.0, float((later * earlier).sum()) / size))


def settle_times(history: ValueHistories) -> NDArray[np.int64]:
    """V5: for each key the number of its first values that are not yet within tolerance of its
    newest for good.
    """
    off = history.pairs(history.ends[history.chain], np.arange(len(history))).material
    place = np.arange(len(history)) - history.starts[history.chain]
    times = np.zeros(len(history.starts), dtype=np.int64)
    np.maximum.at(times, history.chain[off], place[off] + 1)
    return times


def since_change(history: ValueHistories, moves: ValueChanges) -> NDArray[np.int64]:
    """V5: for each key the number of its values after the last material move, or after its oldest
    value.
    """
    last = history.starts.copy()
    rows = history.newer[moves.material]
    np.maximum.at(last, history.chain[rows], rows)
    return history.ends - last
