"""What a reader of a report gets to see, in the order in which it is needed: plain text, laid out
by each rendering.

Nothing here is escaped or made visible: whoever lays a section out does that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from estimates.render.section import NAME, Limits, Section, key_name, named
from estimates.render.wording import count, cut, number, percent, times
from estimates.stability.headline import main_columns
from estimates.stability.pages import family_sections
from estimates.stability.report import (
    Change,
    ColumnReport,
    Group,
    IntervalOrder,
    IntervalReport,
    KeysReport,
    Report,
)

PAIRED = {"same_horizon": ", at the same horizon", "same_target": ", for the same targets"}
_ENDS = ("lower", "upper", "quantile")  # they move with their point


def sections(report: Report, limits: Limits) -> list[Section]:
    """Everything there is to say below the headline."""
    found = [_keys(report.keys, limits), family_sections.schema(report.schema)]
    if report.keys.common and not report.identical:
        found += _measured(report, limits)
    found.append(_carried(report, limits))
    return [section for section in found if section.lines or section.rows or section.notes]


def _measured(report: Report, limits: Limits) -> Iterator[Section]:
    columns = report.columns
    yield _change(report, limits)
    yield _labels(columns, limits)
    yield family_sections.cuts(columns, limits)
    yield _kinds(columns, limits)
    yield _intervals(report.intervals, limits)
    yield from family_sections.quantiles(report.quantiles, limits)
    yield from family_sections.probabilities(report.probabilities, limits)
    for name, column in columns.items():
        if column.label is not None:
            yield from family_sections.flows(name, column.label, limits)
    names = detailed(report)[: limits.broken]
    for name in names:
        yield from _details(name, columns[name], limits)
    yield from family_sections.ranks(columns, limits)
    if limits.all:
        yield family_sections.ends(report.intervals, limits)
    yield family_sections.drift(columns, limits)


def detailed(report: Report) -> list[str]:
    """The columns that have largest moves and groups to show, the most important one first."""
    order = main_columns({name: column.role for name, column in report.columns.items()})
    return [name for name in order if report.columns[name].scalar is not None]


def not_shown(report: Report, limits: Limits) -> str:
    """Which columns are shown without their largest moves and groups, in a sentence; "" when none
    is.
    """
    rest = detailed(report)[limits.broken :] if report.keys.common and not report.identical else []
    if not rest:
        return ""
    names = ", ".join(cut(name, NAME) for name in rest[: limits.named])
    more = f" and {len(rest) - limits.named} more" if len(rest) > limits.named else ""
    return f"Largest moves and groups of {names}{more} are in the JSON."


def version(name: str | int) -> str:
    """`version 7`, or the name of a file."""
    return f"version {name}" if isinstance(name, int) else name


def title(report: Report) -> str:
    """Which set, if it is one, and which two versions."""
    named = (
        f"{report.set}  " if report.set else ""
    ) + f"{version(report.from_)} → {version(report.to)}"
    return named + PAIRED.get(report.pairing, "")


def tolerance(report: Report) -> str:
    """The materiality tolerance in words."""
    return percent(report.rtol) + (f" + {number(report.atol)}" if report.atol else "")


def _keys(keys: KeysReport, limits: Limits) -> Section:
    moved = [f"{keys.common:,} compared"]
    moved += [f"{keys.added:,} added ({percent(keys.added_share)})"]
    moved += [f"{keys.removed:,} removed ({percent(keys.removed_share)})"]
    if keys.elapsed is not None and keys.advanced is not None:
        moved += [f"{keys.elapsed:,} elapsed", f"{keys.advanced:,} advanced"]
    if keys.identical_share is not None:
        moved += [f"{percent(keys.identical_share)} of rows identical"]
    lines = [", ".join(moved)]
    for what, n, first in (
        ("added", keys.added, keys.added_keys),
        ("removed", keys.removed, keys.removed_keys),
    ):
        if n:
            lines.append(f"{what}: {named(first, n, limits)}")
    return Section("keys", "Keys", lines)


def _carried(report: Report, limits: Limits) -> Section:
    """Those that differ most first; columns that are the same everywhere are not shown."""
    differ = sorted(
        (n for n, c in report.carried.items() if c.differ), key=lambda n: -report.carried[n].differ
    )
    shown = differ[: limits.rows]
    rows = [
        [n, f"{(c := report.carried[n]).n:,}", f"{c.differ:,}", percent(c.differ_share)]
        for n in shown
    ]
    notes = [f"and {len(differ) - len(shown)} more columns"] if len(differ) > len(shown) else []
    header = ["column", "keys", "differ", "share"]
    return Section(
        "carried",
        "Carried along: no estimates, and they differ",
        header=header,
        rows=rows,
        notes=notes,
    )


def _change(report: Report, limits: Limits) -> Section:
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
    if len(notes) > limits.columns:
        notes = [*notes[: limits.columns], f"and {len(notes) - limits.columns} more such notes"]
    heading = f"Change per key, relative to the mean of old and new; material: by more than {tolerance(report)}"
    return Section("change", heading, header=header, rows=rows, notes=notes)


def _most_moved(columns: dict[str, ColumnReport], most: int) -> dict[str, ColumnReport]:
    """The columns with the largest 95 % change, points before ends and quantiles, in the order of
    the contract.
    """

    def rank(name: str) -> tuple[bool, float]:
        scalar = columns[name].scalar
        return columns[name].role in _ENDS, -(
            scalar.r.p95 if scalar is not None and scalar.r is not None else 0.0
        )

    chosen = sorted(columns, key=rank)[:most]
    return {name: column for name, column in columns.items() if name in chosen}


def _change_row(name: str, column: ColumnReport, cover: bool, flips: bool) -> list[str]:
    scalar = column.scalar
    assert scalar is not None
    r = scalar.r
    return [
        f"{name} [{column.unit}]" if column.unit else name,
        f"{column.n:,}",
        *([percent(column.coverage)] if cover else []),
        *(percent(x) for x in ((r.p50, r.p95, r.max) if r else (None, None, None))),
        percent(scalar.material_share),
        percent(scalar.up_share),
        percent(scalar.down_share),
        *([percent(scalar.sign_flip_share)] if flips else []),
        number(scalar.mean_revision),
    ]


def _change_notes(name: str, column: ColumnReport) -> list[str]:
    scalar = column.scalar
    if scalar is None:
        return [f"{name}: nothing to compare ({column.reason})"] if column.reason else []
    reasons = sorted(set(scalar.reasons.values()))
    notes = [f"{name}: not everything can be computed ({', '.join(reasons)})"] if reasons else []
    notes += (
        [f"{name}: {scalar.overflow:,} changes too large for a double"] if scalar.overflow else []
    )
    step = scalar.step
    if step is not None and step.masc is not None and step.rmssc is not None:
        size = f"{step.masc:.3g} on average (MASC), {step.rmssc:.3g} root mean square (RMSSC)"
        notes.append(f"{name}: in typical steps of a key {size}")
    return notes


def _labels(columns: dict[str, ColumnReport], limits: Limits) -> Section:
    lines: list[str] = []
    rows: list[list[str]] = []
    cut_off = 0
    for name, column in columns.items():
        label = column.label
        if label is None:
            continue
        share = f"{percent(label.churn)} (95 %: {percent(label.churn_low)} to {percent(label.churn_high)})"
        kappa = f"; Cohen's kappa {label.kappa:.3g}" if label.kappa is not None else ""
        lines.append(f"{name}: {share} of {count(label.n, 'key')} changed their label{kappa}")
        for what, texts in (
            ("labels not seen before", label.new_labels),
            ("labels gone", label.gone_labels),
        ):
            if texts:
                shown = [cut(text, NAME) for text in texts[: limits.named]]
                more = f" and {len(texts) - len(shown):,} more" if len(texts) > len(shown) else ""
                lines.append(f"{name}: {what}: {', '.join(shown)}{more}")
        rows += [
            [name, key_name(c.key), _label(c.a), _label(c.b)]
            for c in label.changed[: max(limits.rows - len(rows), 0)]
        ]
        cut_off += round(label.churn * label.n)
    more = cut_off - len(rows)
    notes = [f"and {more:,} more"] if rows and more > 0 else []
    header = ["column", "key", "old", "new"] if rows else []
    if rows and all(row[0] == rows[0][0] for row in rows):
        header, rows = header[1:], [row[1:] for row in rows]
    return Section("labels", "Labels", lines, header, rows, left=4, notes=notes)


def _label(text: str | None) -> str:
    return "null" if text is None else cut(text, NAME)


def _kinds(columns: dict[str, ColumnReport], limits: Limits) -> Section:
    lines: list[str] = []
    for name, column in columns.items():
        for old, row in column.kinds.items():
            for new, n in row.items():
                if n and old != new and "absent" not in (old, new):
                    lines.append(f"{name}: {old} → {new} on {count(n, 'key')}")
        if column.kind_loss_keys:
            lost = sum(
                n for kind, n in column.kinds["finite"].items() if kind not in ("finite", "absent")
            )
            lines.append(f"{name}: lost on {named(column.kind_loss_keys, lost, limits)}")
    most = 2 * limits.columns
    notes = [f"and {len(lines) - most:,} more lines of this kind"] if len(lines) > most else []
    return Section("kinds", "Values that came or went", lines[:most], notes=notes)


def _intervals(intervals: list[IntervalReport], limits: Limits) -> Section:
    header = [
        "interval",
        "keys",
        "z median",
        "z 95 %",
        "z > 1",
        "left the old",
        "overlap",
        "disjoint",
        "width",
    ]
    notes = [note for i in intervals for note in _interval_notes(i)]
    if len(notes) > limits.columns:
        notes = [*notes[: limits.columns], f"and {len(notes) - limits.columns} more such notes"]
    if len(intervals) > limits.columns:
        notes = [f"the first {limits.columns} of {len(intervals)} intervals", *notes]
    heading = "Intervals; z: move of the point in old half widths"
    rows = [_interval_row(i) for i in intervals[: limits.columns]]
    return Section("intervals", heading, header=header if rows else [], rows=rows, notes=notes)


def interval_name(i: IntervalReport) -> str:
    """`close 80 %`."""
    return f"{i.point or i.lower} {100 * i.level:g} %"


def _interval_row(i: IntervalReport) -> list[str]:
    return [
        interval_name(i),
        f"{i.n:,}",
        _times(i.z.p50 if i.z else None),
        _times(i.z.p95 if i.z else None),
        percent(i.z_gt1_share),
        percent(i.new_outside_old),
        percent(i.jaccard.p50 if i.jaccard else None),
        percent(i.disjoint_share),
        times(i.width_change.p50 if i.width_change else None),
    ]


def _times(z: float | None) -> str:
    return "–" if z is None else f"{z:,.3g}"


def _interval_notes(i: IntervalReport) -> Iterator[str]:
    if i.reasons:
        yield f"{i.lower}: not everything can be computed ({', '.join(sorted(set(i.reasons.values())))})"
    for side, order in (("old", i.order_from), ("new", i.order_to)):
        found = [f"{n:,} {what}" for what, n in _wrong(order).items() if n]
        if found:
            yield f"{side} {i.lower} to {i.upper}: {', '.join(found)}"


def _wrong(order: IntervalOrder) -> dict[str, int | None]:
    return {
        "lower above point": order.lower_above_point,
        "point above upper": order.point_above_upper,
        "lower above upper": order.lower_above_upper,
        "of width 0": order.zero_width,
        "with one end only": order.one_sided,
    }


def _details(name: str, column: ColumnReport, limits: Limits) -> list[Section]:
    found = [_top(name, column, limits)]
    if column.horizons:
        found.append(
            _groups("horizons", f"{name} by horizon", "step", column.horizons, name, limits)
        )
    return found + [
        _groups("groups", f"{name} by {by}", by, groups, name, limits)
        for by, groups in column.groups.items()
    ]


def _groups(
    kind: str, heading: str, by: str, groups: list[Group], column: str, limits: Limits
) -> Section:
    shown = largest_groups(groups, limits.groups)
    notes: list[str] = []
    if len(shown) < len(groups):
        notes.append(f"the {len(shown)} that moved most, by 95 %, of {len(groups)}")
    if any(group.few for group in shown):
        notes.append("* fewer than 30 keys")
    rows = [
        [
            group_name(group),
            f"{group.n:,}",
            percent(group.p50),
            percent(group.p95),
            percent(group.material_share),
        ]
        for group in shown
    ]
    return Section(
        kind,
        heading,
        [],
        [by, "keys", "median", "95 %", "material"],
        rows,
        notes=notes,
        column=column,
    )


def largest_groups(groups: list[Group], most: int) -> list[Group]:
    """All groups in their order, or if they are too many those with the largest 95 % change, the
    largest first.
    """
    return (
        groups
        if len(groups) <= most
        else sorted(groups, key=lambda group: -(group.p95 or 0.0))[:most]
    )


def group_name(group: Group) -> str:
    """The value, or null; a star says that there are few keys."""
    name = "null" if group.value is None else cut(group.value, NAME)
    return ("all others" if group.pooled else name) + (" *" if group.few else "")


def _top(name: str, column: ColumnReport, limits: Limits) -> Section:
    scalar = column.scalar
    top, share = (scalar.top, scalar.top_share) if scalar is not None else ([], None)
    moves = collapsed(top)
    rows = [move.cells for move in moves[: limits.rows]]
    notes = (
        [f"of the {len(top)} largest; keys that moved alike are one line"]
        if len(moves) < len(top)
        else []
    )
    if share is not None and moves:
        notes.append(f"the 1 % of the keys that moved most make up {percent(share)} of all change")
    header = ["key", "old", "new", "change", "relative"] if moves else []
    return Section("top", f"Largest moves of {name}", [], header, rows, notes=notes, column=name)


@dataclass(frozen=True)
class Move:
    """A large move; `others` keys that differ in the last part only, such as other days, moved
    exactly alike.
    """

    change: Change
    others: int

    @property
    def name(self) -> str:
        """The first of the keys, and how many more."""
        return key_name(self.change.key) + (f" and {self.others} more" if self.others else "")

    @property
    def cells(self) -> list[str]:
        """Key, old, new, change, relative change."""
        return [self.name, *_numbers(self.change)]


def collapsed(top: list[Change]) -> list[Move]:
    """Largest moves as they are listed; neighbours that read the same but for the last part of
    their key are one.
    """
    moves: list[Move] = []
    for change in top:
        last = moves[-1] if moves else None
        if (
            last
            and last.change.key[:-1] == change.key[:-1]
            and len(change.key) > 1
            and _alike(last.change, change)
        ):
            moves[-1] = Move(last.change, last.others + 1)
        else:
            moves.append(Move(change, 0))
    return moves


def _alike(one: Change, other: Change) -> bool:
    return _numbers(one) == _numbers(other)


def _numbers(change: Change) -> list[str]:
    return [number(change.a), number(change.b), number(change.d), percent(change.r)]
