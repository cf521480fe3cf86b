"""The part of a report of accuracy that is about samples, as a Struct."""

from __future__ import annotations

import msgspec


class SampleScores(msgspec.Struct, frozen=True):
    """Draws from the predictive distribution: CRPS and its parts, bias, and the energy score of
    trajectories.

    column         the samples; draws: the fewest in a row
    dispersion     CRPS against the median of the draws; penalty_below, penalty_above: what is left
                   for actual values below and above it; their sum is the CRPS
    bias           mean of 1 − P(x ≤ y) − P(x < y): 1 all draws are too high, −1 all too low
    trajectories   those whose keys all have an actual value; incomplete: the others
    energy_score   mean over trajectories
    reasons        metric → why it is None: `no_comparable_keys`, `overflow`, `no_trajectories`
    """

    column: str
    n: int
    coverage: float | None
    draws: int | None
    crps: float | None
    dispersion: float | None
    penalty_below: float | None
    penalty_above: float | None
    bias: float | None
    trajectories: int
    incomplete: int
    energy_score: float | None
    reasons: dict[str, str]
