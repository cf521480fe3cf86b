"""The scores of several versions as one: means over all their keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from estimates.accuracy.accuracy_report import (
    ColumnScores,
    Covered,
    IntervalScores,
    PitBin,
    Revision,
    Scored,
    SetAccuracy,
    Slice,
    Together,
)
from estimates.accuracy.diebold_mariano import over_dates
from estimates.stability.labels import wilson_interval


def of_set(name: str, scored: Sequence[Scored]) -> SetAccuracy:
    """What the scores of a set's versions, in order, say together; of one `data_through` the newest
    version counts.
    """
    by_date = {one.scores.data_through or one.scores.version: one.scores for one in scored}
    counted = sorted(
        by_date.values(), key=lambda scores: (str(scores.data_through), scores.version)
    )
    columns = dict.fromkeys(name for scores in counted for name in scores.columns)
    return SetAccuracy(
        set=name,
        versions=list(scored),
        together={
            name: _column([s.columns[name] for s in counted if name in s.columns])
            for name in columns
        },
        diebold_mariano=over_dates(counted),
    )


def _column(versions: list[ColumnScores]) -> Together:
    levels = dict.fromkeys((i.level, i.lower, i.upper) for one in versions for i in one.intervals)
    distributions = [one.distribution for one in versions if one.distribution is not None]
    steps = dict.fromkeys(one.value for version in versions for one in version.horizons)
    actuals = sum(one.actuals for one in versions)
    return Together(
        versions=len(versions),
        all=pooled_slice(None, [headline_slice(one) for one in versions]),
        horizons=[
            pooled_slice(
                step, [one for version in versions for one in version.horizons if one.value == step]
            )
            for step in sorted(steps, key=lambda step: int(step or 0))
        ],
        intervals=[
            _interval(
                [
                    i
                    for one in versions
                    for i in one.intervals
                    if (i.level, i.lower, i.upper) == level
                ],
                actuals,
            )
            for level in levels
        ],
        dispersion=_mean((one.n, one.dispersion) for one in distributions),
        penalty_below=_mean((one.n, one.penalty_below) for one in distributions),
        penalty_above=_mean((one.n, one.penalty_above) for one in distributions),
        pit=_pit([one.pit for one in distributions if one.pit]),
        revision=_revision([one.revision for one in versions if one.revision is not None], actuals),
    )


def headline_slice(column: ColumnScores) -> Slice:
    """The headline numbers of a version's column."""
    point, distribution, probability, label = (
        column.point,
        column.distribution,
        column.probability,
        column.label,
    )
    return Slice(
        value=None,
        n=column.actuals,
        point_n=point.n if point else 0,
        mae=point.mae if point else None,
        rmse=point.rmse if point else None,
        bias=point.bias if point else None,
        wis_n=distribution.n if distribution else 0,
        wis=distribution.wis if distribution else None,
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
    n = sum(one.n for one in slices)
    square = _mean((one.point_n, None if one.rmse is None else one.rmse**2) for one in slices)
    levels = dict.fromkeys(level for one in slices for level in one.covered)
    covered = {
        level: [one.covered[level] for one in slices if level in one.covered] for level in levels
    }
    return Slice(
        value=value,
        n=n,
        point_n=sum(one.point_n for one in slices),
        mae=_mean((one.point_n, one.mae) for one in slices),
        rmse=None if square is None else square**0.5,
        bias=_mean((one.point_n, one.bias) for one in slices),
        wis_n=sum(one.wis_n for one in slices),
        wis=_mean((one.wis_n, one.wis) for one in slices),
        covered={
            level: Covered(sum(one.n for one in found), share)
            for level, found in covered.items()
            if (share := _mean((one.n, one.share) for one in found)) is not None
        },
        probability_n=sum(one.probability_n for one in slices),
        brier=_mean((one.probability_n, one.brier) for one in slices),
        log_loss=_mean((one.probability_n, one.log_loss) for one in slices),
        label_n=sum(one.label_n for one in slices),
        right=_mean((one.label_n, one.right) for one in slices),
        few=n < 30,
    )


def _mean(parts: Iterable[tuple[int, float | None]]) -> float | None:
    """The mean over all keys from means over n keys; None when a version that has keys has no mean."""
    held = [(n, value) for n, value in parts if n]
    if not held or any(value is None for _, value in held):
        return None
    return sum(n * value for n, value in held if value is not None) / sum(n for n, _ in held)


def _interval(versions: list[IntervalScores], actuals: int) -> IntervalScores:
    n, first = sum(one.n for one in versions), versions[0]
    hits = sum(round(one.covered * one.n) for one in versions if one.covered is not None)
    low, high = wilson_interval(hits, n) if n else (None, None)

    def over(part: Callable[[IntervalScores], float | None]) -> float | None:
        return _mean((one.n, part(one)) for one in versions)

    return IntervalScores(
        level=first.level,
        lower=first.lower,
        upper=first.upper,
        n=n,
        coverage=n / actuals if actuals else None,
        crossed=sum(one.crossed for one in versions),
        covered=hits / n if n else None,
        covered_low=low,
        covered_high=high,
        score=over(lambda one: one.score),
        dispersion=over(lambda one: one.dispersion),
        penalty_below=over(lambda one: one.penalty_below),
        penalty_above=over(lambda one: one.penalty_above),
        reasons={} if n else {"score": "no_comparable_keys"},
    )


def _pit(versions: list[list[PitBin]]) -> list[PitBin]:
    """Counts of equal bins add up; of versions with another grid those of the newest are told."""
    if not versions:
        return []
    edges: list[Any] = [(one.low, one.high) for one in versions[-1]]
    alike = [bins for bins in versions if [(one.low, one.high) for one in bins] == edges]
    counts = [sum(bins[i].n for bins in alike) for i in range(len(edges))]
    total = sum(counts)
    return [
        PitBin(b.low, b.high, b.expected, n, n / total)
        for b, n in zip(versions[-1], counts, strict=True)
    ]


def _revision(versions: list[Revision], actuals: int) -> Revision | None:
    if not versions:
        return None
    n = sum(one.n for one in versions)
    if not n:
        return Revision(None, 0, 0.0 if actuals else None, reason="no_shared_keys")

    def over(part: Callable[[Revision], float | None]) -> float | None:
        return _mean((one.n, part(one)) for one in versions)

    return Revision(
        None,
        n,
        n / actuals,
        error_change=over(lambda one: one.error_change),
        won=over(lambda one: one.won),
        lost=over(lambda one: one.lost),
        neutral=over(lambda one: one.neutral),
        churn=over(lambda one: one.churn),
        excess_churn=over(lambda one: one.excess_churn),
    )
