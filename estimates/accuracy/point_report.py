"""The part of the report of accuracy that point estimates have."""

from __future__ import annotations

import msgspec


class PointScores(msgspec.Struct, frozen=True):
    """Errors e = estimate − actual: mean |e|, root of mean e², mean e, and mean of |e| / typical
    step.

    mase_n   keys with a typical step: the contract's column `step`, else that of the actual values
             before
    wape, percentage_bias  Σ |e| / Σ |actual| and Σ e / Σ |actual|: shares of what came
    weighted_mae, weighted_wape, weighted_bias  mean of |e|, WAPE and percentage bias with each key
             times the contract's `weight`; None without one
    size     mean |actual|; weight: Σ weight; weighted_size, weighted_error: the mean of |actual|
             and of e with each key times its weight. Versions are pooled by them; scores that an
             older program stored have none
    reasons  metric → why it is None: `no_history`, `overflow`
    """

    n: int
    coverage: float
    mae: float | None
    rmse: float | None
    bias: float | None
    mase: float | None
    mase_n: int
    reasons: dict[str, str]
    wape: float | None = None
    percentage_bias: float | None = None
    weighted_mae: float | None = None
    weighted_wape: float | None = None
    weighted_bias: float | None = None
    size: float | None = None
    weight: float | None = None
    weighted_size: float | None = None
    weighted_error: float | None = None
