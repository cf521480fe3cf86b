"""What changed key by key: one row a key that is not the same in both versions, with the metrics of
the report.

A row has the key, `change`, and for each column NAME of the contract `NAME.a` and `NAME.b`, the old
and the new value. A number that is an estimate also has `NAME.d`, `NAME.r`, `NAME.g`,
`NAME.material`; an interval of level 80 % has the metrics `NAME.z_80` and `NAME.width_change_80`,
NAME being its point, or without one its lower end.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import numpy as np
import polars as pl

from estimates.contract.columns import NUMERIC_ROLES, parse_key_part
from estimates.contract.contract import Contract
from estimates.errors import InvalidError
from estimates.keys.key_form import Key, KeyForm
from estimates.stability.aligned import AlignedVersions, align_versions
from estimates.stability.alignment import Alignment, UncomparedKeys
from estimates.stability.change_columns import (
    VALUES,
    change_columns,
    change_metrics,
    interval_owner,
    interval_parts,
)
from estimates.stability.deltas import SLACK, deltas, transform
from estimates.stability.interval_changes import interval_changes, scale_of
from estimates.stability.kernels.blocks import Floats, Mask, Rows
from estimates.stability.pairing import by_step

_ROW_A, _ROW_B = "\0a", "\0b"  # not printable, so no column of a contract has these names


def changed_keys(
    a: pl.DataFrame,
    b: pl.DataFrame,
    contract: Contract,
    *,
    through_a: datetime | None = None,
    through_b: datetime | None = None,
    by: str | None = None,
    min_change: float = 0.0,
    prefix: Key = (),
) -> pl.DataFrame:
    """The keys whose row is not the same in frame `b` as in `a`, both of one contract, those that
    moved most first.

    through_a, through_b  the versions' data_through: with a dated target, what elapsed and advanced
                          is called so
    by          the metric to sort by, its size and not its sign; default: `d` of the first point
                column. Equal sizes are sorted by key; keys without the metric (added, removed, null
                in one version, …) come last, by key
    min_change  leaves out the keys whose metric is smaller; what has no metric always stays
    prefix      only keys under this leading part; no number depends on it
    Dated targets of `same_horizon` are steps after the origin here, whole numbers.
    `change` is `changed`, `kind_loss` (an estimate was finite and is not any more), `kind_gain`
    (else, one became so), `added`, `removed`, `elapsed` or `advanced`. Raises InvalidError: those
    of `diff`; `unknown_metric`, `bad_min_change`, `key_parts`, `bad_key_part`, `key_name`.
    """
    by, prefix = check_change_query(contract, by, min_change, prefix)
    pair = align_versions(a, b, contract, through_a, through_b)
    alignment, contract = pair.alignment, pair.contract
    rows = _differing(alignment)
    for name, part in zip(alignment.key, prefix, strict=False):
        rows = rows.filter(rows[name] == part)
    common = rows.filter(pl.col("change") == "changed")  # they come first
    compared = pair.narrowed(
        replace(alignment, rows_a=_numbers(common[_ROW_A]), rows_b=_numbers(common[_ROW_B]))
    )
    kinds = _kinds(compared, contract).extend(rows["change"][common.height :])
    measured = [
        _spread(values, places, rows.height).alias(name)
        for name, places, values in _metrics(pair, compared, contract)
    ]
    rows = _ordered(rows.with_columns(kinds.alias("change"), *measured), alignment, by, min_change)
    return rows.select(*alignment.key, "change").with_columns(*_cells(rows, alignment, contract))


def check_change_query(
    contract: Contract, by: str | None, min_change: float, prefix: Key
) -> tuple[str | None, Key]:
    """The metric to sort by, None when a set has none, and the typed parts of a prefix.

    Raises InvalidError (`key_name`, `unknown_metric`, `bad_min_change`).
    """
    contract = by_step(contract)
    sortable = change_metrics(contract)
    clashing = contract.key.keys() & {"change", *change_columns(contract)}
    if clashing:
        raise InvalidError(
            "key_name",
            f"{contract.name}: key column {min(clashing)!r} has the name of a column of the "
            "changes; rename it",
        )
    if by is not None and by not in sortable:
        have = f"metrics: {', '.join(sortable)}"
        have = have if sortable else "it has no number that is an estimate"
        raise InvalidError("unknown_metric", f"{contract.name}: there is no metric {by!r}; {have}")
    if not (min_change >= 0 and math.isfinite(min_change)):
        raise InvalidError(
            "bad_min_change", f"min_change {min_change} is not a number of at least 0"
        )
    if min_change > 0 and not sortable:
        raise InvalidError(
            "bad_min_change",
            f"{contract.name} has no number that is an estimate; leave min_change out",
        )
    texts = KeyForm(contract).texts(prefix, partial=True) if prefix else []
    typed = [
        parse_key_part(column.type, text)
        for column, text in zip(contract.key.values(), texts, strict=False)
    ]
    return by or next(iter([f"{point}.d" for point in contract.points] + sortable), None), typed


def _differing(alignment: Alignment) -> pl.DataFrame:
    """The keys whose rows differ: first the common ones in key order, as `changed`, then the
    others; the key, the rows in A and in B (null for none), and `change`.
    """
    added, removed = alignment.added, alignment.removed
    groups = {
        "changed": UncomparedKeys(*alignment.rows(np.flatnonzero(~alignment.identical()))),
        "added": UncomparedKeys(np.full_like(added, -1), added),
        "removed": UncomparedKeys(removed, np.full_like(removed, -1)),
        "elapsed": alignment.elapsed,
        "advanced": alignment.advanced,
    }
    rows = pl.concat(
        pl.DataFrame({_ROW_A: keys.rows_a, _ROW_B: keys.rows_b}).with_columns(change=pl.lit(change))
        for change, keys in groups.items()
        if keys is not None
    ).with_columns(pl.col(_ROW_A, _ROW_B).replace(-1, None))
    in_a, in_b = (
        frame.select(pl.col(alignment.key).gather(rows[row]))
        for frame, row in ((alignment.a, _ROW_A), (alignment.b, _ROW_B))
    )
    keys = [in_a[name].zip_with(in_a[name].is_not_null(), in_b[name]) for name in alignment.key]
    return pl.DataFrame([*keys, *rows])


def _numbers(rows: pl.Series) -> Rows:
    return rows.to_numpy().astype(np.intp)


def _kinds(compared: AlignedVersions, contract: Contract) -> pl.Series:
    """What happened to the common keys, those that lost or gained a value told apart."""
    kinds = np.zeros(compared.alignment.common, dtype=np.intp)
    for name in contract.judged:
        old, new = compared.common(name)
        kinds[(kinds == 0) & new.finite & ~old.finite] = 1
        kinds[old.finite & ~new.finite] = 2
    return pl.Series(["changed", "kind_gain", "kind_loss"]).gather(kinds)


def _metrics(
    pair: AlignedVersions, compared: AlignedVersions, contract: Contract
) -> Iterator[tuple[str, Rows | None, Floats | Mask]]:
    """Every metric that can be computed: its column in the answer, the places among the common keys
    that moved (None for all), and a value for each, ±inf where it overflows.

    pair  all common keys: scales come from them, whatever was asked for
    """
    for name, column in contract.columns.items():
        if column.role in NUMERIC_ROLES:
            scale = pair.scale(name)
            d = deltas(compared.alignment, name, *compared.common(name), scale, contract.stability)
            yield f"{name}.d", d.positions, d.d
            if d.r is not None:
                yield f"{name}.r", d.positions, d.r
                yield f"{name}.g", d.positions, transform(d)
            yield f"{name}.material", d.positions, d.material
    for interval in contract.intervals():
        ends = interval_changes(compared, interval, scale_of(pair, interval))
        for part, values in zip(interval_parts(interval), (ends.z, ends.width_change), strict=True):
            if values is not None:
                yield f"{interval_owner(interval)}.{part}", ends.places, values


def _spread(values: Floats | Mask, places: Rows | None, rows: int) -> pl.Series:
    """Values of some of the first rows as a column of all, null elsewhere."""
    index = np.full(rows, -1, dtype=np.intp)
    numbers = np.arange(len(values))
    index[numbers if places is None else places] = numbers
    return pl.Series(values).gather(pl.Series(index).replace(-1, None))


def _ordered(
    rows: pl.DataFrame, alignment: Alignment, by: str | None, min_change: float
) -> pl.DataFrame:
    """Largest first, then what has no size; equal ones by key. The sized ones are in key order
    already.
    """
    if by not in rows.columns:
        return rows.sort(alignment.key)
    size = pl.col(by).abs()
    return pl.concat(
        [
            rows.filter(size * SLACK >= min_change).sort(
                size, descending=True, maintain_order=True
            ),
            rows.filter(size.is_null()).sort(alignment.key),
        ]
    )


def _cells(rows: pl.DataFrame, alignment: Alignment, contract: Contract) -> Iterator[pl.Series]:
    """The columns of the contract, each with its values and metrics."""
    for name, (column, part) in change_columns(contract).items():
        if part in VALUES:
            frame, row = (alignment.a, _ROW_A) if part == "a" else (alignment.b, _ROW_B)
            cells = frame[column].gather(rows[row])
        elif name not in rows.columns:
            dtype = pl.Boolean if part == "material" else pl.Float64
            cells = pl.repeat(None, rows.height, dtype=dtype, eager=True)
        else:
            cells = rows[name]
            cells = cells if part == "material" else cells.set(cells.is_infinite(), None)
        yield cells.alias(name)
