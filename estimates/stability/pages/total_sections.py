"""What keys add up to, level by level of the hierarchy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from estimates.render.section import Limits, Section
from estimates.render.wording import count, cut, number, signed_percent
from estimates.stability.family_reports import Total
from estimates.stability.report import ColumnReport

_NAME = 40  # characters of a group


def totals(columns: Mapping[str, ColumnReport], limits: Limits) -> Iterator[Section]:
    """A table a column: all keys, then the groups of each level whose totals changed most."""
    for name, column in columns.items():
        totals = column.totals
        if totals is None or not (totals.levels or totals.weight):
            continue
        rows, notes = [_row("all", totals.all)], list[str]()
        for level, groups in totals.levels.items():
            largest = sorted(groups, key=lambda group: (-abs(group.b - group.a), str(group.path)))
            rows += [_row(_label(level, group), group) for group in largest[: limits.groups]]
            if len(groups) > limits.groups:
                notes.append(f"{limits.groups} of {count(len(groups), level)} shown")
        weighted = f", weighted by {totals.weight}" if totals.weight else ""
        yield Section(
            "totals",
            f"Totals of {name}{weighted}; 80 %: parts that carry four fifths of the change",
            header=["", "keys", "from", "to", "change", "80 %"],
            rows=rows,
            notes=notes,
            column=name,
        )


def _label(level: str, group: Total) -> str:
    return cut(
        f"{level} {'/'.join('null' if part is None else part for part in group.path)}", _NAME
    )


def _row(label: str, total: Total) -> list[str]:
    return [
        label,
        f"{total.n:,}",
        number(total.a),
        number(total.b),
        signed_percent(total.change),
        f"{total.carriers:,} of {total.parts:,}",
    ]
