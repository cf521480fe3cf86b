"""Scores of samples: against published formulas, and against slow references."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from statistics import NormalDist

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.accuracy.actuals import read_actuals
from estimates.accuracy.key_scores import key_scores
from estimates.accuracy.match import match
from estimates.accuracy.observed import observed
from estimates.accuracy.sample_score import crps, energy_scores
from estimates.accuracy.score import score
from estimates.contract.conform import conform
from estimates.contract.contract_file import parse_contract

SOURCE = """
name = "flu"
[key.place]
type = "string"
[key.day]
type = "date"
target = true
[columns.draws]
role = "samples"
joint = ["day"]
"""
CONTRACT = parse_contract(SOURCE)
DAYS = [date(2026, 1, 1) + timedelta(days=i) for i in range(3)]
THROUGH = datetime(2025, 12, 31, tzinfo=UTC)
NUMBERS = st.floats(-1e6, 1e6)


def slow_crps(draws: list[float], y: float) -> float:
    """By all pairs: E|X − y| − ½ E|X − X'| (Gneiting and Raftery, 2007, equation 21)."""
    near = [abs(x - y) for x in draws]
    apart = [abs(x - other) for x in draws for other in draws]
    return math.fsum(near) / len(near) - math.fsum(apart) / len(apart) / 2


def integral_crps(draws: list[float], y: float) -> float:
    """∫ (F(x) − 1{x ≥ y})² dx, piece by piece."""
    cuts = sorted({*draws, y})
    share = [sum(x <= cut for x in draws) / len(draws) for cut in cuts]
    pieces = zip(cuts, cuts[1:], share, strict=False)
    return math.fsum((b - a) * (f - (a >= y)) ** 2 for a, b, f in pieces)


def slow_energy(draws: list[list[float]], y: list[float]) -> float:
    """By all pairs; a list of draws for each step."""
    paths = list(zip(*draws, strict=True))
    near = math.fsum(math.dist(path, y) for path in paths) / len(paths)
    apart = math.fsum(math.dist(a, b) for a in paths for b in paths) / len(paths) ** 2
    return near - apart / 2


@given(st.lists(NUMBERS, min_size=1, max_size=30), NUMBERS)
def test_crps_is_what_its_definitions_say(draws: list[float], y: float) -> None:
    """Whatever the order of draws, with ties, and with one draw, when it is |x − y|."""
    (value,) = crps(np.sort(np.array([draws])), np.array([y]))
    tolerance = 1e-9 * (1 + max(map(abs, [*draws, y])))
    assert value == pytest.approx(slow_crps(draws, y), abs=tolerance)
    assert value == pytest.approx(integral_crps(draws, y), abs=tolerance)


@given(st.data(), st.integers(1, 4), st.integers(1, 9))
def test_an_energy_score_is_what_its_definition_says(
    data: st.DataObject, steps: int, count: int
) -> None:
    """Over pairs of paths; of one step it is the CRPS."""
    rows = st.lists(NUMBERS, min_size=count, max_size=count)
    draws = data.draw(st.lists(rows, min_size=steps, max_size=steps))
    y = data.draw(st.lists(NUMBERS, min_size=steps, max_size=steps))
    (value,) = energy_scores(np.array([draws]), np.array([y]))
    tolerance = 1e-9 * (1 + max(map(abs, [*y, *(x for row in draws for x in row)])))
    assert value == pytest.approx(slow_energy(draws, y), abs=tolerance)
    if steps == 1:
        (alone,) = crps(np.sort(np.array(draws)), np.array(y))
        assert value == pytest.approx(alone, abs=tolerance)


def test_known_answers() -> None:
    """Two draws by hand, and many quantiles of a normal distribution, whose CRPS is
    σ (z (2Φ(z) − 1) + 2φ(z) − 1/√π).
    """
    assert crps(np.array([[0.0, 1.0]]), np.array([0.5])).tolist() == [0.25]
    assert energy_scores(np.array([[[0.0, 3.0], [0.0, 4.0]]]), np.zeros((1, 2))).tolist() == [1.25]
    drawn, norm = NormalDist(3.0, 2.0), NormalDist()
    draws = np.array([[drawn.inv_cdf((i + 0.5) / 20_000) for i in range(20_000)]])
    z = (4.0 - 3.0) / 2.0
    wanted = 2.0 * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / math.sqrt(math.pi))
    assert crps(draws, np.array([4.0]))[0] == pytest.approx(wanted, rel=1e-4)


def version() -> pl.DataFrame:
    """Three trajectories of three days; b has no draws on the last, of c nothing was observed."""
    rng = np.random.default_rng(1)
    rows = [(p, d, rng.normal(10, 2, 5).tolist()) for p in "abc" for d in DAYS]
    rows[5] = ("b", DAYS[2], None)
    frame = pl.DataFrame(rows, schema=["place", "day", "draws"], orient="row")
    return conform(frame, CONTRACT)


ACTUALS = pl.DataFrame(
    {
        "place": ["a"] * 3 + ["b"] * 3,
        "day": DAYS * 2,
        "value": [9.0, 10.0, 30.0, 8.0, -5.0, 12.0],
    }
)


def test_the_scores_of_a_version_are_means_of_those_of_its_keys() -> None:
    """A trajectory that is not whole has no energy score; parts add up to the CRPS."""
    frame, actuals = version(), read_actuals(ACTUALS, CONTRACT)
    got = score(frame, actuals, CONTRACT, version=1, contract_revision=1, through=THROUGH)
    samples = got.columns["value"].samples
    assert samples is not None
    scored = frame.join(ACTUALS, on=["place", "day"]).drop_nulls("draws")
    wanted = [slow_crps(*row) for row in scored.select("draws", "value").iter_rows()]
    assert (samples.n, samples.draws, samples.trajectories, samples.incomplete) == (5, 5, 1, 1)
    assert samples.crps == pytest.approx(sum(wanted) / 5)
    assert samples.crps == pytest.approx(
        sum(
            part or 0 for part in (samples.dispersion, samples.penalty_below, samples.penalty_above)
        )
    )
    whole_rows = scored.filter(place="a")
    whole = slow_energy(whole_rows["draws"].to_list(), whole_rows["value"].to_list())
    assert samples.energy_score == pytest.approx(whole)
    signs = [
        sum((x < y) - (x > y) for x in xs) / 5 for xs, y in scored.select("draws", "value").rows()
    ]
    assert samples.bias == pytest.approx(-sum(signs) / 5)
    assert got.columns["value"].horizons[0].crps is not None
    assert got.columns["value"].distribution is not None


def test_each_key_has_its_scores() -> None:
    """The energy score of a trajectory stands at its first key."""
    matched = match(version(), read_actuals(ACTUALS, CONTRACT), CONTRACT, THROUGH)
    (of,) = observed(CONTRACT)
    scores = key_scores(matched, of, CONTRACT)
    assert scores["crps"].null_count() == 1
    assert scores["energy_score"].is_not_null().to_list() == [True, *[False] * 5]
    logs = key_scores(
        matched.__class__(
            **{
                name: getattr(matched, name)
                for name in ("rows", "key", "target", "keys", "sum_tolerance")
            }
        ),
        of,
        CONTRACT,
        log_shift=20.0,
    )
    wanted = slow_crps([math.log(x + 20) for x in version()["draws"][0]], math.log(29.0))
    assert logs["crps"][0] == pytest.approx(wanted)


def test_draws_that_are_not_joint_have_no_energy_score() -> None:
    """And it says why."""
    contract = parse_contract(SOURCE.replace('joint = ["day"]', ""))
    actuals = read_actuals(ACTUALS, contract)
    got = score(version(), actuals, contract, version=1, contract_revision=1, through=THROUGH)
    samples = got.columns["value"].samples
    assert samples is not None
    assert samples.energy_score is None
    assert samples.reasons == {"energy_score": "no_trajectories"}
