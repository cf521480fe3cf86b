"""The headline numbers of a column by group and by horizon."""

from __future__ import annotations

import polars as pl

from estimates.frame import key_text
from estimates.stability.deltas import Deltas
from estimates.stability.report import Group

_MOST = 50
_FEW = 30


def breakdown(values: pl.Series, deltas: Deltas) -> list[Group]:
    """n, p50 and p95 of r, material_share by value; `values` has one per common key.

    The 50 largest groups (ties by value) are shown, sorted by value, null first; the rest is pooled at the end.
    """
    by = values if deltas.positions is None else values[deltas.positions]
    r = (
        pl.Series("r", deltas.r, dtype=pl.Float64)
        if deltas.r is not None
        else pl.repeat(None, len(by), dtype=pl.Float64, eager=True)
    )
    frame = pl.DataFrame({"by": by, "r": r, "material": deltas.material})
    largest = frame.group_by("by").len().sort(["len", "by"], descending=[True, False]).head(_MOST)["by"]
    shown = pl.col("by").is_in(largest.implode(), nulls_equal=True)
    groups = _measured(frame.filter(shown), pooled=False)
    return groups + _measured(frame.filter(~shown).with_columns(by=pl.lit("other")), pooled=True)


def _measured(frame: pl.DataFrame, pooled: bool) -> list[Group]:
    rows = frame.group_by("by").agg(
        pl.len().alias("n"),
        pl.col("r").quantile(0.5, "linear").alias("p50"),
        pl.col("r").quantile(0.95, "linear").alias("p95"),
        pl.col("material").sum().alias("material"),
    )
    return [
        Group(None if value is None else key_text(value), n, p50, p95, material / n, few=n < _FEW, pooled=pooled)
        for value, n, p50, p95, material in rows.sort("by").iter_rows()
    ]
