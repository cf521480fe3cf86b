"""Several models in one table, beside slow definitions."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from itertools import product

import numpy as np
import polars as pl
import pytest

from estimates.accuracy.model_page import draw, render_html
from estimates.accuracy.model_table import (
    ModelPair,
    compare_models,
    holm,
    permutation_p,
    signed_rank_p,
)
from estimates.accuracy.model_text import render_text
from estimates.errors import InvalidError

START = datetime(2026, 1, 7, tzinfo=UTC)


def models(seed: int = 1) -> dict[str, pl.DataFrame]:
    """Four models over ten weeks and three places, each with weeks of its own missing."""
    random = np.random.default_rng(seed)
    frames: dict[str, pl.DataFrame] = {}
    for number, (model, level) in enumerate(zip("abcd", (1.0, 0.8, 1.3, 1.6), strict=True)):
        rows = [
            (place, START + timedelta(weeks=week), level * float(random.lognormal()))
            for week in range(10)
            for place in ("NY", "TX", "US")
            if week != number * 2
        ]
        frames[model] = pl.DataFrame(rows, schema=["place", "data_through", "wis"], orient="row")
    return frames


def slow_ratio(a: pl.DataFrame, b: pl.DataFrame) -> tuple[int, float]:
    """Keys in both, and the sum of one's losses over the other's."""
    ours, theirs = ({(p, t): x for p, t, x in frame.iter_rows()} for frame in (a, b))
    both = sorted(ours.keys() & theirs.keys())
    return len(both), math.fsum(ours[k] for k in both) / math.fsum(theirs[k] for k in both)


def test_pairs_and_relative_skill_are_those_of_their_definitions() -> None:
    """Ratios on common keys; relative skill is the geometric mean of all of a model's, its own 1
    among them, and the scaled one is relative to the baseline's.
    """
    frames = models()
    table = compare_models(frames, ["place", "data_through"], "wis", "d")
    ratios = {a: {b: slow_ratio(frames[a], frames[b]) for b in frames if b != a} for a in frames}
    assert len(table.pairs) == 12
    for pair in table.pairs:
        n, ratio = ratios[pair.model][pair.against]
        assert (pair.n, pair.ratio) == (n, pytest.approx(ratio, rel=1e-12))
    skill = {
        a: math.prod([1.0, *(ratio for _, ratio in ratios[a].values())]) ** (1 / 4) for a in frames
    }
    assert {m.model: m.relative_skill for m in table.models} == pytest.approx(skill, rel=1e-12)
    scaled = {m.model: m.scaled_relative_skill for m in table.models}
    assert scaled == pytest.approx({a: skill[a] / skill["d"] for a in frames}, rel=1e-12)
    assert [m.model for m in table.models] == sorted(frames, key=skill.__getitem__)
    assert {m.model: (m.n, m.rounds) for m in table.models} == dict.fromkeys("abcd", (27, 9))


def test_mirrored_pairs_have_one_p_value() -> None:
    """Each pair is tested once; p-values are Wilcoxon's, adjusted by Holm over all six pairs."""
    frames = models()
    table = compare_models(frames, ["place", "data_through"], "wis")
    by_pair: dict[tuple[str, str], ModelPair] = {(p.model, p.against): p for p in table.pairs}
    for (a, b), pair in by_pair.items():
        assert pair.p_value == by_pair[b, a].p_value
        assert pair.adjusted_p_value == by_pair[b, a].adjusted_p_value
    once = [by_pair[a, b] for a, b in by_pair if a < b]
    adjusted = holm([p.p_value for p in once if p.p_value is not None])
    assert [p.adjusted_p_value for p in once] == adjusted


def test_holm_multiplies_the_smallest_most() -> None:
    """The smallest p-value by the number of tests, the next by one less, never below one before."""
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]


@pytest.mark.parametrize("seed", range(4))
def test_few_pairs_are_tested_exactly(seed: int) -> None:
    """The share of all signs whose smaller sum of ranks is no larger than what was seen."""
    random = np.random.default_rng(seed)
    a, b = random.normal(0.4, 1, 8), random.normal(0, 1, 8)
    d = a - b
    ranks = np.argsort(np.argsort(np.abs(d))) + 1
    seen = min(ranks[d > 0].sum(), ranks[d < 0].sum())
    sums = [
        sum(r for r, s in zip(ranks, signs, strict=True) if s)
        for signs in product((0, 1), repeat=8)
    ]
    exact = min(1.0, 2 * sum(total <= seen for total in sums) / len(sums))
    assert signed_rank_p(a, b) == pytest.approx(exact)
    assert signed_rank_p(a, a) is None


def test_ranks_by_month_are_on_keys_that_all_have() -> None:
    """A month's means and ranks, the best 1."""
    frames = models()
    table = compare_models(frames, ["place", "data_through"], "wis")
    assert [period.period for period in table.periods] == ["2026-01", "2026-02", "2026-03"]
    january = table.periods[0]
    days = [START + timedelta(weeks=1), START + timedelta(weeks=3)]
    assert january.n == 6
    for model, frame in frames.items():
        mean = frame.filter(pl.col("data_through").is_in(days))["wis"].mean()
        assert january.means[model] == pytest.approx(mean)
    assert sorted(january.ranks, key=january.ranks.__getitem__) == sorted(
        january.means, key=january.means.__getitem__
    )


def test_models_without_common_keys_have_no_ratio() -> None:
    """It is null with a reason, and not a part of anyone's skill; one model is no comparison."""
    frames = models()
    far = frames["a"].with_columns(place=pl.lit("elsewhere"))
    table = compare_models({"a": frames["a"], "far": far}, ["place", "data_through"], "wis", "a")
    assert {(p.n, p.ratio, p.reason) for p in table.pairs} == {(0, None, "no_shared_keys")}
    assert [m.relative_skill for m in table.models] == [None, None]
    assert [m.scaled_relative_skill for m in table.models] == [None, None]
    with pytest.raises(InvalidError) as caught:
        compare_models({"a": far}, ["place", "data_through"], "wis")
    assert caught.value.code == "few_models"


def test_the_page_has_the_table_and_the_heat_map() -> None:
    """Skill, every pair and the ranks in text; the picture is the same each time."""
    table = compare_models(models(), ["place", "data_through"], "wis", "d")
    page = render_text(table)
    assert "4 models by wis, the best first, scaled by d" in page
    assert all(len(line) <= 80 for line in page.splitlines())
    assert "Ranks by month of data_through" in page
    assert draw(table, "svg") == draw(table, "svg")
    html = render_html(table)
    assert html == render_html(table)
    assert all(text in html for text in ("4 models by wis", "<svg", "2026-03", "Ranks by month"))


def test_equal_losses_make_the_test_approximate() -> None:
    """As R has it (up to 4.5): with a pair that does not differ the normal distribution is taken,
    also for few; known p-values of `wilcox.test(x, y, paired = TRUE)`.
    """
    x = np.array([1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3])
    y = np.array([0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29])
    assert signed_rank_p(x, y) == pytest.approx(0.0390625)
    same = np.append(x, 1.0), np.append(y, 1.0)
    sizes = 45 / 2, math.sqrt(9 * 10 * 19 / 24)  # of the rank sum: mean and deviation
    z = (40 - sizes[0] - 0.5) / sizes[1]
    assert signed_rank_p(*same) == pytest.approx(math.erfc(z / math.sqrt(2)))


@pytest.mark.parametrize("seed", range(3))
def test_permutations_come_near_all_exchanges(seed: int) -> None:
    """The share of all 2^8 exchanges whose sums differ by as much as was seen, nearly; the same
    losses give the same value, and none for equal losses.
    """
    random = np.random.default_rng(seed)
    a, b = random.normal(0.6, 1, 8), random.normal(0, 1, 8)
    seen = abs((a - b).sum())
    sums = [abs(((a - b) * signs).sum()) for signs in product((1, -1), repeat=8)]
    exact = sum(total >= seen - 1e-9 for total in sums) / len(sums)
    assert permutation_p(a, b) == pytest.approx(exact, abs=0.05)
    assert permutation_p(a, b) == permutation_p(a, b)
    assert permutation_p(a, a) is None
    moved = permutation_p(a + 3, b)
    assert moved is not None
    assert moved >= 1 / 1000
