"""Two columns in order of size, against lists that are sorted slowly."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from estimates.stability.ranking import rank_both, sorted_quantile, spread_of_ties, tie_sum

VALUES = st.one_of(st.floats(-5, 5), st.integers(-3, 3).map(float))
PAIRS = st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=40)


def slow_ranks(values: list[float]) -> list[Fraction]:
    """The rank from 0 of each value; equal ones share the mean of theirs."""
    return [
        Fraction(2 * sum(y < x for y in values) + sum(y == x for y in values) - 1, 2)
        for x in values
    ]


def arrays(pairs: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    """Both columns, without −0.0."""
    a, b = (np.array(side) + 0.0 for side in zip(*pairs, strict=True))
    return a, b


@given(PAIRS)
def test_both_columns_have_their_ranks(pairs: list[tuple[float, float]]) -> None:
    """Doubled ranks of each key in A and B, keys in the order of B, and which rows these are."""
    a, b = arrays(pairs)
    ranking = rank_both(a, b)
    rows = ranking.rows(slice(None))
    assert sorted(rows.tolist()) == list(range(len(a)))
    assert b[rows].tolist() == sorted(b.tolist())
    for ranks, column in zip(ranking.ranks(), (a, b), strict=True):
        slow = slow_ranks(column.tolist())
        wanted = [2 * slow[row] for row in rows.tolist()]
        for places in (slice(0, len(a)), np.arange(len(a))):
            assert ranks(places).tolist() == wanted
    assert ranking.moved(slice(None)).tolist() == (a[rows] != b[rows]).tolist()


@given(PAIRS)
def test_spreads_are_those_of_average_ranks(pairs: list[tuple[float, float]]) -> None:
    """The sum of squares of ranks around their mean, exactly, with ties or without."""
    columns = arrays(pairs)
    for spread, column in zip(rank_both(*columns).spreads(), columns, strict=True):
        ranks = slow_ranks(column.tolist())
        mean = sum(ranks) / len(ranks)
        assert spread == float(sum((rank - mean) ** 2 for rank in ranks))


@given(PAIRS, st.integers(0, 40))
@example([(2.0, 1.0), (1.0, 1.0), (3.0, 1.0), (3.0, 0.0)], 0)
def test_the_largest_are_the_first_of_equal_ones(
    pairs: list[tuple[float, float]], more: int
) -> None:
    """The k largest of each column; of equal values at the end those of the first rows."""
    columns = arrays(pairs)
    k = min(1 + more, len(pairs))
    for top, column in zip(rank_both(*columns).top(k), columns, strict=True):
        wanted = sorted(range(len(column)), key=lambda row: (-column[row], row))[:k]
        assert sorted(top.tolist()) == sorted(wanted)


@given(st.lists(VALUES, min_size=1, max_size=40))
def test_ties_are_summed(values: list[float]) -> None:
    """Σ (t³ − t) over the values that are there t times; without ties the spread of 0 … n − 1."""
    ascending = np.sort(np.array(values) + 0.0)
    counts = [values.count(x) for x in {x + 0.0 for x in values}]
    assert tie_sum(ascending) == sum(t**3 - t for t in counts)
    n = len(values)
    assert spread_of_ties(n, 0) == sum((rank - (n - 1) / 2) ** 2 for rank in range(n))


@given(st.lists(st.integers(-99, 99), min_size=1, max_size=40), st.integers(0, 10))
def test_a_quantile_lies_between_two_places(values: list[int], part: int) -> None:
    """Type 7: place (n − 1) · part / 10, and between two places on the line."""
    ordered = sorted(values)
    place = Fraction((len(ordered) - 1) * part, 10)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    wanted = ordered[low] + (ordered[high] - ordered[low]) * (place - low)
    measured = sorted_quantile(np.array(ordered, dtype=float), part, 10)
    assert abs(measured - float(wanted)) <= 1e-12 * max(1.0, abs(float(wanted)))
