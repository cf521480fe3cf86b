"""Memory of long columns that is used again within a report."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from estimates.stability.kernels import memory
from estimates.stability.kernels.memory import empty_column, memory_used_again


@pytest.fixture(autouse=True)
def short_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns of more than a few rows count as long."""
    monkeypatch.setattr(memory, "_PIECE", 64)


def _address(column: np.ndarray) -> int:
    return column.ctypes.data


@memory_used_again()
def test_what_nothing_lies_in_is_used_again() -> None:
    """By a column of another type, and by one that is a little shorter."""
    column = empty_column(100)
    begins = _address(column)
    del column
    shorter = empty_column(90, np.int64)
    assert (_address(shorter), len(shorter), shorter.dtype) == (begins, 90, np.int64)


@memory_used_again()
def test_what_something_lies_in_is_left_alone() -> None:
    """A part of a column, or a series of polars, that is still there."""
    column = empty_column(100)
    column[:] = 1.0
    part, series = column[10:20], pl.Series(column)
    del column
    empty_column(100)[:] = 2.0
    assert (part == 1.0).all()
    del part
    empty_column(100)[:] = 2.0
    assert (series == 1.0).all()


@memory_used_again()
def test_a_short_column_takes_no_long_piece() -> None:
    """Or the next long one would need another."""
    column = empty_column(100)
    begins = _address(column)
    del column
    short = empty_column(40)
    assert _address(empty_column(100)) == begins != _address(short)


def test_nothing_is_kept_outside_of_a_report() -> None:
    """Columns of nobody's report are of memory of their own."""
    with memory_used_again():
        column = empty_column(100)
    assert column.base is not None
    assert empty_column(100).base is None
