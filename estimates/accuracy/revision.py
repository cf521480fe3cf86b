"""T1: did the revision move towards the actual value?"""

from __future__ import annotations

import msgspec
import numpy as np

from estimates.accuracy.accuracy_report import Revision
from estimates.accuracy.losses import losses
from estimates.accuracy.match import Matched, mean, shared
from estimates.accuracy.observed import Observed
from estimates.contract.contract import Stability
from estimates.stability.deltas import SLACK


def measure(
    now: Matched, before: Matched, of: Observed, actuals: str, version: int, tolerance: Stability
) -> Revision | None:
    """Compare a version with the one before it, `version`; None where there is neither a point nor
    a label column.

    Farther or nearer counts by more than atol + rtol · max(|a|, |b|), the contract's materiality;
    else it is neutral.
    """
    if of.point is None and of.label is None:
        return None
    rows_b, rows_a = shared(now, before)
    if of.point is not None:
        a, b = before.numbers(of.point)[rows_a], now.numbers(of.point)[rows_b]
        y = now.numbers(actuals)[rows_b]
        with np.errstate(over="ignore", invalid="ignore"):
            change = np.abs(b - y) - np.abs(a - y)
            neutral = tolerance.atol + tolerance.rtol * np.maximum(np.abs(a), np.abs(b))
        neutral *= SLACK
    else:  # from right to wrong is 1
        a, b = (losses(side, of, actuals)["error_rate"] for side in (before, now))
        change, neutral = b[rows_b] - a[rows_a], np.zeros(len(rows_a))
    both = np.isfinite(change)
    n, known = int(both.sum()), now.rows.height - now.rows.get_column(actuals).null_count()
    if not n:
        return Revision(version, 0, 0.0 if known else None, reason="no_shared_keys")
    won, lost = (int(moved[both].sum()) for moved in (change < -neutral, change > neutral))
    report = Revision(
        version, n, n / known, won=won / n, lost=lost / n, neutral=(n - won - lost) / n
    )
    if of.label is None:
        return msgspec.structs.replace(report, error_change=mean(change[both]))
    differ = before.texts(of.label)[rows_a] != now.texts(of.label)[rows_b]
    churn = int(differ.fill_null(value=False).to_numpy()[both].sum()) / n
    excess = churn - abs(won - lost) / n
    return msgspec.structs.replace(report, churn=churn, excess_churn=excess)
