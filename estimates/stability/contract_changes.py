"""K5: how two contracts differ in what decides whether their versions can be compared."""

from __future__ import annotations

from collections.abc import Sequence

from estimates.contract.contract import Contract
from estimates.stability.family_reports import SchemaChange, SchemaReport

_NAMED = 10  # changes named in a sentence
_DECLARED = ("role", "type", "unit", "level", "quantile", "label", "of")


def schema_changes(old: Contract, new: Contract) -> SchemaReport:
    """What of the key, the estimate columns and their metadata is not the same, by name; order of
    columns aside.
    """
    before, after = _declarations(old), _declarations(new)
    changed = [
        SchemaChange(name, what, before[name].get(what), after[name].get(what))
        for name in sorted(before.keys() & after.keys())
        for what in ("key", *_DECLARED)
        if before[name].get(what) != after[name].get(what)
    ]
    grids_a, grids_b = _grids(old), _grids(new)
    changed += [
        SchemaChange(point, what, grids_a.get((point, what)), grids_b.get((point, what)))
        for point, what in sorted(grids_a.keys() | grids_b.keys())
        if grids_a.get((point, what)) != grids_b.get((point, what))
    ]
    return SchemaReport(
        added=sorted(after.keys() - before.keys()),
        removed=sorted(before.keys() - after.keys()),
        changed=changed,
    )


def describe_changes(changes: Sequence[SchemaChange]) -> str:
    """What is declared differently, in words: `low (level: 0.8 and 0.9); score (unit: USD and
    EUR)`.
    """
    described = [
        f"{c.column or 'no point'} ({c.what.replace('_', ' ')}: {c.a or 'none'} and "
        f"{c.b or 'none'})"
        for c in changes
    ]
    if len(described) > _NAMED:
        described[_NAMED:] = [f"and {len(described) - _NAMED} more"]
    return "; ".join(described)


def _declarations(contract: Contract) -> dict[str, dict[str, str | None]]:
    """By name, what is declared, as text; `key` is the place in the key, from 1."""
    shape = contract.shape()
    declared: dict[str, dict[str, str | None]] = {
        column.name: {"key": str(place), "type": column.type}
        for place, column in enumerate(shape.key, 1)
    }
    for column in shape.columns:
        values = {what: getattr(column, what) for what in _DECLARED}
        declared[column.name] = {
            what: None if value is None else str(value) for what, value in values.items()
        }
    return declared


def _grids(contract: Contract) -> dict[tuple[str, str], str]:
    """By point ("" without one): its nominal levels, and the levels of its quantiles."""
    grids: dict[tuple[str, str], set[float]] = {}
    for column in contract.columns.values():
        for what, level in (("levels", column.level), ("quantile_grid", column.quantile)):
            if level is not None:
                grids.setdefault((contract.point_of(column), what), set()).add(level)
    return {
        name: ", ".join(f"{level:g}" for level in sorted(levels)) for name, levels in grids.items()
    }
