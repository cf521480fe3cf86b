"""The headline numbers by group and by horizon."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from estimates.accuracy.accuracy_report import Covered, Slice
from estimates.accuracy.losses import INSIDE
from estimates.accuracy.match import STEP, Floats, Mask, Matched, mean, root_mean_square
from estimates.contract.columns import key_text

_FEW = 30


def by_group(values: pl.Series, known: Mask, losses: Mapping[str, Floats]) -> list[Slice]:
    """One slice a value, sorted by value, null first."""
    frame = pl.DataFrame({"by": values, "known": known}).with_row_index("row").filter("known")
    rows = frame.group_by("by").agg(pl.col("row").sort()).sort("by")
    return [
        measure(None if value is None else key_text(value), members.to_numpy(), losses)
        for value, members in zip(rows["by"], rows["row"], strict=True)
    ]


def by_horizon(matched: Matched, known: Mask, losses: Mapping[str, Floats]) -> list[Slice]:
    """One slice a step of the target, in order; empty without a dated target."""
    if matched.target is None:
        return []
    steps = matched.rows.get_column(STEP).to_numpy()
    targets = matched.rows.get_column(matched.target)
    slices: list[Slice] = []
    for step in np.unique(steps[known]):
        rows = np.flatnonzero(known & (steps == step))
        slices.append(measure(str(step), rows, losses, target=key_text(targets[int(rows[0])])))
    return slices


def measure(
    value: str | None,
    rows: np.ndarray,
    losses: Mapping[str, Floats],
    *,
    target: str | None = None,
) -> Slice:
    """The means over some rows, each over the keys that have the loss."""
    values_of = {name: values[rows][~np.isnan(values[rows])] for name, values in losses.items()}
    means = {name: mean(values) for name, values in values_of.items()}
    counts = {name: len(values) for name, values in values_of.items()}
    wrong = means.get("error_rate")
    return Slice(
        value=value,
        n=len(rows),
        target=target,
        point_n=counts.get("mae", 0),
        mae=means.get("mae"),
        rmse=root_mean_square(values_of["rmse"]) if "rmse" in values_of else None,
        bias=means.get("bias"),
        wis_n=counts.get("wis", 0),
        wis=means.get("wis"),
        covered={
            name.removeprefix(INSIDE): Covered(counts[name], share)
            for name, share in means.items()
            if name.startswith(INSIDE) and share is not None
        },
        probability_n=counts.get("brier", 0),
        brier=means.get("brier"),
        log_loss=means.get("log_loss"),
        label_n=counts.get("error_rate", 0),
        right=None if wrong is None else 1.0 - wrong,
        few=len(rows) < _FEW,
    )
