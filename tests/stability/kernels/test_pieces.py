"""A column that is read in the pieces in which a frame has it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from estimates.contract.contract_file import parse_contract
from estimates.stability.changes import first_changes
from estimates.stability.diff import diff
from estimates.stability.kernels.pieces import Pieces, has_long_pieces

NUMBERS = np.random.default_rng(1).normal(size=100)
ENDS = (0, 1, 40, 41, 100)


@pytest.fixture
def pieces() -> Pieces:
    """The numbers in four pieces, two of them of one number."""
    parts = [pl.Series(NUMBERS[a:b]) for a, b in pairwise(ENDS)]
    column = pl.concat(parts, rechunk=False)
    assert column.n_chunks() == 4
    return Pieces(column)


def test_slices_are_those_of_the_whole(pieces: Pieces) -> None:
    """Within a piece, from its first to its last row, and over several."""
    assert len(pieces) == 100
    for start in range(101):
        for stop in range(start, 101, 7):
            assert np.array_equal(pieces[start:stop], NUMBERS[start:stop])
    assert np.array_equal(pieces[:], NUMBERS)
    assert np.array_equal(pieces[30:400], NUMBERS[30:])


def test_a_slice_of_one_piece_is_no_copy(pieces: Pieces) -> None:
    """Its numbers lie where those of the whole piece lie."""
    assert np.shares_memory(pieces[41:50], pieces[45:100])
    assert not np.shares_memory(pieces[40:50], pieces[45:100])


def test_rows_in_any_order(pieces: Pieces) -> None:
    """Row numbers, some more than once, and none."""
    rows = np.random.default_rng(2).integers(0, 100, 300)
    assert np.array_equal(pieces[rows], NUMBERS[rows])
    assert len(pieces[rows[:0]]) == 0
    assert np.array_equal(pieces.taken(rows), NUMBERS[rows])
    assert np.array_equal(pieces.taken(np.sort(rows)), NUMBERS[np.sort(rows)])
    assert len(pieces.taken(rows[:0])) == 0


def test_as_an_array(pieces: Pieces) -> None:
    """It is a copy of all."""
    assert np.array_equal(np.asarray(pieces), NUMBERS)


def test_short_pieces_are_not_read_as_they_are() -> None:
    """Where blocks would often go over an end, a copy is read faster."""
    long = pl.Series(np.zeros(1 << 18))
    assert has_long_pieces(pl.concat([long, long], rechunk=False))
    assert not has_long_pieces(long)
    assert not has_long_pieces(pl.concat([long[:3], long[:50]], rechunk=False))


def test_a_report_says_the_same_whatever_the_pieces() -> None:
    """Frames in pieces, whose ends are no ends of blocks, and the same frames in one piece."""
    contract = parse_contract(
        """
name = "pieces"
[key.id]
type = "integer"
[columns.value]
[columns.low]
role = "lower"
level = 0.8
[columns.high]
role = "upper"
level = 0.8
"""
    )
    rows, rng = 280_001, np.random.default_rng(3)
    value = rng.lognormal(3, 1, rows)
    moved = value * (1 + 0.01 * rng.standard_normal(rows))
    old, new = (
        pl.DataFrame({"id": np.arange(rows), "value": x, "low": x * 0.9, "high": x * 1.1})
        for x in (value, moved)
    )
    pieces = [pl.concat([f[:140_000], f[140_000:]], rechunk=False) for f in (old, new)]
    assert [frame.n_chunks() for frame in pieces] == [2, 2]
    assert diff(pieces[0], pieces[1], contract) == diff(old, new, contract)
    new, pieces[1] = new.slice(7), pieces[1].slice(7)  # with other keys
    assert diff(pieces[0], pieces[1], contract) == diff(old, new, contract)
    changed = first_changes(pieces[0], pieces[1], contract, 50).rows
    assert changed.equals(first_changes(old, new, contract, 50).rows)
