"""Stage 4, with actual values: does the candidate cover, is it as good as the baseline, does it
change for nothing?
"""

from __future__ import annotations

import math

import numpy as np

from estimates.accuracy.accuracy_report import ColumnScores, Compared, IntervalScores
from estimates.accuracy.diebold_mariano import statistic_of
from estimates.errors import InvalidError
from estimates.gate.check import Measure, Skip
from estimates.gate.evaluation_context import Case
from estimates.stability.labels import wilson

_NOMINAL = 0.05  # how far off its nominal level a coverage may be, however many keys there are
_WRONG = 0.15  # how far off it may be at most, however many


def coverage_error(case: Case) -> Measure | Skip:
    """Protects from intervals that promise what they do not keep.

    Metric: largest distance of an interval's coverage from its nominal level. Warn above 0.05, or
    half of Wilson's 95 % interval where that is more; block above 0.15, or twice of what is warned
    at. Keys of one target share its fate, so that Wilson's interval counts targets where there are
    any, else keys. Source: gate.md 38, stability.md T2; limits from the example's replay.
    """
    found = [one for column in case.accuracy.columns.values() for one in column.intervals]
    if not found:
        return Skip("not_in_contract")
    scored = [(one, _allowed(one, case)) for one in found if one.covered is not None]
    if not scored:
        raise InvalidError(
            "no_comparable_keys", "no_comparable_keys: no interval has an actual value beside it"
        )
    worst, allowed = max(scored, key=lambda item: _off(item[0]) - item[1])
    assert worst.covered is not None
    message = f"{100 * worst.covered:.3g} % of {worst.n} actual values in the {100 * worst.level:g} % interval"
    block = max(_WRONG, 2 * allowed)
    return Measure(_off(worst), worst.n, message, worst.coverage or 0.0, warn=allowed, block=block)


def accuracy_loss(case: Case) -> Measure | Skip:
    """Protects from a version that is worse than the one in production.

    Metric: growth of the mean loss against the baseline on the shared keys, worst column. The loss
    is WIS, else MAE; of labels the error rate, of probabilities the Brier score. Warn above 10 %,
    block above 25 %. A baseline whose loss is 0 is an error unless the candidate's is 0 too.
    Source: gate.md 39.
    """
    found = [(name, _compared(column)) for name, column in case.accuracy.columns.items()]
    named = [(name, loss, one) for name, pair in found if pair is not None for loss, one in [pair]]
    if not named:
        raise InvalidError(
            "no_shared_keys", "no_shared_keys: no key with an actual value is in both versions"
        )
    growths = [(_growth(loss, one), name, loss, one) for name, loss, one in named]
    value, worst, loss, one = max(growths, key=lambda item: item[:2])
    message = f"{loss} of {worst} is {one.ours:.4g}, the baseline's {one.theirs:.4g}, on {one.n} shared keys"
    return Measure(value, one.n, message)


def excess_churn(case: Case) -> Measure | Skip:
    """Protects from labels that change without getting better.

    Metric: share of changed labels beyond what the change of the error rate needs, worst column.
    Warn above 5 %. Source: gate.md 40 (a starting point), stability.md T1.
    """
    moved = [
        column.revision for column in case.accuracy.columns.values() if column.revision is not None
    ]
    found = [one for one in moved if one.excess_churn is not None]
    if not found:
        return Skip("not_in_contract")
    worst = max(found, key=lambda one: one.excess_churn or 0.0)
    assert worst.excess_churn is not None
    assert worst.churn is not None
    message = f"{100 * worst.churn:.3g} % of {worst.n} labels changed, {100 * worst.excess_churn:.3g} % for nothing"
    return Measure(worst.excess_churn, worst.n, message, worst.coverage or 0.0)


def diebold_mariano(case: Case) -> Measure | Skip:
    """Protects from a loss that is worse by more than chance.

    Metric: p-value of the Diebold–Mariano test over target dates, 1 where the candidate is no
    worse. The loss is that of `accuracy_loss`, averaged for each target date; autocovariances count
    up to the cube root of the number of dates. The worst column counts. Warn below 0.05. Source:
    gate.md 41, stability.md T3; Diebold and Mariano 1995, Harvey, Leybourne and Newbold 1997.
    """
    if case.contract.target is None:
        return Skip("no_dates")
    found: list[tuple[float, str, int, float]] = []
    reasons: list[str] = []
    for name, column in case.accuracy.columns.items():
        pair = _compared(column)
        if pair is None or column.skill is None:
            continue
        differences = [
            one.losses[pair[0]].ours - one.losses[pair[0]].theirs
            for one in column.skill.horizons
            if pair[0] in one.losses
        ]
        d = np.array(differences)
        _, p_value, reason = statistic_of(d, int(math.cbrt(len(d)) + 1e-9))
        if p_value is None:
            reasons.append(reason or "too_few_dates")
        else:
            found.append((p_value if d.mean() > 0 else 1.0, name, len(d), float(d.mean())))
    if not found:
        return Skip(reasons[0] if reasons else "no_dates")
    value, worst, dates, mean = min(found)
    return Measure(
        value,
        dates,
        f"mean difference of the loss of {worst} over {dates} dates {mean:.4g}, p = {value:.3g}",
    )


def _off(one: IntervalScores) -> float:
    assert one.covered is not None
    return abs(one.covered - one.level)


def _allowed(one: IntervalScores, case: Case) -> float:
    """Half of Wilson's interval for so many targets (without targets: keys), or 0.05."""
    assert one.covered is not None
    assert case.actuals is not None
    target, n = case.contract.target, one.n
    if target in case.actuals.by:
        n = min(
            n, case.frame.join(case.actuals.rows, on=case.actuals.by, how="semi")[target].n_unique()
        )
    low, high = wilson(round(one.covered * n), n)
    return max(_NOMINAL, (high - low) / 2)


def _compared(column: ColumnScores) -> tuple[str, Compared] | None:
    """The loss that a column is judged by, of both versions on their shared keys."""
    if column.skill is None:
        return None
    losses = column.skill.losses
    return next(
        ((loss, losses[loss]) for loss in ("wis", "mae", "brier", "error_rate") if loss in losses),
        None,
    )


def _growth(loss: str, one: Compared) -> float:
    if not math.isfinite(one.ours) or not math.isfinite(one.theirs):
        raise InvalidError("overflow", f"overflow: {loss} is not finite")
    if one.theirs == 0:
        if one.ours == 0:
            return 0.0
        raise InvalidError(
            "perfect_baseline",
            f"perfect_baseline: the baseline's {loss} is 0, which nothing can be relative to",
        )
    return one.ours / one.theirs - 1
