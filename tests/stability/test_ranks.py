"""Ranks: known answers, and the engine against a slow, obvious reference."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.contract.contract_file import parse_contract
from estimates.stability.diff import diff
from estimates.stability.family_reports import RankReport
from tests.stability.one_column import compare, scalar
from tests.stability.reference import same

GROUPED = parse_contract(
    """
    name = "set"
    [key.id]
    type = "integer"
    [columns.value]
    role = "score"
    [columns.by]
    role = "attribute"
    type = "string"
    [stability]
    rank_groups = ["by"]
    top_k = 2
    """
)


def ranks(a: list[float], b: list[float]) -> RankReport:
    """The ranks of `value` over two versions with these values."""
    result = compare(a, b).columns["value"].ranks
    assert result is not None
    return result


def slow_ranks(values: list[float]) -> list[Fraction]:
    """Rank 1 is the largest; equal values share the mean of their ranks."""
    return [
        Fraction(sum(y > x for y in values) * 2 + sum(y == x for y in values) + 1, 2)
        for x in values
    ]


def slow_spearman(a: list[float], b: list[float]) -> float | None:
    """Pearson's correlation of the ranks, in exact arithmetic up to the root."""
    x, y = slow_ranks(a), slow_ranks(b)
    middle = Fraction(len(a) + 1, 2)
    spread = [sum((r - middle) ** 2 for r in side) for side in (x, y)]
    if len(a) < 3 or not spread[0] or not spread[1]:
        return None
    covariance = sum((p - middle) * (q - middle) for p, q in zip(x, y, strict=True))
    return float(covariance) / math.sqrt(spread[0] * spread[1])


def slow_overlap(a: list[float], b: list[float], k: int) -> float | None:
    """Share of A's k largest that are in B's k largest, ties by key."""
    if k >= len(a):
        return None
    tops = [set(sorted(range(len(x)), key=lambda i, x=x: (-x[i], i))[:k]) for x in (a, b)]
    return len(tops[0] & tops[1]) / k


def test_the_same_order_has_correlation_one() -> None:
    """Everything +1 %: nobody's rank changes."""
    values = [float(v) for v in range(1, 301)]
    result = ranks(values, [v * 1.01 for v in values])
    assert (
        result.spearman,
        result.top_k_overlap,
        result.top_1pct_overlap,
        result.largest_move,
    ) == (
        1,
        1,
        1,
        0,
    )
    assert (result.top, result.reasons, result.n) == ([], {}, 300)


def test_the_reverse_order_has_correlation_minus_one() -> None:
    """Reversed: −1, no one stays at the top, and the first and last key moved furthest."""
    values = [float(v) for v in range(100)]
    result = ranks(values, values[::-1])
    assert (result.spearman, result.top_k_overlap, result.largest_move) == (-1, 0, 99)
    assert [(move.key, move.a, move.b) for move in result.top[:2]] == [
        (["k0000"], 100, 1),
        (["k0099"], 1, 100),
    ]
    assert len(result.top) == 20


def test_the_top_percent_is_rounded_up() -> None:
    """Of 150 keys the top 1 % are two."""
    values = [float(v) for v in range(150)]
    assert ranks(values, [*values[:-2], -1.0, values[-1]]).top_1pct_overlap == 0.5


def test_shuffled_estimates_have_no_order_in_common() -> None:
    """Estimates shuffled among keys: no correlation, while nothing drifted and the median change is
    large.
    """
    rng = np.random.default_rng(11)
    values = np.exp(rng.normal(0, 1, 5000))
    report = compare(list(values), list(rng.permutation(values)))
    column = report.columns["value"]
    assert column.ranks is not None
    assert column.drift is not None
    assert column.ranks.spearman == pytest.approx(0, abs=0.05)
    assert (column.drift.psi, column.drift.ks, column.drift.w1) == (0, 0, 0)
    assert (column.drift.location_shift, column.drift.dispersion_shift) == (0, 0)
    moved = scalar(report).r
    assert moved is not None
    assert moved.p50 > 0.5


def test_one_value_has_no_order() -> None:
    """A constant version, or fewer than three keys: no correlation, and the reason."""
    assert ranks([1.0, 1.0, 1.0], [1.0, 2.0, 3.0]).reasons["spearman"] == "constant"
    assert ranks([1.0, 2.0], [2.0, 1.0]).reasons == {
        "spearman": "too_few_keys",
        "top_k_overlap": "too_few_keys",
    }


def test_ranks_within_groups() -> None:
    """Within each group the order is kept, over all keys it is not; null is a group; k comes from
    the contract.
    """
    schema = {"id": pl.Int64, "value": pl.Float64, "by": pl.String}
    a = pl.DataFrame(
        {"id": range(12), "value": [float(v) for v in range(12)], "by": ["x", "y", None] * 4},
        schema=schema,
    )
    b = a.with_columns(
        value=pl.when(pl.col("by") == "x").then(pl.col("value") + 100).otherwise("value")
    )
    result = diff(a, b, GROUPED).columns["value"].ranks
    assert result is not None
    assert result.spearman is not None
    assert result.spearman < 0.5
    assert [(g.value, g.n, g.spearman, g.top_k_overlap, g.few) for g in result.groups["by"]] == [
        (None, 4, 1, 1, True),
        ("x", 4, 1, 1, True),
        ("y", 4, 1, 1, True),
    ]
    assert (result.top_k, result.top_k_overlap) == (2, 0)


def test_every_group_is_ranked() -> None:
    """However many groups there are, each has its ranks."""
    by = [f"g{i % 60:02}" for i in range(60)] + ["g59", "g58"]
    a = pl.DataFrame({"id": range(62), "value": [float(v) for v in range(62)], "by": by})
    result = diff(a, a.with_columns(value=pl.col("value") * 2), GROUPED).columns["value"].ranks
    assert result is not None
    assert [g.value for g in result.groups["by"]] == [f"g{i:02}" for i in range(60)]


VALUE = st.one_of(
    st.floats(-1e6, 1e6),
    st.integers(0, 4).map(float),
    st.sampled_from((0.0, -0.0, 5e-324, 1.7e308)),
)


@given(st.lists(st.tuples(VALUE, VALUE), min_size=1, max_size=40))
def test_ranks_agree_with_the_reference(pairs: list[tuple[float, float]]) -> None:
    """Correlation, overlaps and moves of any two versions agree with plain Python to 1e-12."""
    a, b = [x for x, _ in pairs], [y for _, y in pairs]
    result = ranks(a, b)
    spearman = slow_spearman(a, b)
    if spearman is None:
        assert result.spearman is None
    else:
        same(result.spearman, spearman, 1)
    assert result.top_k_overlap == slow_overlap(a, b, 10)
    assert result.top_1pct_overlap == slow_overlap(a, b, 1)
    old, new = slow_ranks(a), slow_ranks(b)
    # a key whose value stood still has another rank only because others moved
    moves = [i for i in range(len(a)) if a[i] != b[i] and new[i] != old[i]]
    moves.sort(key=lambda i: (-abs(new[i] - old[i]), i))
    expected = [([f"k{i:04}"], float(old[i]), float(new[i])) for i in moves[:20]]
    assert [(move.key, move.a, move.b) for move in result.top] == expected
    largest = max((abs(new[i] - old[i]) for i in moves), default=0)
    assert result.largest_move == float(largest)
