"""The order of columns that share rows, by what moved alone, against that of all values."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from estimates.stability import drift
from estimates.stability.aligned import align_versions
from estimates.stability.deltas import Deltas, deltas
from estimates.stability.kernels.sorted_runs import SortedRuns
from estimates.stability.ranking import rank_both, tie_sum
from estimates.stability.shared_order import (
    moved_tie_sum,
    shared_order,
    shared_ties,
    shifts_of_shared,
)
from estimates.stability.shared_rows import (
    Layout,
    NeedsAllRows,
    SharedColumn,
    SharedRows,
    sorted_column,
)
from estimates.stability.value_kinds import classify
from tests.stability.one_column import contract

SMALL = st.integers(-3, 3).map(float)
UNMOVED = st.lists(SMALL, min_size=60, max_size=80)
MOVED = st.lists(st.tuples(SMALL, SMALL), max_size=2)


class Sides:
    """Two versions: shared numbers in one stretch, in front of the compared ones.

    a, b  all of them, in key order
    """

    def __init__(self, unmoved: list[float], moved: list[tuple[float, float]]) -> None:
        compared = [(value, value) for value in unmoved[:5]] + moved
        self.own = [pl.Series(side, dtype=pl.Float64) for side in zip(*compared, strict=True)]
        shared = pl.Series(unmoved[5:])
        column = sorted_column(shared)
        rows = SharedRows.of_parts([(0, [(len(shared), {"value": column})])], ["value"], {})
        self.shared: SharedColumn = rows.columns["value"]
        self.kinds = rows.kinds("value")
        self.layout = Layout(np.array([0]), np.array([len(shared)]), len(compared))
        self.a, self.b = (pl.concat([shared, side]).to_numpy() + 0.0 for side in self.own)

    def deltas(self) -> Deltas:
        """The moves of the compared keys."""
        ids = [f"{i:03}" for i in range(len(self.own[0]))]
        a, b = (pl.DataFrame({"id": ids, "value": side}) for side in self.own)
        pair = align_versions(a, b, contract(), None, None)
        return deltas(pair.alignment, "value", *pair.common("value"), 1.0, pair.contract.stability)


@given(UNMOVED, MOVED, st.integers(1, 12))
@example([float(i % 7) for i in range(70)], [(6.0, 0.0), (1.0, 6.0)], 10)
@example([float(i % 7) for i in range(70)], [(5.0, 6.0)], 11)
@example([float(i) for i in range(70)], [(5.5, 6.5)], 11)
def test_ranks_of_all_follow_from_what_moved(
    unmoved: list[float], moved: list[tuple[float, float]], k: int
) -> None:
    """The squares of all doubled moves, and the share of A's k largest that are among B's."""
    sides = Sides(unmoved, moved)
    order = shared_order(sides.deltas(), sides.shared, sides.layout)
    ranking = rank_both(sides.a, sides.b)
    everywhere = slice(0, len(ranking))
    before, after = (ranks(everywhere).astype(np.int64) for ranks in ranking.ranks())
    assert len(order) == len(sides.a)
    assert order.distance() == int(((after - before) ** 2).sum())
    top_a, top_b = (set(rows.tolist()) for rows in ranking.top(k))
    assert order.overlap(k) == len(top_a & top_b) / k
    assert order.overlap(len(order)) is None


@given(UNMOVED, MOVED)
def test_ties_of_all_follow_from_what_moved(
    unmoved: list[float], moved: list[tuple[float, float]]
) -> None:
    """Σ (t³ − t) of A, of what is compared in both, and of B, whether that of A is known or not."""
    sides = Sides(unmoved, moved)
    moves = sides.deltas()
    order = shared_order(moves, sides.shared, sides.layout)
    old, new = (classify(side) for side in sides.own)
    a, b = (tie_sum(np.sort(side)) for side in (sides.a, sides.b))
    assert shared_ties(order, None, old, new, moves) == (a, a, b, b)
    assert shared_ties(order, a, old, new, moves) == (a, a, b, b)


def test_many_moves_need_all_rows() -> None:
    """Where a large part moved, nothing is looked up."""
    sides = Sides([1.0] * 60, [(float(i), float(i + 1)) for i in range(60)])
    with pytest.raises(NeedsAllRows):
        shared_order(sides.deltas(), sides.shared, sides.layout)


@given(st.lists(SMALL, max_size=20), st.lists(SMALL, max_size=5), st.data())
def test_a_tie_sum_moves_with_its_numbers(
    values: list[float], added: list[float], data: st.DataObject
) -> None:
    """What some numbers that go and others that come make of Σ (t³ − t)."""
    count = data.draw(st.integers(0, len(values)))
    removed = np.array(data.draw(st.permutations(values))[:count], dtype=float)
    rest = list(values)
    for value in removed.tolist():
        rest.remove(value)
    before, after = (np.sort(np.array(side, dtype=float)) + 0.0 for side in (values, rest + added))
    start, wanted = (tie_sum(side) if len(side) else 0 for side in (before, after))
    runs = SortedRuns([before])
    assert moved_tie_sum(start, runs, removed + 0.0, np.array(added, dtype=float) + 0.0) == wanted


@given(UNMOVED, MOVED)
def test_drift_of_all_follows_from_what_moved(
    unmoved: list[float], moved: list[tuple[float, float]]
) -> None:
    """The report of drift is that of all values, to the last bit."""
    sides = Sides(unmoved, moved)
    old, new = (classify(side) for side in sides.own)
    rows = np.flatnonzero(sides.own[0].to_numpy() != sides.own[1].to_numpy())
    measured = shifts_of_shared(sides.shared, old, new, sides.kinds, rows)
    all_old, all_new = (classify(pl.Series(side)) for side in (sides.a, sides.b))
    wanted = drift.measure(all_old, all_new, 0.5, rank_both(sides.a, sides.b))
    assert drift.drift_report(measured, 0.5) == wanted


def test_shared_nulls_are_a_bin() -> None:
    """Values that are missing in both versions count in PSI, as they do among all rows."""
    sides = Sides([float(i % 9) for i in range(70)], [(3.0, 4.0)])
    nulls = np.array([0, 12, 0, 0, 0, 0])
    old, new = (classify(side) for side in sides.own)
    measured = shifts_of_shared(sides.shared, old, new, sides.kinds + nulls, np.array([5]))
    all_old, all_new = (
        classify(pl.concat([pl.Series(side), pl.Series([None] * 12, dtype=pl.Float64)]))
        for side in (sides.a, sides.b)
    )
    wanted = drift.measure(all_old, all_new, 0.5, rank_both(sides.a, sides.b))
    assert drift.drift_report(measured, 0.5) == wanted
