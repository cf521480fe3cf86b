"""What is said of how one number moved, against sums and sorted lists."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from estimates.stability import scalar
from estimates.stability.aligned import align_versions
from estimates.stability.deltas import deltas
from estimates.stability.report import ScalarReport
from estimates.stability.value_kinds import classify
from tests.stability import reference
from tests.stability.one_column import contract, frame

NUMBER = st.one_of(st.floats(-1e9, 1e9), st.integers(-4, 4).map(float))
PAIRS = st.lists(st.tuples(NUMBER, NUMBER), min_size=1, max_size=40)


def measure(
    pairs: list[tuple[float, float]],
    scale: float | None = 1.0,
    step: list[float] | None = None,
    points: float | None = None,
    headline_only: bool = False,
) -> ScalarReport:
    """The report of the moves from each first number to its second one."""
    rules = contract()
    a, b = (frame(side) for side in zip(*pairs, strict=True))
    pair = align_versions(a, b, rules, None, None)
    moves = deltas(pair.alignment, "value", *pair.common("value"), scale, rules.stability)
    steps = None if step is None else classify(pl.Series(step))
    return scalar.measure(pair.alignment, moves, steps, headline_only, points=points)


@given(PAIRS)
@example([(0.0, 0.0), (1.0, 1.0)])
def test_moves_are_summed(pairs: list[tuple[float, float]]) -> None:
    """S1, S2 and S5: shares up, down and of another sign; mean, absolute and root mean square."""
    n = len(pairs)
    report = measure(pairs)
    moves = [Fraction(b) - Fraction(a) for a, b in pairs]
    assert report.up_share == sum(move > 0 for move in moves) / n
    assert report.down_share == sum(move < 0 for move in moves) / n
    assert report.zero_share == sum(move == 0 for move in moves) / n
    flipped = [a * b < 0 for a, b in pairs]
    assert report.sign_flip_share == sum(flipped) / n
    assert report.sign_flip_keys == [[f"k{i:04}"] for i in range(n) if flipped[i]]
    size = float(max(map(abs, moves)))
    assert report.mean_revision is not None
    reference.same(report.mean_revision, float(sum(moves) / n), size)
    absolute = float(sum(map(abs, moves)) / n)
    reference.same(report.mean_absolute_revision, absolute)
    square = math.sqrt(float(sum(move**2 for move in moves) / n))
    reference.same(report.root_mean_square_revision, square)
    mean_size = float(sum(abs(Fraction(b)) for _, b in pairs) / n)
    reference.same(report.rmar, absolute / max(mean_size, 1.0))


@given(PAIRS)
def test_relative_moves_have_quantiles(pairs: list[tuple[float, float]]) -> None:
    """S3: the mean, four quantiles and the largest of r, and how many are above each limit."""
    r = [reference.relative(a, b, 1.0) for a, b in pairs]
    report = measure(pairs)
    assert report.r is not None
    assert report.r_above is not None
    wanted = [reference.quantile(r, at) for at in (0.5, 0.9, 0.95, 0.99)]
    measured = report.r.p50, report.r.p90, report.r.p95, report.r.p99
    for here, there in zip(measured, wanted, strict=True):
        reference.same(here, there)
    reference.same(report.r.max, max(r))
    reference.same(report.r.mean, sum(r) / len(r))
    for limit, count in report.r_above.items():
        sure = sum(x > float(limit) * (1 + 1e-12) for x in r)
        assert sure <= count <= sum(x > float(limit) * (1 - 1e-12) for x in r)


@given(PAIRS)
def test_transformed_moves_have_quantiles(pairs: list[tuple[float, float]]) -> None:
    """S4: mean, standard deviation and three quantiles of g."""
    g = [reference.asinh(b, 1.0) - reference.asinh(a, 1.0) for a, b in pairs]
    report = measure(pairs).g
    assert report is not None
    mean = sum(g) / len(g)
    sd = math.sqrt(sum((x - mean) ** 2 for x in g) / len(g))
    assert report.mean == pytest.approx(mean, abs=1e-10)
    assert report.sd == pytest.approx(sd, abs=1e-7)
    quantiles = [reference.quantile(g, at) for at in (0.01, 0.5, 0.99)]
    assert (report.p1, report.p50, report.p99) == pytest.approx(quantiles, abs=1e-10)


@given(PAIRS)
def test_the_largest_moves_come_first(pairs: list[tuple[float, float]]) -> None:
    """S7: twenty moves by r, then size, then key, without those that did not move; the top one
    percent's share of all movement.
    """
    report = measure(pairs)
    sizes = [abs(b - a) for a, b in pairs]
    order = sorted(
        (i for i in range(len(pairs)) if sizes[i]),
        key=lambda i: (-report_r(pairs[i]), -sizes[i], i),
    )
    assert [change.key for change in report.top] == [[f"k{i:04}"] for i in order[:20]]
    assert [(change.a, change.b) for change in report.top] == [pairs[i] for i in order[:20]]
    if any(sizes):
        reference.same(report.top_share, max(sizes) / math.fsum(sizes))
    else:
        assert (report.top_share, report.reasons) == (None, {"top_share": "no_move"})


def report_r(pair: tuple[float, float]) -> float:
    """The r of one move as doubles have it, which ties are broken by."""
    a, b = pair
    return 2 * (abs(b - a) / max(abs(a) + abs(b), 2.0))


def test_the_top_percent_is_rounded_up() -> None:
    """Of 101 keys the top one percent are two."""
    pairs = [(0.0, 1.0)] * 99 + [(0.0, 50.0), (0.0, 51.0)]
    assert measure(pairs).top_share == pytest.approx(101 / 200)


def test_without_a_scale_relative_metrics_say_why() -> None:
    """All old values 0: no r, no g, no rmar, each with its reason; sums are there."""
    report = measure([(0.0, 2.0), (0.0, 0.0)], scale=None)
    assert (report.r, report.g, report.rmar, report.floored_share) == (None, None, None, None)
    assert report.mean_absolute_revision == 1.0
    assert set(report.reasons) == {"r", "r_above", "floored_share", "g", "rmar"}
    assert set(report.reasons.values()) == {"degenerate_scale"}


def test_an_overflow_is_counted_and_leaves_sums_out() -> None:
    """Moves that no double holds are counted, stand first, and no revision is computed."""
    report = measure([(1.0, 9.0), (-1.7e308, 1.7e308)])
    assert report.overflow == 1
    assert (report.mean_revision, report.top_share) == (None, None)
    assert report.reasons["mean_revision"] == report.reasons["rmar"] == "overflow"
    assert (report.top[0].key, report.top[0].d) == (["k0001"], None)


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_squares_of_any_size_are_added(size: float) -> None:
    """The root mean square of moves whose squares no double holds."""
    report = measure([(0.0, 3 * size), (0.0, -4 * size)], scale=size)
    assert report.root_mean_square_revision == pytest.approx(size * math.sqrt(12.5), rel=1e-12)
    assert report.mean_absolute_revision == pytest.approx(3.5 * size, rel=1e-12)


def test_moves_are_counted_in_steps() -> None:
    """S6: |d| in steps of the key, none smaller than the scale; steps below 0 or none count for
    nothing.
    """
    pairs = [(0.0, 6.0), (0.0, 2.0), (0.0, 9.0), (0.0, 9.0)]
    steps = measure(pairs, scale=1.0, step=[2.0, 0.5, -1.0, math.nan]).step
    assert steps is not None
    assert (steps.n, steps.coverage, steps.masc) == (2, 0.5, 2.5)
    assert steps.rmssc == pytest.approx(math.sqrt((9 + 4) / 2))
    none = measure(pairs, scale=None, step=[1.0] * 4).step
    assert none is not None
    assert (none.masc, none.reason) == (None, "degenerate_scale")


def test_points_are_percentage_points() -> None:
    """S3a of a share: the move in points, signed in the list of the largest."""
    report = measure([(0.5, 0.25), (0.5, 0.5)], points=100.0)
    assert report.plain is not None
    assert (report.plain.measure, report.plain.max, report.plain.p50) == ("points", 25.0, 12.5)
    assert report.top[0].plain == -25.0


def test_a_headline_lists_no_keys() -> None:
    """Without lists of keys the numbers are the same."""
    pairs = [(1.0, -1.0), (2.0, 5.0)]
    short, whole = (measure(pairs, headline_only=only) for only in (True, False))
    assert (short.top, short.sign_flip_keys) == ([], [])
    assert (short.r, short.top_share) == (whole.r, whole.top_share)


@given(st.lists(st.booleans(), min_size=1, max_size=30))
def test_a_share_is_that_of_the_true_ones(mask: list[bool]) -> None:
    """The share of a mask that is true."""
    assert scalar.share(np.array(mask)) == sum(mask) / len(mask)


def test_twenty_moves_are_listed_and_limits_are_within() -> None:
    """Of thirty moves the twenty largest stand in the list; an r at a limit is not above it."""
    report = measure([(1.5, 2.5)] * 30 + [(0.0, 9.0)])
    assert len(report.top) == 20
    assert report.r_above is not None
    assert (report.r_above["0.5"], report.r_above["0.25"]) == (1, 31)


def test_deviation_of_many_moves_is_around_their_mean() -> None:
    """Of more moves than a sample has, mean and deviation are those of all."""
    random = np.random.default_rng(1)
    a = random.lognormal(3, 1, 30_000)
    b = a * np.where(np.arange(len(a)) < 3000, 2.0, 1.0)
    g = measure(list(zip(a.tolist(), b.tolist(), strict=True)), scale=1e-6).g
    assert g is not None
    changes = np.log(b / a)
    assert (g.mean, g.sd) == pytest.approx((changes.mean(), changes.std()), rel=1e-9)
