"""A change split into what the data, what the parameters, and what both together did to it: the
numbers of `--why`.

With y(D, P) the estimate from the data D and the parameters P of a version, A the older and B the
newer one:

total = y(B, B) - y(A, A);  data = y(B, A) - y(A, A);  parameters = y(A, B) - y(A, A);
interaction = total - data - parameters

the threefold decomposition (Winsborough and Dickinson, 1971), key by key. y(A, A) and y(B, B) are
the versions as stored, the two others are computed anew.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import polars as pl

from estimates.contract.columns import key_text
from estimates.stability.deltas import relative, scale_floor

_TOP = 20
_NAMES = ("total", "data", "parameters", "interaction")
Floats = np.ndarray[Any, np.dtype[np.float64]]


class Effect(msgspec.Struct, frozen=True):
    """What something did to a column, over the keys of the split; in the unit of the column.

    mean           signed; those of data, parameters and interaction add up to that of the total
    share          mean_absolute / its sum over data, parameters and interaction; None unless all
                   are known and not 0
    r_p50, r_p95   quantiles of S3 from a to a + effect; None without a scale
    """

    mean: float
    mean_absolute: float
    share: float | None
    r_p50: float | None
    r_p95: float | None


class Moved(msgspec.Struct, frozen=True):
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

    n            keys that are finite in both versions and in what was computed anew
    noise_from, noise_to   what a rerun of A and of B with nothing changed gives, less what was
                           stored: d of A/A
    top          the largest |d|, ties by key
    """

    n: int
    scale_floor: float | None
    total: Effect | None
    data: Effect | None
    parameters: Effect | None
    interaction: Effect | None
    noise_from: Effect | None
    noise_to: Effect | None
    top: list[Moved]


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


def split_labels(
    stored: tuple[pl.DataFrame, pl.DataFrame],
    again: tuple[pl.DataFrame | None, pl.DataFrame | None],
    new_data: pl.DataFrame | None,
    new_parameters: pl.DataFrame | None,
    key: list[str],
    column: str,
) -> LabelSplit:
    """Count what changed a label; `stored` and `again` are A and B, and their reruns with nothing
    changed.
    """
    frames = {"a": stored[0], "b": stored[1], "data": new_data, "parameters": new_parameters}
    rows = _on_keys(
        {name: frame for name, frame in frames.items() if frame is not None},
        key,
        column,
        pl.String(),
    )
    moved = {
        name: int(rows["a"].ne_missing(rows[name]).sum()) for name in rows.columns if name in frames
    }
    noises: list[int | None] = []
    for before, after in zip(stored, again, strict=True):
        both = (
            None if after is None else _on_keys({"a": before, "b": after}, key, column, pl.String())
        )
        noises.append(None if both is None else int(both["a"].ne_missing(both["b"]).sum()))
    return LabelSplit(rows.height, moved["b"], moved.get("data"), moved.get("parameters"), *noises)


def split(
    a: pl.DataFrame,
    b: pl.DataFrame,
    new_data: pl.DataFrame | None,
    new_parameters: pl.DataFrame | None,
    key: list[str],
    column: str,
    declared: float | None,
) -> Split:
    """Split the change of a column on the keys that all frames have; None for a frame that could
    not be computed.

    new_data        y(B, A): the new data with the old parameters
    new_parameters  y(A, B): the old data with the new parameters
    declared        the contract's scale floor
    The noise is left for `noise` to tell.
    """
    frames = {"a": a, "b": b, "data": new_data, "parameters": new_parameters}
    rows = _together(
        {name: frame for name, frame in frames.items() if frame is not None}, key, column
    )
    if not rows.height:
        return Split(0, None, None, None, None, None, None, None, [])
    old, new = rows["a"].to_numpy(), rows["b"].to_numpy()
    parts = {"total": new - old}
    parts |= {
        name: rows[name].to_numpy() - old for name in ("data", "parameters") if name in rows.columns
    }
    if len(parts) == 3:
        # (b − y(B, A)) − (y(A, B) − a): exact where no part is rounded
        parts["interaction"] = (new - rows["data"].to_numpy()) - parts["parameters"]
    scale = scale_floor(old, declared)
    sizes = [float(np.abs(parts[name]).mean()) for name in _NAMES[1:] if name in parts]
    whole = sum(sizes) if len(sizes) == 3 else 0.0
    effects = {
        name: _effect(old, part, scale, whole if name != "total" else 0.0)
        for name, part in parts.items()
    }
    return Split(
        rows.height,
        scale,
        *(effects.get(name) for name in _NAMES),
        noise_from=None,
        noise_to=None,
        top=_top(rows, key, parts),
    )


def noise(
    stored: pl.DataFrame, again: pl.DataFrame, key: list[str], column: str, scale: float | None
) -> Effect | None:
    """What a rerun with nothing changed does to a column; None when no key is finite in both."""
    rows = _together({"stored": stored, "again": again}, key, column)
    if not rows.height:
        return None
    old = rows["stored"].to_numpy()
    return _effect(old, rows["again"].to_numpy() - old, scale, 0.0)


def _together(frames: dict[str, pl.DataFrame], key: list[str], column: str) -> pl.DataFrame:
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
    parts = [
        frame.select(*renamed, pl.col(column).cast(dtype).alias(name))
        for name, frame in frames.items()
    ]
    rows = parts[0]
    for part in parts[1:]:
        rows = rows.join(part, on=keys, how="inner")
    return rows


def _effect(old: Floats, part: Floats, scale: float | None, whole: float) -> Effect:
    size = float(np.abs(part).mean())
    r = None if scale is None else relative(old, old + part, part, scale)
    return Effect(
        mean=float(part.mean()),
        mean_absolute=size,
        share=size / whole if whole else None,
        r_p50=None if r is None else float(np.quantile(r, 0.5)),
        r_p95=None if r is None else float(np.quantile(r, 0.95)),
    )


def _top(rows: pl.DataFrame, key: list[str], parts: dict[str, Floats]) -> list[Moved]:
    order = np.argsort(-np.abs(parts["total"]), kind="stable")[:_TOP]
    chosen = rows[order]
    keys = [[key_text(part) for part in row[: len(key)]] for row in chosen.iter_rows()]
    cells = {
        name: parts[name][order].tolist() if name in parts else [None] * len(order)
        for name in _NAMES
    }
    ends = zip(chosen["a"].to_list(), chosen["b"].to_list(), strict=True)
    moves = zip(*(cells[name] for name in _NAMES), strict=True)
    return [
        Moved(k, a, b, *move)
        for k, (a, b), move in zip(keys, ends, moves, strict=True)
        if move[0] != 0
    ]
