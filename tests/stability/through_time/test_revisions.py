"""The moves of numbers along versions, of several keys at once."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from estimates.contract.columns import Column
from estimates.contract.contract import Stability
from estimates.stability.through_time.revisions import (
    ValueHistories,
    autocorrelation,
    neighbours,
    settle_times,
    since_change,
    turns,
    value_histories,
)


def histories(*keys: list[float] | list[int], rtol: float = 0.01) -> ValueHistories:
    """The values of some keys, oldest first, under a tolerance relative to the larger value."""
    chain = np.repeat(np.arange(len(keys)), [len(values) for values in keys])
    numbers = pl.Series([value for values in keys for value in values])
    return value_histories(chain, numbers, Column(), Stability(rtol=rtol))


def test_moves_stay_within_their_key() -> None:
    """The first value of a key is no move, and what is within tolerance is not material."""
    both = histories([100.0, 110.0, 110.5], [5.0], [1.0, 2.0])
    moves = both.moves()
    assert both.starts.tolist() == [0, 3, 4]
    assert both.ends.tolist() == [2, 3, 5]
    assert moves.d.tolist() == [10.0, 0.5, 1.0]
    assert moves.material.tolist() == [True, False, True]


def test_large_integers_differ_by_what_they_differ_by() -> None:
    """Also where both are one double."""
    assert histories([2**60, 2**60 + 1], rtol=0.0).moves().d.tolist() == [1.0]


def test_a_turn_is_a_material_move_back() -> None:
    """After a material one of the same key; a small move between ends the count."""
    owner = np.array([0, 0, 0, 0, 1, 1])
    moves = histories([10.0, 20.0, 10.0, 10.01, 20.0], [1.0, 2.0, 4.0]).moves()
    possible, turned = turns(owner, moves)
    assert possible.tolist() == [True, False, False, False, True]
    assert turned.tolist() == [True, False, False, False, False]


def test_keys_with_two_moves_have_no_neighbours() -> None:
    """Around their mean one of two is always the other, turned."""
    assert neighbours(np.array([0, 0, 1, 1, 1])).tolist() == [False, False, True, True]


@pytest.mark.parametrize(
    ("moves", "value"),
    [
        ([1.0, -1.0, 1.0, -1.0], -1.0),
        ([1.0, 1.0, -1.0, -1.0], 1 / 3),
        ([1.0, 1.0, 1.0, 1.0], None),
        ([1e308, -1e308, 1e308, -1e308], -1.0),
        ([1.0, 2.0], None),
        ([], None),
    ],
)
def test_autocorrelation(moves: list[float], value: float | None) -> None:
    """From −1 to 1; none where all moves are the same, or nothing has a neighbour."""
    result = autocorrelation(np.zeros(len(moves), dtype=np.int64), np.array(moves))
    assert result == (None if value is None else pytest.approx(value))


def test_when_a_value_settled_and_when_it_last_moved() -> None:
    """By key: how many values were off its newest one, how many came after the last move."""
    history = histories([9.0, 10.0, 5.0, 10.0, 10.01], [3.0], [1.0, 1.0])
    assert settle_times(history).tolist() == [3, 0, 0]
    assert since_change(history, history.moves()).tolist() == [1, 0, 1]
