"""The report as a page of plain text, and as JSON."""

from __future__ import annotations

import math
from textwrap import wrap
from typing import Any

import msgspec

from estimates.stability.headline import count, percent
from estimates.stability.report import ColumnReport, Group, IntervalReport, KeysReport, Report

_DIGITS = 12
_WIDTH = 100
_ENDS = ("lower", "upper", "quantile")  # measured like any column, but not shown one by one
_TOP = 10
_GROUPS = 10
_KEYS = 5


def render_json(report: Report) -> bytes:
    """The whole report as JSON; floats with 12 significant digits, so that equal reports are equal bytes everywhere."""
    return msgspec.json.encode(_rounded(msgspec.to_builtins(report)))


def render_text(report: Report) -> str:
    """The report as a page for a terminal: the headline first, then keys, columns, intervals, groups, largest moves."""
    sections = [
        [f"{report.set}  {_version(report.from_)} → {_version(report.to)}", *wrap(report.headline, _WIDTH)],
        _keys(report.keys),
    ]
    if report.keys.common and not report.identical:
        sections += [_columns(report), _labels(report.columns), _kinds(report.columns), _intervals(report.intervals)]
        main = {name: column for name, column in report.columns.items() if column.role not in _ENDS and column.scalar}
        for name, column in main.items():
            sections += _breakdowns(name, column)
        sections += [_top(name, column) for name, column in main.items()]
    return "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"


def table(header: list[str], rows: list[list[str]], left: int = 1) -> list[str]:
    """Aligned lines, indented by two: the first `left` columns to the left, numbers to the right."""
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    return [
        "  "
        + "  ".join(
            cell.ljust(width) if i < left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in [header, *rows]
    ]


def number(x: float | None) -> str:
    """Six significant digits; `–` for none."""
    return "–" if x is None else f"{x:.6g}"


def _version(name: str | int) -> str:
    return f"version {name}" if isinstance(name, int) else name


def _keys(keys: KeysReport) -> list[str]:
    moved = [f"{keys.common:,} compared"]
    moved += [f"{keys.added:,} added ({percent(keys.added_share)})"]
    moved += [f"{keys.removed:,} removed ({percent(keys.removed_share)})"]
    if keys.elapsed is not None and keys.advanced is not None:
        moved += [f"{keys.elapsed:,} elapsed", f"{keys.advanced:,} advanced"]
    if keys.identical_share is not None:
        moved += [f"{percent(keys.identical_share)} of rows identical"]
    lines = ["Keys", "  " + ", ".join(moved)]
    for what, n, first in (("added", keys.added, keys.added_keys), ("removed", keys.removed, keys.removed_keys)):
        if n:
            lines.append(f"  {what}: {_named(first, n)}")
    return lines


def _named(keys: list[list[str]], n: int) -> str:
    shown = ", ".join("/".join(key) for key in keys[:_KEYS])
    return shown + (f" and {n - _KEYS:,} more" if n > _KEYS else "")


def _columns(report: Report) -> list[str]:
    rows: list[list[str]] = []
    notes: list[str] = []
    for name, column in report.columns.items():
        scalar = column.scalar
        if scalar is None:
            notes += [f"  {name}: nothing to compare ({column.reason})"] if column.reason else []
            continue
        r = scalar.r
        rows.append(
            [
                name,
                f"{column.n:,}",
                percent(column.coverage),
                *(percent(x) for x in ((r.p50, r.p95, r.max) if r else (None, None, None))),
                percent(scalar.material_share),
                percent(scalar.up_share),
                percent(scalar.down_share),
                percent(scalar.sign_flip_share),
                number(scalar.mean_revision),
                column.unit or "",
            ]
        )
        reasons = sorted(set(scalar.reasons.values()))
        notes += [f"  {name}: not everything can be computed ({', '.join(reasons)})"] if reasons else []
        notes += [f"  {name}: {scalar.overflow:,} changes too large for a double"] if scalar.overflow else []
    header = [
        "column",
        "keys",
        "cover",
        "median",
        "95 %",
        "max",
        "material",
        "up",
        "down",
        "sign flips",
        "mean change",
        "unit",
    ]
    lines = table(header, rows) if rows else []
    tolerance = percent(report.rtol) + (f" + {number(report.atol)}" if report.atol else "")
    title = f"Change per key, relative to the mean of old and new; material: by more than {tolerance}"
    return [title, *lines, *notes] if lines or notes else []


def _labels(columns: dict[str, ColumnReport]) -> list[str]:
    lines: list[str] = []
    for name, column in columns.items():
        label = column.label
        if label is None:
            continue
        share = f"{percent(label.churn)} (95 %: {percent(label.churn_low)} to {percent(label.churn_high)})"
        lines.append(f"  {name}: {share} of {count(label.n, 'key')} changed their label")
        if label.new_labels:
            lines.append(f"  {name}: labels not seen before: {', '.join(label.new_labels)}")
        lines += [f"    {'/'.join(c.key)}  {c.a or 'null'} → {c.b or 'null'}" for c in label.changed[:_TOP]]
    return ["Labels", *lines] if lines else []


def _kinds(columns: dict[str, ColumnReport]) -> list[str]:
    lines: list[str] = []
    for name, column in columns.items():
        for old, row in column.kinds.items():
            for new, n in row.items():
                if n and old != new and "absent" not in (old, new):
                    lines.append(f"  {name}: {old} → {new} on {count(n, 'key')}")
        if column.kind_loss_keys:
            lost = sum(n for kind, n in column.kinds["finite"].items() if kind not in ("finite", "absent"))
            lines.append(f"  {name}: lost on {_named(column.kind_loss_keys, lost)}")
    return ["Values that came or went", *lines] if lines else []


def _intervals(intervals: list[IntervalReport]) -> list[str]:
    if not intervals:
        return []
    header = ["interval", "keys", "z median", "z 95 %", "z > 1", "new outside old", "overlap", "disjoint", "width"]
    rows = [
        [
            f"{i.point or i.lower} {100 * i.level:g} %",
            f"{i.n:,}",
            number(i.z.p50 if i.z else None),
            number(i.z.p95 if i.z else None),
            percent(i.z_gt1_share),
            percent(i.new_outside_old),
            percent(i.jaccard.p50 if i.jaccard else None),
            percent(i.disjoint_share),
            "–" if i.width_change is None else f"×{math.exp(i.width_change.p50):.3g}",
        ]
        for i in intervals
    ]
    notes = [
        f"  {i.lower}: not everything can be computed ({', '.join(sorted(set(i.reasons.values())))})"
        for i in intervals
        if i.reasons
    ]
    for i in intervals:
        for side, order in (("old", i.order_from), ("new", i.order_to)):
            wrong = {
                "lower above point": order.lower_above_point,
                "point above upper": order.point_above_upper,
                "lower above upper": order.lower_above_upper,
                "of width 0": order.zero_width,
                "with one end only": order.one_sided,
            }
            found = [f"{n:,} {what}" for what, n in wrong.items() if n]
            notes += [f"  {side} {i.lower} to {i.upper}: {', '.join(found)}"] if found else []
    return ["Intervals, z = move of the point in old half widths", *table(header, rows), *notes]


def _breakdowns(name: str, column: ColumnReport) -> list[list[str]]:
    sections = [_groups(f"{name} by horizon", "step", column.horizons)] if column.horizons else []
    for by, groups in column.groups.items():
        if len(groups) > _GROUPS:
            worst = sorted(groups, key=lambda group: -(group.p95 or 0.0))[:_GROUPS]
            sections.append(_groups(f"{name} by {by}, the {_GROUPS} that moved most of {len(groups)}", by, worst))
        else:
            sections.append(_groups(f"{name} by {by}", by, groups))
    return sections


def _groups(title: str, by: str, groups: list[Group]) -> list[str]:
    rows = [
        [
            ("null" if group.value is None else group.value) + (" *" if group.few else ""),
            f"{group.n:,}",
            percent(group.p50),
            percent(group.p95),
            percent(group.material_share),
        ]
        for group in groups
    ]
    note = ["  * fewer than 30 keys"] if any(group.few for group in groups) else []
    return [title, *table([by, "keys", "median", "95 %", "material"], rows), *note]


def _top(name: str, column: ColumnReport) -> list[str]:
    if column.scalar is None or not column.scalar.top:
        return []
    rows = [
        ["/".join(change.key), number(change.a), number(change.b), number(change.d), percent(change.r)]
        for change in column.scalar.top[:_TOP]
    ]
    return [f"Largest moves of {name}", *table(["key", "old", "new", "change", "relative"], rows)]


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}")
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    return [_rounded(part) for part in value] if isinstance(value, list) else value
