"""Sections about how far numbers moved: a table of columns, and of each its largest moves and its
groups.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from estimates.contract.roles import BOUNDS_OF_POINT
from estimates.render.change_text import POINTS_LEGEND, moved_by, size
from estimates.render.section import Limits, Section, first_notes, key_name, value_name
from estimates.render.wording import not_computed, number, numbers, percent, signed_number
from estimates.stability.headline import main_columns
from estimates.stability.report import Change, ColumnReport, Group, Report, ScalarReport


def change(report: Report, limits: Limits) -> Section:
    """How far each column moved; the columns that moved most where there is no room for all."""
    columns = {name: column for name, column in report.columns.items() if column.scalar is not None}
    shown = columns
    notes: list[str] = []
    if len(columns) > limits.columns:
        shown = _most_moved(columns, limits.columns)
        notes.append(
            f"the {limits.columns} that moved most of {len(columns)} columns; points before ends "
            "and quantiles"
        )
    covered = all(column.coverage == 1 for column in shown.values())
    flipped = any(
        column.scalar is not None and column.scalar.sign_flip_share for column in shown.values()
    )
    header = [
        "column",
        "keys",
        *([] if covered else ["cover"]),
        "median",
        "95 %",
        "max",
        "material",
        "up",
        "down",
    ]
    header += [*(["sign flips"] if flipped else []), "mean change"]
    rows = [_change_row(name, column, not covered, flipped) for name, column in shown.items()]
    for name, column in report.columns.items():
        notes += _change_notes(name, column)
    notes = first_notes(notes, limits)
    measures = {c.scalar.plain.measure for c in shown.values() if c.scalar and c.scalar.plain}
    relative = "" if measures == {"points"} else ", relative to the old value"
    heading = f"Change per key{relative}; material: by more than "
    if "points" in measures:
        notes = [f"{POINTS_LEGEND}, in which probabilities and shares move", *notes]
    return Section("change", heading + tolerance(report), header=header, rows=rows, notes=notes)


def _most_moved(columns: dict[str, ColumnReport], most: int) -> dict[str, ColumnReport]:
    """The columns with the largest 95 % change, in the order of the contract: points before ends
    and quantiles, of quantiles alone the middle one first.
    """
    main = main_columns({name: column.role for name, column in columns.items()})

    def rank(name: str) -> tuple[bool, float]:
        scalar = columns[name].scalar
        r = None if scalar is None else scalar.r
        is_end = columns[name].role in BOUNDS_OF_POINT and name not in main
        return is_end, -(0.0 if r is None else r.p95)

    chosen = sorted(columns, key=rank)[:most]
    return {name: column for name, column in columns.items() if name in chosen}


def _change_row(name: str, column: ColumnReport, cover: bool, flips: bool) -> list[str]:
    scalar = column.scalar
    assert scalar is not None
    plain = scalar.plain
    sizes = (plain.p50, plain.p95, plain.max) if plain else (None, None, None)
    measure = plain.measure if plain else "relative"
    return [
        f"{name} [{column.unit}]" if column.unit else name,
        f"{column.n:,}",
        *([percent(column.coverage)] if cover else []),
        *(size(x, measure) for x in sizes),
        percent(scalar.material_share),
        percent(scalar.up_share),
        percent(scalar.down_share),
        *([percent(scalar.sign_flip_share)] if flips else []),
        signed_number(scalar.mean_revision),
    ]


def _change_notes(name: str, column: ColumnReport) -> list[str]:
    scalar = column.scalar
    if scalar is None:
        return [f"{name}: nothing to compare ({column.reason})"] if column.reason else []
    notes = [not_computed(name, scalar.reasons)] if scalar.reasons else []
    notes += (
        [f"{name}: {scalar.overflow:,} changes too large for a double"] if scalar.overflow else []
    )
    step = scalar.step
    if step is not None and step.masc is not None and step.rmssc is not None:
        size = f"{step.masc:.3g} on average (MASC), {step.rmssc:.3g} root mean square (RMSSC)"
        notes.append(f"{name}: in typical steps of a key {size}")
    return notes


def details(name: str, column: ColumnReport, limits: Limits) -> list[Section]:
    """The largest moves of a column, then its horizons and its groups."""
    sections, measure = [_top(name, column, limits)], measure_of(column.scalar)
    if column.horizons:
        sections.append(_groups("horizons", "step", column.horizons, name, measure, limits))
    return sections + [
        _groups("groups", by, groups, name, measure, limits) for by, groups in column.groups.items()
    ]


def _groups(
    kind: str, by: str, groups: list[Group], name: str, measure: str, limits: Limits
) -> Section:
    shown = largest_groups(groups, limits.groups)
    notes: list[str] = []
    if len(shown) < len(groups):
        notes.append(beyond(len(shown), len(groups)))
    if any(group.few for group in shown):
        notes.append("* fewer than 30 keys")
    rows = [
        [
            group_name(group),
            f"{group.n:,}",
            size(group.plain_p50, measure),
            size(group.plain_p95, measure),
            percent(group.material_share),
        ]
        for group in shown
    ]
    return Section(
        kind,
        f"{name} by {'horizon' if kind == 'horizons' else by}",
        [],
        [by, "keys", "median", "95 %", "material"],
        rows,
        notes=notes,
        column=name,
    )


def largest_groups(groups: list[Group], most: int) -> list[Group]:
    """All groups in their order, or if they are too many those with the largest 95 % change, as it
    is shown, the largest first.
    """
    if len(groups) <= most:
        return groups
    return sorted(groups, key=lambda group: -(group.plain_p95 or 0.0))[:most]


def beyond(shown: int, of: int) -> str:
    """Which groups are shown where there is no room for all."""
    return f"the {shown} that moved most, by 95 %; {of - shown:,} more in the JSON"


def group_name(group: Group) -> str:
    """The value, or null; a star says that there are few keys."""
    return value_name(group.value) + (" *" if group.few else "")


def _top(name: str, column: ColumnReport, limits: Limits) -> Section:
    scalar = column.scalar
    top, share = (scalar.top, scalar.top_share) if scalar is not None else ([], None)
    moves = collapsed(scalar)
    rows = [move.cells for move in moves[: limits.rows]]
    notes = (
        [f"of the {len(top)} largest; keys that moved alike are one line"]
        if len(moves) < len(top)
        else []
    )
    if share is not None and moves:
        notes.append(f"the 1 % of the keys that moved most make up {percent(share)} of all change")
    header = ["key", "old", "new", "difference", "change"] if moves else []
    return Section("top", f"Largest moves of {name}", [], header, rows, notes=notes, column=name)


@dataclass(frozen=True)
class Move:
    """A large move; `others` keys that differ in the last part only, such as other days, moved
    exactly alike.
    """

    change: Change
    others: int
    measure: str = "relative"

    @property
    def name(self) -> str:
        """The first of the keys, and how many more."""
        return key_name(self.change.key) + (f" and {self.others} more" if self.others else "")

    @property
    def cells(self) -> list[str]:
        """Key, old, new, their difference, the change."""
        return [self.name, *_numbers(self.change, self.measure)]


def collapsed(scalar: ScalarReport | None) -> list[Move]:
    """Largest moves as they are listed; neighbours that read the same but for the last part of
    their key are one.
    """
    moves: list[Move] = []
    measure = measure_of(scalar)
    for change in scalar.top if scalar else []:
        last = moves[-1] if moves else None
        if (
            last
            and last.change.key[:-1] == change.key[:-1]
            and len(change.key) > 1
            and _alike(last.change, change)
        ):
            moves[-1] = Move(last.change, last.others + 1, measure)
        else:
            moves.append(Move(change, 0, measure))
    return moves


def measure_of(scalar: ScalarReport | None) -> str:
    """In what a column's changes are said: `relative`, `points`."""
    return scalar.plain.measure if scalar is not None and scalar.plain is not None else "relative"


def _alike(first: Change, second: Change) -> bool:
    return _numbers(first, "") == _numbers(second, "")


def _numbers(change: Change, measure: str) -> list[str]:
    pair = numbers(change.a, change.b, change.d)
    return [*pair, signed_number(change.d), moved_by(change.a, change.b, change.plain, measure)]


def tolerance(report: Report) -> str:
    """The materiality tolerance in words."""
    return percent(report.rtol) + (f" + {number(report.atol)}" if report.atol else "")


def is_material(change: Change, rtol: float, atol: float) -> bool:
    """Whether a move is beyond the tolerance."""
    return change.d is None or abs(change.d) > atol + rtol * max(abs(change.a), abs(change.b))


def plot_moves(report: Report) -> Any:
    """The largest moves of the first number that has some, as a chart."""
    from estimates.render.plots import bars

    numbers = [(n, c.scalar) for n, c in report.columns.items() if c.scalar is not None]
    name, scalar = next(((n, s) for n, s in numbers if s.top), ("", None))
    rows = [
        {
            "name": move.name,
            "value": (move.change.plain or 0.0) * (1 if move.measure == "points" else 100),
            "text": move.cells[-1],
            "beyond": is_material(move.change, report.rtol, report.atol),
        }
        for move in collapsed(scalar)
    ]
    title = f"change of {name}, {'pp' if measure_of(scalar) == 'points' else '%'}"
    material = f"material: by more than {tolerance(report)}"
    return bars(rows, title, within="within tolerance", beyond=material)
