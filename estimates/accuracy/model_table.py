"""Several models in one table: each pair on the keys that both have, as scoringutils and hubEvals
define it.

theta_ij = Σ loss of i / Σ loss of j over the keys of both; the relative skill of i is the geometric
mean of theta_ij over all j, itself (1) among them; the scaled one is relative to the baseline's.
Sources: Cramer et al., PNAS 119, 2022; Bosse et al., arXiv 2205.07090; Wilcoxon, Biometrics
Bulletin 1, 1945; Fisher, The Design of Experiments, 1935 (permutations); Holm, Scandinavian Journal
of Statistics 6, 1979.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Literal

import msgspec
import numpy as np
import polars as pl

from estimates.accuracy.match import Floats
from estimates.errors import InvalidError

Test = Literal["wilcoxon", "permutation"]
TESTS: dict[Test, str] = {"wilcoxon": "Wilcoxon's test", "permutation": "permutation test"}
SIGNIFICANT = 0.05
_PERMUTATIONS = 999
_AT_ONCE = 1_000_000  # signs
_SAME = 1e-12  # two sums this near, beside the sum of all sizes, are one
_PERIOD, _ROUND, _LOSS, _THEIRS = "\0period", "\0round", "\0loss", "\0theirs"


class ModelPair(msgspec.Struct, frozen=True):
    """One model against another on the n keys that both have; ratio below 1: the first is better.

    p_value           of the paired losses, two-sided, by the test of the table
    adjusted_p_value  by Holm over all pairs
    reason            why numbers are None: `no_shared_keys`, `perfect_model` (a sum is 0),
                      `no_difference` (no p-value)
    """

    model: str
    against: str
    n: int
    ratio: float | None
    p_value: float | None
    adjusted_p_value: float | None
    reason: str | None = None


class ModelScore(msgspec.Struct, frozen=True):
    """One model: its mean loss over its n keys of some rounds, and its skill among the others.

    rounds                 moments of data_through that it has scores of
    relative_skill         geometric mean of its ratios to all models, itself among them; None where
                           it has no ratio to another one
    scaled_relative_skill  relative to the baseline's; None without a baseline
    """

    model: str
    n: int
    rounds: int
    mean: float | None
    relative_skill: float | None
    scaled_relative_skill: float | None


class PeriodRanks(msgspec.Struct, frozen=True):
    """The models of one month of data_through by mean loss over the n keys that all of them have; 1
    is the best, equal ones share the mean of their ranks.
    """

    period: str
    n: int
    means: dict[str, float]
    ranks: dict[str, float]


class ModelTable(msgspec.Struct, frozen=True):
    """Models beside each other by one loss, the best first."""

    loss: str
    baseline: str | None
    test: Test
    models: list[ModelScore]
    pairs: list[ModelPair]
    periods: list[PeriodRanks]


def compare_models(
    losses: Mapping[str, pl.DataFrame],
    unit: Sequence[str],
    loss: str,
    baseline: str | None = None,
    test: Test = "wilcoxon",
) -> ModelTable:
    """Every model against every other.

    losses  by model, a row a key: the columns of `unit`, `data_through` and the loss, which may be
            null
    unit    what has to be equal for two losses to be about the same
    The same input gives the same table. Raises InvalidError (`few_models`, `no_scipy`).
    """
    if len(losses) < 2:
        raise InvalidError(
            "few_models",
            "a comparison takes at least two models with scores",
            remedy="name another model that was scored",
        )
    known = {
        model: frame.select(*unit, pl.col("data_through").alias(_ROUND), pl.col(loss).alias(_LOSS))
        .filter(pl.col(_LOSS).is_not_null())
        .unique(subset=list(unit), keep="last", maintain_order=True)
        for model, frame in losses.items()
    }
    pairs = _pairs(known, unit, test)
    skill = {model: _relative_skill(model, pairs) for model in known}
    models = [_score(model, frame, skill, baseline) for model, frame in known.items()]
    models.sort(key=lambda score: (score.relative_skill or math.inf, score.model))
    order = [score.model for score in models]
    pairs.sort(key=lambda pair: (order.index(pair.model), order.index(pair.against)))
    return ModelTable(loss, baseline, test, models, pairs, _periods(known, unit))


def geometric_mean(values: Sequence[float]) -> float:
    """exp of the mean of logarithms."""
    return math.exp(math.fsum(map(math.log, values)) / len(values))


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values in the order of those given."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted, largest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = largest
    return adjusted


def signed_rank_p(ours: Floats, theirs: Floats) -> float | None:
    """Wilcoxon's signed-rank test of paired losses, two-sided, equal pairs left out: exact for few
    without ties or equal pairs, else normal with a correction for continuity, as R has it; None
    where no pair differs.

    Raises InvalidError (`no_scipy`) without the extra `accuracy`.
    """
    differences = ours - theirs
    of_all = len(differences)
    differences = differences[differences != 0]
    if not len(differences):
        return None
    try:
        from scipy.stats import wilcoxon
    except ModuleNotFoundError:
        raise InvalidError(
            "no_scipy",
            "comparing models needs scipy",
            remedy="pip install 'estimates-store[accuracy]'",
        ) from None
    sizes = np.abs(differences)
    exact = len(sizes) < 50 and len(np.unique(sizes)) == len(sizes) == of_all
    test = wilcoxon(differences, correction=True, method="exact" if exact else "approx")
    return float(test.pvalue)


def permutation_p(ours: Floats, theirs: Floats) -> float | None:
    """Permutation test of paired losses, two-sided: the share of 999 random exchanges within the
    pairs, and of what was seen, whose sums differ by no less than was seen; None where no pair
    differs. The same losses give the same value.
    """
    differences = ours - theirs
    size = math.fsum(np.abs(differences))
    if not size:
        return None
    seen = abs(math.fsum(differences)) - _SAME * size
    random, beyond = np.random.default_rng(0), 1
    rows = max(1, _AT_ONCE // len(differences))
    for start in range(0, _PERMUTATIONS, rows):
        count = min(rows, _PERMUTATIONS - start)
        signs = 2.0 * random.integers(0, 2, (count, len(differences))) - 1.0
        beyond += int((np.abs(signs @ differences) >= seen).sum())
    return beyond / (_PERMUTATIONS + 1)


def _relative_skill(model: str, pairs: Sequence[ModelPair]) -> float | None:
    ratios = [pair.ratio for pair in pairs if pair.model == model and pair.ratio is not None]
    return geometric_mean([1.0, *ratios]) if ratios else None


def _pairs(known: Mapping[str, pl.DataFrame], unit: Sequence[str], test: Test) -> list[ModelPair]:
    one_way = [_pair(a, b, known, unit, test) for a, b in combinations(known, 2)]
    tested = [pair for pair in one_way if pair.p_value is not None]
    adjusted = holm([pair.p_value for pair in tested if pair.p_value is not None])
    by_pair = {(p.model, p.against): p_value for p, p_value in zip(tested, adjusted, strict=True)}
    both: list[ModelPair] = []
    for pair in one_way:
        p_value = by_pair.get((pair.model, pair.against))
        pair = msgspec.structs.replace(pair, adjusted_p_value=p_value)
        ratio = None if pair.ratio is None else 1 / pair.ratio
        mirrored = {"model": pair.against, "against": pair.model, "ratio": ratio}
        both += [pair, msgspec.structs.replace(pair, **mirrored)]
    return both


def _pair(
    model: str, against: str, known: Mapping[str, pl.DataFrame], unit: Sequence[str], test: Test
) -> ModelPair:
    other = known[against].select(*unit, pl.col(_LOSS).alias(_THEIRS))
    shared = known[model].join(other, on=list(unit), how="inner", maintain_order="left")
    shared = shared.sort(list(unit))
    if not shared.height:
        return ModelPair(model, against, 0, None, None, None, "no_shared_keys")
    ours, theirs = shared[_LOSS].to_numpy(), shared[_THEIRS].to_numpy()
    sums = math.fsum(ours), math.fsum(theirs)
    p_value = (signed_rank_p if test == "wilcoxon" else permutation_p)(ours, theirs)
    if not all(0 < total < math.inf for total in sums):
        return ModelPair(model, against, shared.height, None, p_value, None, "perfect_model")
    reason = "no_difference" if p_value is None else None
    return ModelPair(model, against, shared.height, sums[0] / sums[1], p_value, None, reason)


def _score(
    model: str, frame: pl.DataFrame, skill: Mapping[str, float | None], baseline: str | None
) -> ModelScore:
    mean, own = frame[_LOSS].mean(), skill[model]
    scale = None if baseline is None else skill[baseline]
    return ModelScore(
        model=model,
        n=frame.height,
        rounds=frame[_ROUND].n_unique(),
        mean=mean if isinstance(mean, float) else None,
        relative_skill=own,
        scaled_relative_skill=None if own is None or scale is None else own / scale,
    )


def _periods(known: Mapping[str, pl.DataFrame], unit: Sequence[str]) -> list[PeriodRanks]:
    """By month, over the keys that all models with scores have."""
    shared: pl.DataFrame | None = None
    known = {model: frame for model, frame in known.items() if frame.height}
    for model, frame in known.items():
        month = pl.col(_ROUND).dt.strftime("%Y-%m").alias(_PERIOD)
        first = [month] if shared is None else []
        own = frame.select(*unit, *first, pl.col(_LOSS).alias(f"\0model {model}"))
        shared = own if shared is None else shared.join(own, on=list(unit), how="inner")
    assert shared is not None
    columns = {model: f"\0model {model}" for model in known}
    rows = shared.group_by(_PERIOD).agg(pl.len().alias("n"), pl.col(*columns.values()).mean())
    periods: list[PeriodRanks] = []
    for row in rows.sort(_PERIOD).iter_rows(named=True):
        means = {model: row[column] for model, column in columns.items()}
        ranks = pl.Series(list(means.values())).rank("average").to_list()
        ranked = dict(zip(means, ranks, strict=True))
        periods.append(PeriodRanks(row[_PERIOD], row["n"], means, ranked))
    return periods
