"""What changed key by key: one row a key that is not the same in both versions, with the metrics of
the report.

A row has the key, `change`, and for each column NAME of the contract `NAME.a` and `NAME.b`, the old
and the new value. A number that is an estimate also has `NAME.d`, `NAME.plain`, `NAME.r`,
`NAME.g`, `NAME.material`; an interval of level 80 % has the metrics `NAME.z_80` and
`NAME.width_change_80`, NAME being its point, or without one its lower end.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

import numpy as np
import polars as pl

from estimates.contract.columns import parse_key_part
from estimates.contract.contract import Contract
from estimates.contract.roles import NUMERIC_ROLES
from estimates.errors import InvalidError
from estimates.keys.key_form import Key, KeyForm
from estimates.render.wording import did_you_mean
from estimates.stability.aligned import AlignedVersions, align_versions
from estimates.stability.alignment import Alignment, Mask, Rows
from estimates.stability.change_columns import (
    VALUES,
    change_columns,
    change_metrics,
    interval_owner,
    interval_parts,
)
from estimates.stability.deltas import SLACK, Deltas, deltas, transform
from estimates.stability.interval_changes import interval_changes, scale_of
from estimates.stability.paired_contract import by_step
from estimates.stability.plain_change import plain_sizes
from estimates.stability.value_kinds import Floats

CHANGES = ("changed", "kind_loss", "kind_gain", "added", "removed", "elapsed", "advanced")
_CHANGED, _LOSS, _GAIN, _ADDED, _REMOVED, _ELAPSED, _ADVANCED = range(len(CHANGES))


class FirstChanges(NamedTuple):
    """The changes that come first, and how many there are in all."""

    rows: pl.DataFrame
    total: int


def first_changes(
    a: pl.DataFrame,
    b: pl.DataFrame,
    contract: Contract,
    most: int | None,
    *,
    through_a: datetime | None = None,
    through_b: datetime | None = None,
    by: str | None = None,
    min_change: float = 0.0,
    prefix: Key = (),
) -> FirstChanges:
    """The keys whose row is not the same in frame `b` as in `a`, both of one contract, those that
    moved most first.

    most        how many rows; None: all. A few of many keys take less than half of the memory
    through_a, through_b  the versions' data_through: with a dated target, what elapsed and advanced
                          is called so
    by          the metric to sort by, its size and not its sign; default: `d` of the main column.
                Equal sizes are sorted by key; keys without the metric (added, removed, null
                in one version, …) come last, by key
    min_change  leaves out the keys whose metric is smaller; what has no metric always stays
    prefix      only keys under this leading part; no number depends on it
    Dated targets of `same_horizon` are steps after the origin here, whole numbers.
    `change` is one of CHANGES: `kind_loss` when an estimate was finite and is not any more, else
    `kind_gain` when one became so. Raises InvalidError: those of `diff`; `unknown_metric`,
    `bad_min_change`, `key_parts`, `bad_key_part`, `key_name`.
    """
    by, prefix = check_change_query(contract, by, min_change, prefix)
    pair = align_versions(a, b, contract, through_a, through_b)
    alignment, contract = pair.alignment, pair.contract
    rows = _differing(alignment)
    keys = _keys(alignment, rows)
    if prefix:
        under = np.logical_and.reduce(
            [
                (keys[key] == part).to_numpy()
                for key, part in zip(keys.columns, prefix, strict=False)
            ]
        )
        rows, keys = rows.take(np.flatnonzero(under)), keys.filter(under)
    compared = pair.narrowed(
        replace(alignment, rows_a=rows.a[: rows.common], rows_b=rows.b[: rows.common])
    )
    measured = dict(_metrics(pair, compared, contract))
    order = _order(_size(measured.get(by or ""), len(rows)), keys, min_change)
    first = order[:most]
    frame = _frame(rows.take(first), first, keys[first], measured, compared, contract)
    return FirstChanges(frame, len(order))


def check_change_query(
    contract: Contract, by: str | None, min_change: float, prefix: Key
) -> tuple[str | None, Key]:
    """The metric to sort by, None when a set has none, and the typed parts of a prefix.

    Raises InvalidError (`key_name`, `unknown_metric`, `bad_min_change`).
    """
    contract = by_step(contract)
    sortable = change_metrics(contract)
    clashing = [
        name for name in contract.key if name == "change" or name in change_columns(contract)
    ]
    if clashing:
        raise InvalidError(
            "key_name",
            f"{contract.name}: key column {clashing[0]!r} has the name of a column of the changes",
            remedy="rename it",
        )
    if by is not None and by not in sortable:
        have = (
            f"metrics: {', '.join(sortable)}"
            if sortable
            else "it has no number that is an estimate"
        )
        raise InvalidError(
            "unknown_metric",
            f"{contract.name}: there is no metric {by!r}{did_you_mean(by, sortable)}",
            remedy=have,
        )
    if not (min_change >= 0 and math.isfinite(min_change)):
        raise InvalidError(
            "bad_min_change",
            f"min_change {min_change} is not a number of at least 0",
            remedy="write one such as 0.5, or leave it out",
        )
    if min_change > 0 and not sortable:
        raise InvalidError(
            "bad_min_change",
            f"{contract.name} has no number that is an estimate",
            remedy="leave min_change out",
        )
    texts = KeyForm(contract).texts(prefix, partial=True) if prefix else []
    kinds = [column.type for column in contract.key.values()]
    typed = [parse_key_part(kind, text) for kind, text in zip(kinds, texts, strict=False)]
    main = f"{contract.main}.d"
    return by or (main if main in sortable else next(iter(sortable), None)), typed


@dataclass(frozen=True)
class _Rows:
    """Keys of the answer: row in A and in B (−1 for none), and what happened to each.

    common  how many of them, the first ones, are compared: before they are sorted
    """

    a: Rows
    b: Rows
    change: Rows
    common: int

    def __len__(self) -> int:
        return len(self.a)

    def take(self, rows: Rows) -> _Rows:
        """Some of them."""
        return _Rows(self.a[rows], self.b[rows], self.change[rows], int((rows < self.common).sum()))


def _differing(alignment: Alignment) -> _Rows:
    """The keys whose rows differ: first the common ones in key order, then the others."""
    at = np.flatnonzero(~alignment.identical())
    groups = [
        (
            at if alignment.rows_a is None else alignment.rows_a[at],
            at if alignment.rows_b is None else alignment.rows_b[at],
            _CHANGED,
        ),
        (np.full_like(alignment.added, -1), alignment.added, _ADDED),
        (alignment.removed, np.full_like(alignment.removed, -1), _REMOVED),
        *(
            (keys.rows_a, keys.rows_b, kind)
            for keys, kind in ((alignment.elapsed, _ELAPSED), (alignment.advanced, _ADVANCED))
            if keys is not None
        ),
    ]
    rows_a, rows_b = (np.concatenate([group[side] for group in groups]) for side in (0, 1))
    change = np.repeat([group[2] for group in groups], [len(group[0]) for group in groups])
    return _Rows(rows_a, rows_b, change, len(at))


def _metrics(
    pair: AlignedVersions, compared: AlignedVersions, contract: Contract
) -> Iterator[tuple[str, pl.Series]]:
    """Every metric that can be computed, by its column in the answer: a value per moved key, ±inf
    where it overflows.

    pair  all common keys: scales come from them, whatever was asked for
    """
    common = compared.alignment.common
    for name, column in contract.columns.items():
        if column.role in NUMERIC_ROLES:
            scale = pair.scale(name)
            d = deltas(compared.alignment, name, *compared.common(name), scale, contract.stability)
            for metric, values in _of_number(d, scale, contract.percentage_points(name)):
                yield f"{name}.{metric}", _spread(common, d.positions, values)
    for interval in contract.intervals():
        ends = interval_changes(compared, interval, scale_of(pair, interval))
        for part, values in zip(interval_parts(interval), (ends.z, ends.width_change), strict=True):
            if values is not None:
                yield f"{interval_owner(interval)}.{part}", _spread(common, ends.rows, values)


def _of_number(
    deltas: Deltas, scale: float | None, points: float | None
) -> Iterator[tuple[str, Floats | Mask]]:
    d = np.asarray(deltas.d)
    yield "d", d
    sizes = plain_sizes(deltas, points)
    if sizes is not None:
        yield "plain", np.copysign(sizes(slice(None)), d) if len(deltas) else d
    if deltas.r is not None and scale is not None:
        yield "r", deltas.r
        yield "g", transform(deltas)
    yield "material", deltas.material


def _spread(common: int, places: Rows | None, values: Floats | Mask) -> pl.Series:
    """Values of some of the common keys as a column of all of them, null elsewhere."""
    if places is None or len(places) == common:
        return pl.Series(values)
    index = np.full(common, -1, dtype=np.intp)
    index[places] = np.arange(len(places))
    return pl.Series(values).gather(_index(index))


def _index(rows: Rows) -> pl.Series:
    """Row numbers to gather by: −1 gives null."""
    index = pl.Series(rows)
    return index if not len(rows) or rows.min() >= 0 else index.set(index < 0, None)


def _order(size: Floats, keys: pl.DataFrame, min_change: float) -> Rows:
    """Largest first, then what has no size; equal ones by key. The sized ones are in key order
    already.
    """
    sized = np.flatnonzero(size * SLACK >= min_change)
    unsized = np.flatnonzero(np.isnan(size))
    by_key = (
        keys[unsized].select(pl.arg_sort_by(keys.columns)).to_series().to_numpy()
        if len(unsized)
        else unsized
    )
    return np.concatenate([sized[np.argsort(-size[sized], kind="stable")], unsized[by_key]])


def _size(metric: pl.Series | None, rows: int) -> Floats:
    """How large a metric is on each row; NaN for none."""
    size = np.full(rows, np.nan)
    if metric is not None:
        size[: len(metric)] = np.abs(metric.to_numpy())
    return size


def _keys(alignment: Alignment, rows: _Rows) -> pl.DataFrame:
    """The keys of the rows, from whichever version has each."""
    old, new = alignment.a.select(alignment.key), alignment.b.select(alignment.key)
    if rows.common == len(rows):
        return old[rows.a]
    in_a, in_b = (
        frame.select(pl.all().gather(_index(at))) for frame, at in ((old, rows.a), (new, rows.b))
    )
    return pl.DataFrame(
        [in_a[name].zip_with(in_a[name].is_not_null(), in_b[name]) for name in alignment.key]
    )


def _frame(
    rows: _Rows,
    order: Rows,
    keys: pl.DataFrame,
    measured: dict[str, pl.Series],
    compared: AlignedVersions,
    contract: Contract,
) -> pl.DataFrame:
    """The answer: key, `change`, then the columns of the contract, each with its values and
    metrics.
    """
    alignment = compared.alignment
    place = _index(np.where(order < alignment.common, order, -1))
    rows_of = {"a": (alignment.a, _index(rows.a)), "b": (alignment.b, _index(rows.b))}
    cells = [*keys, pl.Series("change", CHANGES).gather(_kinds(rows, order, compared, contract))]
    for name, (column, part) in change_columns(contract).items():
        if part in VALUES:
            frame, numbers = rows_of[part]
            values = frame[column].gather(numbers)
        elif name in measured:
            values = measured[name].gather(place)
            values = (
                values if values.dtype == pl.Boolean else values.set(values.is_infinite(), None)
            )
        else:
            values = pl.repeat(
                None, len(rows), dtype=pl.Boolean if part == "material" else pl.Float64, eager=True
            )
        cells.append(values.alias(name))
    return pl.DataFrame(cells)


def _kinds(rows: _Rows, order: Rows, compared: AlignedVersions, contract: Contract) -> Rows:
    """What happened to each row, now telling apart the changed ones that lost or gained a value."""
    lost = np.zeros(compared.alignment.common, dtype=bool)
    gained = np.zeros_like(lost)
    for name in contract.judged:
        old, new = compared.common(name)
        lost |= old.finite & ~new.finite
        gained |= new.finite & ~old.finite
    kinds = rows.change.copy()
    of_compared = np.flatnonzero(order < len(lost))
    at = order[of_compared]
    kinds[of_compared] = np.where(lost[at], _LOSS, np.where(gained[at], _GAIN, _CHANGED))
    return kinds
