"""Changes key by key as a table for people: the metric they are sorted by first, then what else
moved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from estimates.contract.contract import Contract
from estimates.contract.roles import OF_POINT
from estimates.render.change_text import moved
from estimates.render.wording import count, signed_number
from estimates.stability.change_columns import change_columns
from estimates_jobs.cli.output import cells, terminal


def show_changes(
    what: str,
    frame: pl.DataFrame,
    total: int,
    by: str | None,
    contract: Contract,
    key: Sequence[str] = (),
) -> None:
    """Print some of the `total` changes; `what` says what was compared, `by` what they are sorted
    by.

    key  the leading part of the key that was asked for
    """
    if not total:
        terminal.line(f"{what}, no change" + (" under this key" if key else ""), "bold")
        return
    main = contract.judged[0] if by is None else change_columns(contract)[by][0]
    shown = f"{frame.height:,} of {count(total, 'change')}" + ("" if by is None else f", by {by}")
    terminal.line(f"{what}, {shown}", "bold")
    others = [n for n in contract.columns if n != main and contract.columns[n].role not in OF_POINT]
    others = [name for name in others if _moved(frame, name)]
    is_number = f"{main}.d" in frame.columns
    points = contract.percentage_points(main)
    extra = [] if by is None or by in (f"{main}.d", f"{main}.r") else [by]
    header = [*contract.key, "change", f"old {main}", "new"]
    header += [*(["new − old", "moved by"] if is_number else []), *extra, *others]
    plain = [*contract.key, "change"]

    rows = [
        [
            *(cells.number(row[name]) for name in plain),
            *cells.number_pair(row[f"{main}.a"], row[f"{main}.b"]),
            *(_moved_by(row, main, points) if is_number else []),
            *(cells.number(row[name]) for name in extra),
            *(_move(row[f"{name}.a"], row[f"{name}.b"]) for name in others),
        ]
        for row in frame.iter_rows(named=True)
    ]
    terminal.table(header, rows)


def _moved_by(row: dict[str, Any], main: str, points: float | None) -> list[cells.Cell]:
    d = row[f"{main}.d"]
    if d is None:
        return [None, None]
    return [signed_number(d), moved(row[f"{main}.a"], row[f"{main}.b"], points)]


def _moved(frame: pl.DataFrame, name: str) -> bool:
    return bool(frame[f"{name}.a"].ne_missing(frame[f"{name}.b"]).any())


def _move(old: Any, new: Any) -> cells.Cell:
    """`old → new`, nothing where it is the same."""
    if old == new:
        return ""
    return " → ".join("–" if cell is None else str(cell) for cell in cells.number_pair(old, new))
