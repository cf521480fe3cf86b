"""A change split into what the data, what the parameters, and what both together did to it: the
numbers of `diff --why`.

With y(D, P) the estimate from the data D and the parameters P of a version, A the older and B the
newer one:

total = y(B, B) - y(A, A);  data = y(B, A) - y(A, A);  parameters = y(A, B) - y(A, A);
interaction = total - data - parameters

This is the threefold decomposition (Winsborough and Dickinson, 1971), key by key. y(A, A) and
y(B, B) are the versions as stored, the two others are computed anew.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import msgspec
import numpy as np
import polars as pl

from estimates.contract.columns import key_text
from estimates.stability.deltas import relative, scale_floor

_LARGEST = 20  # moves in a report
_NAMES = ("total", "data", "parameters", "interaction")
Floats = np.ndarray[Any, np.dtype[np.float64]]


class Frames(NamedTuple):
    """Estimates of two versions as stored, and what their job computes anew; None where it cannot.

    new_data              y(B, A): the new data with the old parameters
    new_parameters        y(A, B): the old data with the new parameters
    rerun_old, rerun_new  reruns with nothing changed
    """

    old: pl.DataFrame
    new: pl.DataFrame
    new_data: pl.DataFrame | None = None
    new_parameters: pl.DataFrame | None = None
    rerun_old: pl.DataFrame | None = None
    rerun_new: pl.DataFrame | None = None

    def compared(self) -> dict[str, pl.DataFrame]:
        """The frames that are split, under short names: a, b, data, parameters."""
        frames = {"a": self.old, "b": self.new}
        if self.new_data is not None:
            frames["data"] = self.new_data
        if self.new_parameters is not None:
            frames["parameters"] = self.new_parameters
        return frames


class Effect(msgspec.Struct, frozen=True):
    """What something did to a column, over the keys of the split; in the unit of the column.

    mean           signed; those of data, parameters and interaction add up to that of the total
    share          mean_absolute / its sum over data, parameters and interaction; None unless all
                   are known and not 0
    r_p50, r_p95   quantiles of S3 from a to a + effect; None without a scale
    plain_p50, plain_p95  the same of S3a, in the measure of the split
    """

    mean: float
    mean_absolute: float
    share: float | None
    r_p50: float | None
    r_p95: float | None
    plain_p50: float | None = None
    plain_p95: float | None = None


class KeyMove(msgspec.Struct, frozen=True):
    """One key: its estimates in A and B, and the split of `d`; None for what is not known."""

    key: list[str]
    a: float
    b: float
    d: float
    data: float | None
    parameters: float | None
    interaction: float | None


class Split(msgspec.Struct, frozen=True):
    """The split of one column.

    measure      of plain changes: `relative` to the old value, or percentage `points`
    n            keys that are finite in both versions and in what was computed anew
    noise_from, noise_to   what a rerun of A and of B with nothing changed gives, less what was
                           stored: d of A/A
    top          the largest |d|, ties by key
    """

    n: int
    scale_floor: float | None = None
    measure: Literal["relative", "points"] = "relative"
    total: Effect | None = None
    data: Effect | None = None
    parameters: Effect | None = None
    interaction: Effect | None = None
    noise_from: Effect | None = None
    noise_to: Effect | None = None
    top: list[KeyMove] = []


class LabelSplit(msgspec.Struct, frozen=True):
    """The change of a label, counted: labels do not add up, so there is no interaction.

    n             keys of both versions and of what was computed anew
    changed       of them with another label in B than in A; null is a label of its own
    data, parameters  with another one than in A by the new data alone, by the new parameters alone;
                      None if not known
    noise_from, noise_to  keys to which a rerun of A, of B with nothing changed gives another label
                          than is stored
    """

    n: int
    changed: int
    data: int | None
    parameters: int | None
    noise_from: int | None
    noise_to: int | None


def split_labels(frames: Frames, key: list[str], column: str) -> LabelSplit:
    """Count what changed a label, on the keys that all frames have."""
    rows = _on_keys(frames.compared(), key, column, pl.String())
    changed = {
        name: int(rows["a"].ne_missing(rows[name]).sum()) for name in rows.columns[len(key) + 1 :]
    }
    return LabelSplit(
        n=rows.height,
        changed=changed["b"],
        data=changed.get("data"),
        parameters=changed.get("parameters"),
        noise_from=_changed_labels(frames.old, frames.rerun_old, key, column),
        noise_to=_changed_labels(frames.new, frames.rerun_new, key, column),
    )


class Scale(NamedTuple):
    """What a column's effects are measured by.

    floor   the scale floor S0; None when all was 0
    points  percentage points in one unit of it; None: changes are relative to the old value
    """

    floor: float | None
    points: float | None


def split(
    frames: Frames,
    key: list[str],
    column: str,
    declared_floor: float | None,
    points: float | None = None,
) -> Split:
    """Split the change of a column on the keys that all frames have with a finite value.

    declared_floor  the contract's scale floor
    points          percentage points in one unit of the column; None: it moves relative to what it
                    was
    """
    rows = _finite_on_keys(frames.compared(), key, column)
    floor = scale_floor(rows["a"].to_numpy(), declared_floor) if rows.height else None
    scale = Scale(floor, points)
    parts = _parts(rows) if rows.height else {}
    sizes = [float(np.abs(parts[name]).mean()) for name in _NAMES[1:] if name in parts]
    sum_of_sizes = sum(sizes) if len(sizes) == 3 else 0.0
    effects = {
        name: _effect(rows["a"], part, scale, sum_of_sizes if name != "total" else 0.0)
        for name, part in parts.items()
    }
    return Split(
        n=rows.height,
        scale_floor=floor,
        measure="relative" if points is None else "points",
        **effects,
        noise_from=_noise(frames.old, frames.rerun_old, key, column, scale),
        noise_to=_noise(frames.new, frames.rerun_new, key, column, scale),
        top=_largest(rows, key, parts) if parts else [],
    )


def _parts(rows: pl.DataFrame) -> dict[str, Floats]:
    """Total, data, parameters and interaction for each key; without those that are not known."""
    a, b = rows["a"].to_numpy(), rows["b"].to_numpy()
    parts = {"total": b - a}
    for name in ("data", "parameters"):
        if name in rows.columns:
            parts[name] = rows[name].to_numpy() - a
    if len(parts) == 3:
        # (b − y(B, A)) − (y(A, B) − a): exact where no part is rounded
        parts["interaction"] = (b - rows["data"].to_numpy()) - parts["parameters"]
    return parts


def _noise(
    stored: pl.DataFrame,
    rerun: pl.DataFrame | None,
    key: list[str],
    column: str,
    scale: Scale,
) -> Effect | None:
    """What a rerun does to a column; None without one, or when no key is finite in both."""
    if rerun is None:
        return None
    rows = _finite_on_keys({"stored": stored, "rerun": rerun}, key, column)
    if not rows.height:
        return None
    return _effect(rows["stored"], (rows["rerun"] - rows["stored"]).to_numpy(), scale, 0.0)


def _changed_labels(
    stored: pl.DataFrame, rerun: pl.DataFrame | None, key: list[str], column: str
) -> int | None:
    if rerun is None:
        return None
    rows = _on_keys({"stored": stored, "rerun": rerun}, key, column, pl.String())
    return int(rows["stored"].ne_missing(rows["rerun"]).sum())


def _finite_on_keys(frames: dict[str, pl.DataFrame], key: list[str], column: str) -> pl.DataFrame:
    """The keys that all frames have with a finite value, in order, one column a frame."""
    rows = _on_keys(frames, key, column, pl.Float64())
    finite = rows.filter(pl.all_horizontal(pl.col(list(frames)).is_finite().fill_null(value=False)))
    return finite.sort(finite.columns[: len(key)])


def _on_keys(
    frames: dict[str, pl.DataFrame], key: list[str], column: str, dtype: pl.DataType
) -> pl.DataFrame:
    """The keys that all frames have, and the column of each under the frame's name."""
    # The key under names of its own: it may have those of the frames.
    keys = [f"\x01{i}" for i in range(len(key))]
    renamed = [pl.col(part).alias(name) for part, name in zip(key, keys, strict=True)]
    columns = [
        frame.select(*renamed, pl.col(column).cast(dtype).alias(name))
        for name, frame in frames.items()
    ]
    rows = columns[0]
    for other in columns[1:]:
        rows = rows.join(other, on=keys, how="inner")
    return rows


def _effect(before: pl.Series, part: Floats, scale: Scale, sum_of_sizes: float) -> Effect:
    old = before.to_numpy()
    size = float(np.abs(part).mean())
    r = None if scale.floor is None else relative(old, old + part, part, scale.floor)
    plain = _plain(old, part, scale)
    return Effect(
        mean=float(part.mean()),
        mean_absolute=size,
        share=size / sum_of_sizes if sum_of_sizes else None,
        r_p50=None if r is None else float(np.quantile(r, 0.5)),
        r_p95=None if r is None else float(np.quantile(r, 0.95)),
        plain_p50=None if plain is None else float(np.quantile(plain, 0.5)),
        plain_p95=None if plain is None else float(np.quantile(plain, 0.95)),
    )


def _plain(old: Floats, part: Floats, scale: Scale) -> Floats | None:
    """S3a of each key."""
    if scale.points is not None:
        return np.abs(part) * scale.points
    return None if scale.floor is None else np.abs(part) / np.maximum(np.abs(old), scale.floor)


def _largest(rows: pl.DataFrame, key: list[str], parts: dict[str, Floats]) -> list[KeyMove]:
    order = np.argsort(-np.abs(parts["total"]), kind="stable")[:_LARGEST]
    moves = [{name: float(part[position]) for name, part in parts.items()} for position in order]
    return [
        KeyMove(
            key=[key_text(row[f"\x01{i}"]) for i in range(len(key))],
            a=row["a"],
            b=row["b"],
            d=move["total"],
            data=move.get("data"),
            parameters=move.get("parameters"),
            interaction=move.get("interaction"),
        )
        for row, move in zip(rows[order].iter_rows(named=True), moves, strict=True)
        if move["total"] != 0
    ]
