"""The scores of several versions as one: means over all their keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from estimates.accuracy.accuracy_report import (
    ColumnScores,
    Compared,
    Covered,
    IntervalScores,
    PitBin,
    Revision,
    Scored,
    SetAccuracy,
    Skill,
    Slice,
    Together,
)
from estimates.accuracy.diebold_mariano import over_dates
from estimates.accuracy.point_report import PointScores
from estimates.accuracy.skill import compared
from estimates.stability.labels import wilson_interval

WIS_PARTS = ("dispersion", "penalty_below", "penalty_above")
_FEW = 30
_COUNT_OF = {  # the number of keys that each mean of a slice is over
    "mae": "point_n",
    "bias": "point_n",
    "wis": "wis_n",
    "crps": "crps_n",
    "brier": "probability_n",
    "log_loss": "probability_n",
    "right": "label_n",
}
_REVISED = ("error_change", "won", "lost", "neutral", "churn", "excess_churn")


def of_set(
    name: str,
    scored: Sequence[Scored],
    vintage: str | None = None,
    vintages: Sequence[str | None] = (),
) -> SetAccuracy:
    """What the scores of a set's versions, in order and of one vintage, say together; of one
    `data_through` the newest version counts.
    """
    by_date = {
        version.scores.data_through or version.scores.version: version.scores for version in scored
    }
    counted = sorted(
        by_date.values(), key=lambda scores: (str(scores.data_through), scores.version)
    )
    columns = dict.fromkeys(name for scores in counted for name in scores.columns)
    return SetAccuracy(
        set=name,
        vintage=vintage,
        vintages=sorted(vintages, key=lambda each: each or ""),
        versions=list(scored),
        together={
            name: _column([s.columns[name] for s in counted if name in s.columns])
            for name in columns
        },
        diebold_mariano=over_dates(counted),
    )


def _column(versions: list[ColumnScores]) -> Together:
    intervals = [interval for version in versions for interval in version.intervals]
    levels = dict.fromkeys(map(_ends, intervals))
    distributions = [v.distribution for v in versions if v.distribution is not None]
    horizons = [part for version in versions for part in version.horizons]
    steps = sorted({part.value for part in horizons}, key=_step)
    actuals = sum(version.actuals for version in versions)
    parts: dict[str, Any] = {name: _pooled_mean(distributions, name) for name in WIS_PARTS}
    parts |= _of_totals([version.point for version in versions if version.point is not None])
    parts["weighted_wis"] = _weighted(distributions, "weighted_wis")
    return Together(
        versions=len(versions),
        all=pooled_slice(None, [headline_slice(version) for version in versions]),
        horizons=[
            pooled_slice(step, [part for part in horizons if part.value == step]) for step in steps
        ],
        intervals=[
            _interval([interval for interval in intervals if _ends(interval) == ends], actuals)
            for ends in levels
        ],
        **parts,
        pit=_pit([distribution.pit for distribution in distributions if distribution.pit]),
        revision=_revision([v.revision for v in versions if v.revision is not None], actuals),
        skill=_skill([v.skill for v in versions if v.skill is not None]),
        energy_score=_mean(
            (v.samples.trajectories, v.samples.energy_score) for v in versions if v.samples
        ),
    )


def _of_totals(versions: list[PointScores]) -> dict[str, float | None]:
    """What is divided by what came: over the keys of all versions, with and without weights."""
    size, weighted_size = _pooled_mean(versions, "size"), _weighted(versions, "weighted_size")
    weighted_mae = _weighted(versions, "weighted_mae")
    return {
        "wape": _share(_pooled_mean(versions, "mae"), size),
        "percentage_bias": _share(_pooled_mean(versions, "bias"), size),
        "weighted_mae": weighted_mae,
        "weighted_wape": _share(weighted_mae, weighted_size),
        "weighted_bias": _share(_weighted(versions, "weighted_error"), weighted_size),
    }


def _share(part: float | None, whole: float | None) -> float | None:
    return None if part is None or not whole else part / whole


def _skill(versions: list[Skill]) -> dict[str, dict[str, Compared]]:
    """By baseline set and loss, over the keys that the versions share with it."""
    pooled: dict[str, dict[str, Compared]] = {}
    for baseline in dict.fromkeys(skill.set for skill in versions):
        of_baseline = [skill.losses for skill in versions if skill.set == baseline]
        for loss in dict.fromkeys(name for losses in of_baseline for name in losses):
            parts = [losses[loss] for losses in of_baseline if loss in losses]
            power = 2 if loss == "rmse" else 1
            ours = _mean((part.n, part.ours**power) for part in parts)
            theirs = _mean((part.n, part.theirs**power) for part in parts)
            if ours is not None and theirs is not None:
                n = sum(part.n for part in parts)
                both = compared(n, ours ** (1 / power), theirs ** (1 / power))
                pooled.setdefault(baseline, {})[loss] = both
    return pooled


def _ends(interval: IntervalScores) -> tuple[float, str, str]:
    return interval.level, interval.lower, interval.upper


def _step(value: str | None) -> int:
    return int(value or 0)


def headline_slice(column: ColumnScores) -> Slice:
    """The headline numbers of a version's column."""
    point, label = column.point, column.label
    distribution, samples, probability = column.distribution, column.samples, column.probability
    return Slice(
        value=None,
        n=column.actuals,
        point_n=point.n if point else 0,
        mae=point.mae if point else None,
        rmse=point.rmse if point else None,
        bias=point.bias if point else None,
        wis_n=distribution.n if distribution else 0,
        wis=distribution.wis if distribution else None,
        crps_n=samples.n if samples else 0,
        crps=samples.crps if samples else None,
        covered={
            f"{i.level:g}": Covered(i.n, i.covered)
            for i in column.intervals
            if i.covered is not None
        },
        probability_n=probability.n if probability else 0,
        brier=probability.brier if probability else None,
        log_loss=probability.log_loss if probability else None,
        label_n=label.n if label else 0,
        right=label.right if label else None,
    )


def pooled_slice(value: str | None, slices: list[Slice]) -> Slice:
    """Several slices as one: every mean is over all their keys."""
    numbers: dict[str, Any] = {
        count: sum(getattr(part, count) for part in slices) for count in {"n", *_COUNT_OF.values()}
    }
    numbers |= {
        name: _mean((getattr(part, count), getattr(part, name)) for part in slices)
        for name, count in _COUNT_OF.items()
    }
    square = _mean((part.point_n, None if part.rmse is None else part.rmse**2) for part in slices)
    return Slice(
        value=value,
        rmse=None if square is None else square**0.5,
        covered=_covered(slices),
        few=numbers["n"] < _FEW,
        **numbers,
    )


def _covered(slices: list[Slice]) -> dict[str, Covered]:
    """By level, over the keys of all slices that have it."""
    levels = dict.fromkeys(level for part in slices for level in part.covered)
    pooled: dict[str, Covered] = {}
    for level in levels:
        shares = [part.covered[level] for part in slices if level in part.covered]
        share = _mean((covered.n, covered.share) for covered in shares)
        if share is not None:
            pooled[level] = Covered(sum(covered.n for covered in shares), share)
    return pooled


def _pooled_mean(parts: Iterable[Any], name: str) -> float | None:
    """The mean of a number over the keys of all parts, each of which has `n` keys."""
    return _mean((part.n, getattr(part, name)) for part in parts)


def _weighted(parts: Iterable[Any], name: str) -> float | None:
    """The mean of a number over the weights of all parts; None when a part with keys has none."""
    with_keys = [part for part in parts if part.n]
    if any(part.weight is None for part in with_keys):
        return None
    return _mean((part.weight, getattr(part, name)) for part in with_keys)


def _mean(parts: Iterable[tuple[float, float | None]]) -> float | None:
    """The mean over all keys, from means over n keys (or their weight); None when keys have no
    mean.
    """
    total, keys = 0.0, 0.0
    for n, value in parts:
        if n:
            if value is None:
                return None
            total, keys = total + n * value, keys + n
    return total / keys if keys else None


def _interval(versions: list[IntervalScores], actuals: int) -> IntervalScores:
    """One interval of several versions."""
    n = sum(version.n for version in versions)
    hits = sum(round(v.covered * v.n) for v in versions if v.covered is not None)
    low, high = wilson_interval(hits, n) if n else (None, None)
    means: dict[str, Any] = {name: _pooled_mean(versions, name) for name in ("score", *WIS_PARTS)}
    level, lower, upper = _ends(versions[0])
    return IntervalScores(
        level=level,
        lower=lower,
        upper=upper,
        n=n,
        coverage=n / actuals if actuals else None,
        crossed=sum(version.crossed for version in versions),
        covered=hits / n if n else None,
        covered_low=low,
        covered_high=high,
        **means,
        reasons={} if n else {"score": "no_comparable_keys"},
        weighted_covered=_weighted(versions, "weighted_covered"),
        weighted_score=_weighted(versions, "weighted_score"),
    )


def _pit(versions: list[list[PitBin]]) -> list[PitBin]:
    """Counts of equal bins add up; of versions with another grid those of the newest are shown."""
    if not versions:
        return []
    edges: list[Any] = [(version.low, version.high) for version in versions[-1]]
    alike = [
        bins for bins in versions if [(version.low, version.high) for version in bins] == edges
    ]
    counts = [sum(bins[i].n for bins in alike) for i in range(len(edges))]
    total = sum(counts)
    return [
        PitBin(b.low, b.high, b.expected, n, n / total)
        for b, n in zip(versions[-1], counts, strict=True)
    ]


def _revision(versions: list[Revision], actuals: int) -> Revision | None:
    if not versions:
        return None
    n = sum(version.n for version in versions)
    if not n:
        return Revision(None, 0, 0.0 if actuals else None, reason="no_shared_keys")
    means: dict[str, Any] = {name: _pooled_mean(versions, name) for name in _REVISED}
    return Revision(None, n, n / actuals, **means)
