"""Against a baseline: the losses of both on exactly the keys that both have an estimate for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from estimates.accuracy.accuracy_report import Compared, Skill, SkillSlice
from estimates.accuracy.losses import COMPARED
from estimates.accuracy.match import STEP, Floats, Matched, Rows, mean, root_mean_square, shared
from estimates.contract.columns import key_text


def measure(
    ours: Matched,
    theirs: Matched,
    our_losses: Mapping[str, Floats],
    their_losses: Mapping[str, Floats],
    *,
    actuals: int,
    baseline: tuple[str, int],
) -> Skill:
    """Compare losses key by key; `actuals` is the number of keys with an actual value."""
    rows_a, rows_b = shared(ours, theirs)
    names = [name for name in COMPARED if name in our_losses and name in their_losses]
    a = {name: our_losses[name][rows_a] for name in names}
    b = {name: their_losses[name][rows_b] for name in names}
    comparisons = _compared(a, b, np.arange(len(rows_a)))
    n = max((comparison.n for comparison in comparisons.values()), default=0)
    return Skill(
        set=baseline[0],
        version=baseline[1],
        n=n,
        coverage=n / actuals if actuals else None,
        losses=comparisons,
        horizons=_horizons(ours, rows_a, a, b) if comparisons else [],
        reason=None if comparisons else "no_shared_keys",
    )


def _compared(a: Mapping[str, Floats], b: Mapping[str, Floats], rows: Rows) -> dict[str, Compared]:
    comparisons: dict[str, Compared] = {}
    for name in a:
        first, second = a[name][rows], b[name][rows]
        both = ~(np.isnan(first) | np.isnan(second))
        average = root_mean_square if name == "rmse" else mean
        ours, theirs = average(first[both]), average(second[both])
        if ours is None or theirs is None:
            continue
        comparisons[name] = compared(int(both.sum()), ours, theirs)
    return comparisons


def compared(n: int, ours: float, theirs: float) -> Compared:
    """Two mean losses on the same n keys."""
    if theirs == 0:
        return Compared(n, ours, theirs, None, "perfect_baseline")
    with np.errstate(over="ignore"):
        relative = float(np.float64(ours) / theirs)
    if not np.isfinite(relative):
        return Compared(n, ours, theirs, None, "overflow")
    return Compared(n, ours, theirs, 1 - relative + 0.0, relative=relative)


def _horizons(
    ours: Matched, rows: Rows, a: Mapping[str, Floats], b: Mapping[str, Floats]
) -> list[SkillSlice]:
    if ours.target is None:
        return []
    steps = ours.rows.get_column(STEP).to_numpy()[rows]
    targets = ours.rows.get_column(ours.target)
    slices: list[SkillSlice] = []
    for step in np.unique(steps):
        at = np.flatnonzero(steps == step)
        comparisons = _compared(a, b, at)
        if comparisons:
            slices.append(SkillSlice(str(step), key_text(targets[int(rows[at[0]])]), comparisons))
    return slices
