"""The headline numbers by group and by horizon, of all groups at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from estimates.accuracy.accuracy_report import Covered, Slice
from estimates.accuracy.losses import INSIDE
from estimates.accuracy.match import STEP, Floats, Mask, Matched, mean, root_mean_square
from estimates.contract.columns import key_text
from estimates.render.digits import DIGITS

FEW = 30
_TINY = 1e-280  # a sum of squares below this has lost digits
# What a slice calls the number of keys of a loss, and the loss itself.
_FIELDS = {
    "mae": ("point_n", "mae"),
    "bias": ("point_n", "bias"),
    "wis": ("wis_n", "wis"),
    "crps": ("crps_n", "crps"),
    "brier": ("probability_n", "brier"),
    "log_loss": ("probability_n", "log_loss"),
    "error_rate": ("label_n", "right"),
}
Groups = NDArray[np.intp]


def by_group(values: pl.Series, known: Mask, losses: Mapping[str, Floats]) -> list[Slice]:
    """One slice a value, sorted by value, null first."""
    rows = np.flatnonzero(known)
    values = values.alias("by").gather(rows)
    shown = values.unique().sort()
    places = pl.Series(range(len(shown)), dtype=pl.UInt32)
    group = values.replace_strict(shown, places, return_dtype=pl.UInt32).to_numpy()
    texts = [None if value is None else key_text(value) for value in shown]
    return _slices(texts, [None] * len(texts), group.astype(np.intp), rows, losses)


def by_horizon(matched: Matched, known: Mask, losses: Mapping[str, Floats]) -> list[Slice]:
    """One slice a step of the target, in order; empty without a dated target."""
    if matched.target is None:
        return []
    rows = np.flatnonzero(known)
    steps = matched.rows.get_column(STEP).to_numpy()[rows]
    shown, first, group = np.unique(steps, return_index=True, return_inverse=True)
    targets = matched.rows.get_column(matched.target).gather(rows[first])
    return _slices(
        [str(step) for step in shown.tolist()],
        [key_text(target) for target in targets],
        group,
        rows,
        losses,
    )


def _slices(
    values: Sequence[str | None],
    targets: Sequence[str | None],
    group: Groups,
    rows: Groups,
    losses: Mapping[str, Floats],
) -> list[Slice]:
    """The means over the rows of each group, each over the keys that have the loss."""
    sizes = np.bincount(group, minlength=len(values)).tolist()
    fields: dict[str, Sequence[Any]] = {}
    covered: list[dict[str, Covered]] = [{} for _ in values]
    for name, of_all in losses.items():
        counts, means = means_by_group(of_all[rows], group, len(values), squares=name == "rmse")
        if name.startswith(INSIDE):
            level = name.removeprefix(INSIDE)
            for of_group, count, share in zip(covered, counts, means, strict=True):
                if share is not None:
                    of_group[level] = Covered(count, float(f"{share:.{DIGITS}g}"))
        elif name == "rmse":
            fields["rmse"] = list(map(_rounded, means))
        else:
            count_name, field = _FIELDS[name]
            fields[count_name] = counts
            right = field == "right"
            fields[field] = [_rounded(1.0 - x if right and x is not None else x) for x in means]
    return [
        Slice(
            value=values[place],
            n=n,
            target=targets[place],
            covered=covered[place],
            few=n < FEW,
            **{name: numbers[place] for name, numbers in fields.items()},
        )
        for place, n in enumerate(sizes)
    ]


def means_by_group(
    values: Floats, group: Groups, groups: int, *, squares: bool = False
) -> tuple[list[int], list[float | None]]:
    """How many values each group has that are not NaN, and their mean, or the root of the mean of
    their squares; None without any or where it does not fit a double.
    """
    there = ~np.isnan(values)
    if not there.all():
        values, group = values[there], group[there]
    average = root_mean_square if squares else mean
    with np.errstate(over="ignore", invalid="ignore"):
        counts = np.bincount(group, minlength=groups)
        sums = np.bincount(group, values * values if squares else values, groups)
        means = sums / np.maximum(counts, 1) + 0.0  # −0.0 is 0.0
    doubtful = ~np.isfinite(sums) | (squares & (sums < _TINY))
    results: list[float | None] = (np.sqrt(means) if squares else means).tolist()
    for place in np.flatnonzero(doubtful | (counts == 0)).tolist():
        results[place] = average(values[group == place]) if counts[place] else None
    return counts.tolist(), results


def _rounded(value: float | None) -> float | None:
    """A number with the digits that JSON has, so that it need not be rounded again."""
    return None if value is None else float(f"{value:.{DIGITS}g}")
