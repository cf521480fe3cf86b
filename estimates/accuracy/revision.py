"""Did the revision move towards the actual value?"""

from __future__ import annotations

import numpy as np

from estimates.accuracy.accuracy_report import Revision
from estimates.accuracy.losses import losses
from estimates.accuracy.match import Matched, mean, shared
from estimates.accuracy.observed import Observed
from estimates.contract.contract import Contract
from estimates.stability.noise import is_none


def measure(
    now: Matched, before: Matched, of: Observed, actuals: str, version: int, contract: Contract
) -> Revision | None:
    """Compare a version with the one before it, `version`; None where there is neither a point nor
    a label column.

    Farther or nearer counts by more than atol + rtol · max(|a|, |b|), the contract's materiality;
    else it is neutral, as is a difference that the column's own tolerance says is none.
    """
    rows_b, rows_a = shared(now, before)
    if of.point is not None:
        return _numbers(now, before, of.point, actuals, version, contract, rows_a, rows_b)
    return (
        _labels(now, before, of, actuals, version, rows_a, rows_b) if of.label is not None else None
    )


def _numbers(
    now: Matched,
    before: Matched,
    column: str,
    actuals: str,
    version: int,
    contract: Contract,
    rows_a: np.ndarray,
    rows_b: np.ndarray,
) -> Revision:
    a, b = before.numbers(column)[rows_a], now.numbers(column)[rows_b]
    y = now.numbers(actuals)[rows_b]
    with np.errstate(over="ignore", invalid="ignore"):
        none = is_none(b - a, a, b, contract.columns[column])
        change = np.where(none, 0.0, np.abs(b - y) - np.abs(a - y))
    both = np.isfinite(np.abs(b - y) - np.abs(a - y))
    n, actual_count = int(both.sum()), int((~np.isnan(now.numbers(actuals))).sum())
    if not n:
        return Revision(version, 0, 0.0 if actual_count else None, reason="no_shared_keys")
    a, b, change = a[both], b[both], change[both]
    tolerance = contract.stability
    neutral = tolerance.atol + tolerance.rtol * np.maximum(np.abs(a), np.abs(b))
    neutral = neutral * (1 + 1e-12)
    won, lost = int((change < -neutral).sum()), int((change > neutral).sum())
    return Revision(
        version, n, n / actual_count, mean(change), won / n, lost / n, (n - won - lost) / n
    )


def _labels(
    now: Matched,
    before: Matched,
    of: Observed,
    actuals: str,
    version: int,
    rows_a: np.ndarray,
    rows_b: np.ndarray,
) -> Revision:
    assert of.label is not None
    wrong_now = losses(now, of, actuals)["error_rate"]
    wrong_a, wrong_b = losses(before, of, actuals)["error_rate"][rows_a], wrong_now[rows_b]
    both = ~(np.isnan(wrong_a) | np.isnan(wrong_b))
    n, actual_count = int(both.sum()), now.rows.height - now.rows.get_column(actuals).null_count()
    if not n:
        return Revision(version, 0, 0.0 if actual_count else None, reason="no_shared_keys")
    old, new = before.texts(of.label)[rows_a], now.texts(of.label)[rows_b]
    a, b = wrong_a[both] == 1, wrong_b[both] == 1
    churn = int((old != new).fill_null(value=False).to_numpy()[both].sum()) / n
    won, lost = int((a & ~b).sum()), int((~a & b).sum())
    return Revision(
        version,
        n,
        n / actual_count,
        won=won / n,
        lost=lost / n,
        neutral=(n - won - lost) / n,
        churn=churn,
        excess_churn=churn - abs(won - lost) / n,
    )
