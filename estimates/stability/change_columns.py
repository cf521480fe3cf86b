"""The columns of a table of changes, as a contract has them; see `estimates.stability.changes`."""

from __future__ import annotations

from estimates.contract.contract import Contract, Interval
from estimates.contract.roles import NUMERIC_ROLES

VALUES = ("a", "b")
_METRICS = ("d", "plain", "r", "g", "material")


def change_metrics(contract: Contract) -> list[str]:
    """What changes can be sorted by."""
    return [
        name
        for name, (_, part) in change_columns(contract).items()
        if part not in (*VALUES, "material")
    ]


def change_columns(contract: Contract) -> dict[str, tuple[str, str]]:
    """The columns of the answer after the key and `change`: the column of the contract that each
    tells of, and what.
    """
    parts_by_column: list[tuple[str, str]] = []
    intervals = contract.intervals()
    for name, column in contract.columns.items():
        if column.role == "samples":  # their quantiles tell
            continue
        parts = [*VALUES, *(_METRICS if column.role in NUMERIC_ROLES else ())]
        parts += [
            part
            for ends in intervals
            if interval_owner(ends) == name
            for part in interval_parts(ends)
        ]
        parts_by_column += [(name, part) for part in parts]
    return {f"{name}.{part}": (name, part) for name, part in parts_by_column}


def interval_owner(interval: Interval) -> str:
    """The column that the metrics of an interval are named after."""
    return interval.point or interval.lower


def interval_parts(interval: Interval) -> tuple[str, str]:
    """The names of the two metrics of an interval."""
    level = f"{100 * interval.level:.12g}"
    return f"z_{level}", f"width_change_{level}"
