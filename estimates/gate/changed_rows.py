"""Lots of keys that changed against the baseline: what a check counts in the report, found by the
report's formulas.

A check asks only where the report says that there is something to find. Each lot has the
candidate's keys, of removed ones the baseline's.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from estimates.contract.columns import key_text
from estimates.gate.evaluation_context import Case
from estimates.gate.offenders import Lot, Told, Value, lots_of
from estimates.stability import quantiles
from estimates.stability.alignment import Mask, Rows
from estimates.stability.deltas import SLACK, Deltas, asinh, deltas
from estimates.stability.family_reports import QuantileReport
from estimates.stability.interval import Moves, moves
from estimates.stability.report import IntervalReport
from estimates.stability.scalar import flips
from estimates.stability.value_kinds import Floats

_OLD, _NEW = Value("old", 6), Value("new", 6)
_FROM_TO: Told = (_OLD, " -> ", _NEW)
_TENTH = 0.1  # of the column's median size: what moved by less is no jump


def removed(case: Case) -> list[Lot]:
    """K1: keys of the baseline that are gone."""
    return lots_of(case.before, case.key, case.pair.found.removed, None, ("removed",))


def added(case: Case) -> list[Lot]:
    """K1: keys that the baseline does not have."""
    return lots_of(case.frame, case.key, case.pair.found.added, None, ("added",))


def lost(case: Case, name: str) -> list[Lot]:
    """K2: keys that had an estimate in a column and have none any more."""
    old, new = case.pair.common(name)
    return _of_column(case, name, np.flatnonzero(old.finite & ~new.finite))


def relabelled(case: Case, name: str) -> list[Lot]:
    """C1: keys with another label than before; null is one."""
    found = case.pair.found
    return _of_column(
        case, name, np.flatnonzero(found.old(name).ne_missing(found.new(name)).to_numpy())
    )


def far(case: Case, name: str, limit: float) -> list[Lot]:
    """S3: keys that moved by r above a limit, by r."""
    d = _deltas(case, name)
    assert d.r is not None, "the report has an r"
    rows = np.flatnonzero(d.r > limit)
    told: Told = (*_FROM_TO, ", r = ", Value("r", 3))
    return _of_column(case, name, _at(d.positions, rows), told, {"r": d.r[rows]}, d.r[rows])


def material(case: Case, name: str) -> list[Lot]:
    """S2: keys that changed by more than the contract's tolerance, by r."""
    d = _deltas(case, name)
    rows = np.flatnonzero(d.material)
    # without a scale all that was is 0
    r = np.full(len(rows), np.inf) if d.r is None else d.r[rows]
    return _of_column(case, name, _at(d.positions, rows), size=r)


def jumped(case: Case, name: str) -> list[Lot]:
    """S3: keys with r > 1 that moved by more than a tenth of the median size of the old values, by
    g.
    """
    d, typical = _deltas(case, name), case.before[name].cast(pl.Float64).abs().median()
    assert isinstance(typical, float), "there is an old value"
    size = np.abs(d.d)
    return _by_change(
        case, name, d, (size > np.abs(d.a) / 2 + np.abs(d.b) / 2) & (size > _TENTH * typical)
    )


def flipped(case: Case, name: str) -> list[Lot]:
    """S5: keys whose estimate changed its sign, by g."""
    d = _deltas(case, name)
    return _by_change(case, name, d, flips(d.a, d.b))


def beyond(case: Case, one: IntervalReport, limit: float) -> list[Lot]:
    """I1: keys whose point moved by more half widths of its old interval than a limit, by z."""
    found = _moves(case, one)
    assert found.z is not None, "the report has a z"
    rows = np.flatnonzero(found.z > limit)
    z = found.z[rows]
    told: Told = ("moved by ", Value("z", 3), f" half widths of its {100 * one.level:g} % interval")
    return _lots(case, one.point, found.rows[rows], told, {"z": z}, size=z)


def beyond_one(case: Case, one: IntervalReport) -> list[Lot]:
    """The same for one half width, as `z_gt1_share` counts them."""
    return beyond(case, one, SLACK)


def outside(case: Case, one: IntervalReport) -> list[Lot]:
    """I2: keys whose point lies outside its old interval, by how many half widths of it."""
    found = _moves(case, one)
    rows, size = found.outside()
    cells = {"new": ("b", one.point), "low": ("a", one.lower), "high": ("a", one.upper)}
    told: Told = (_NEW, " outside ", Value("low", 6), " to ", Value("high", 6))
    return _lots(case, one.point, found.rows[rows], told, cells=cells, size=size)


def reshaped(case: Case, one: QuantileReport, limit: float) -> list[Lot]:
    """Q2: keys whose quantiles moved by more of their old IQR than a limit, by that."""
    at, size = quantiles.moves(case.pair, one)
    rows = np.flatnonzero(size > limit)
    told: Told = ("quantiles moved by ", Value("move", 3), " of their old IQR")
    return _lots(case, one.point or None, at[rows], told, {"move": size[rows]}, size=size[rows])


def keys_of(case: Case, keys: list[list[str]]) -> list[list[str]]:
    """The candidate's keys of some that are in both versions, as the report names them: steps
    become dates again.
    """
    target = case.contract.target
    if target is None or case.pair.contract.key[target].type == case.contract.key[target].type:
        return keys
    pairs = pl.DataFrame({"step": case.pair.found.b[target], "day": case.frame[target]}).unique()
    days = {key_text(step): key_text(day) for step, day in pairs.iter_rows()}
    at = case.key.index(target)
    return [[*key[:at], days[key[at]], *key[at + 1 :]] for key in keys]


def _deltas(case: Case, name: str) -> Deltas:
    pair, policy = case.pair, case.contract.stability
    return deltas(pair.found, name, *pair.common(name), pair.scale(name), policy)


def _moves(case: Case, one: IntervalReport) -> Moves:
    ends = next(
        ends
        for ends in case.contract.intervals()
        if (ends.lower, ends.upper) == (one.lower, one.upper)
    )
    return moves(case.pair, ends, one.scale_floor)


def _by_change(case: Case, name: str, d: Deltas, which: Mask) -> list[Lot]:
    """r is 2 for every change of sign; g tells large ones from small ones."""
    rows = np.flatnonzero(which)
    assert d.scale is not None, "an old value is not 0"
    g = np.abs(asinh(d.b[rows], d.scale) - asinh(d.a[rows], d.scale))
    return _of_column(case, name, _at(d.positions, rows), size=g)


def _of_column(
    case: Case,
    name: str,
    at: Rows,
    told: Told = _FROM_TO,
    metrics: Mapping[str, Floats] | None = None,
    size: Floats | None = None,
) -> list[Lot]:
    cells = {"old": ("a", name), "new": ("b", name)}
    return _lots(case, name, at, told, metrics, cells, size)


def _lots(
    case: Case,
    column: str | None,
    at: Rows,
    told: Told,
    metrics: Mapping[str, Floats] | None = None,
    cells: Mapping[str, tuple[str, str]] | None = None,
    size: Floats | None = None,
) -> list[Lot]:
    """Some of the common keys as a lot, or none.

    metrics, cells  what is told of each, by the name that `told` has for it: numbers, a value each;
                    columns of the baseline (`a`) or the candidate (`b`)
    """
    if not len(at):
        return []
    found, sides = case.pair.found, {"a": case.before, "b": case.frame}

    def keys(picks: Rows) -> pl.DataFrame:
        return case.frame.select(case.key)[_at(found.rows_b, at[picks])]

    def values(picks: Rows) -> pl.DataFrame:
        rows = {"a": _at(found.rows_a, at[picks]), "b": _at(found.rows_b, at[picks])}
        read = {
            label: sides[side][name][rows[side]] for label, (side, name) in (cells or {}).items()
        }
        return pl.DataFrame(
            read | {label: metric[picks] for label, metric in (metrics or {}).items()}
        )

    return [Lot(column, len(at), told, keys, values, size)]


def _at(positions: Rows | None, rows: Rows) -> Rows:
    """Places among all of them, of places among some; None: the same."""
    return rows if positions is None else positions[rows]
