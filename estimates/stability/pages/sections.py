"""What a reader of a report gets to see, in the order in which it is needed: plain text, laid out
by each rendering.

Nothing here is escaped or made visible: whoever lays a section out does that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from estimates.render.section import NAME, Limits, Section, first_notes, key_name, named, value_name
from estimates.render.wording import count, cut, not_computed, percent, percent_range, texts, times
from estimates.stability.headline import main_columns
from estimates.stability.pages import change_sections, family_sections, total_sections
from estimates.stability.report import (
    ColumnReport,
    IntervalOrder,
    IntervalReport,
    KeysReport,
    Report,
)

# what a page has room for, `broken` as many as have pictures; the tables of half its width
PAGE_LIMITS = Limits(named=20, columns=60, rows=20, groups=50, broken=6)
NARROW = (
    "top",
    "top_probabilities",
    "groups",
    "horizons",
    "rank_groups",
    "flows",
    "drift",
    "ranks",
)
_ROLLING = (
    "elapsed: the time they are about has come; advanced: it lay beyond the older version's last"
)
_OF_INTERVALS = (
    "overlap: what old and new interval share, of all that they cover, median; disjoint: they "
    "share nothing; width: the new one to the old, median"
)
_BESIDE = 100  # labels that one is told apart from
PAIRED = {"same_horizon": ", at the same horizon", "same_target": ", for the same targets"}


def sections(report: Report, limits: Limits) -> list[Section]:
    """Everything there is to say below the headline."""
    all_sections = [_keys(report.keys, limits), family_sections.schema(report.schema)]
    if report.keys.common and not report.identical:
        all_sections += _measured(report, limits)
    all_sections.append(_carried(report, limits))
    return [section for section in all_sections if section.lines or section.rows or section.notes]


def _measured(report: Report, limits: Limits) -> Iterator[Section]:
    columns = report.columns
    yield change_sections.change(report, limits)
    yield from total_sections.totals(columns, limits)
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
        yield from change_sections.details(name, columns[name], limits)
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
    left_out = (
        detailed(report)[limits.broken :] if report.keys.common and not report.identical else []
    )
    if not left_out:
        return ""
    names = ", ".join(cut(name, NAME) for name in left_out[: limits.named])
    more = f" and {len(left_out) - limits.named} more" if len(left_out) > limits.named else ""
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


def _keys(keys: KeysReport, limits: Limits) -> Section:
    parts = [f"{keys.common:,} compared"]
    parts += [f"{keys.added:,} added ({percent(keys.added_share)})"]
    parts += [f"{keys.removed:,} removed ({percent(keys.removed_share)})"]
    if keys.elapsed is not None and keys.advanced is not None:
        parts += [f"{keys.elapsed:,} elapsed", f"{keys.advanced:,} advanced"]
    if keys.identical_share is not None:
        parts += [f"{percent(keys.identical_share)} of rows identical"]
    lines = [", ".join(parts)]
    for what, n, first in (
        ("added", keys.added, keys.added_keys),
        ("removed", keys.removed, keys.removed_keys),
    ):
        if n:
            lines.append(f"{what}: {named(first, n, limits)}")
    if keys.elapsed or keys.advanced:
        lines.append(_ROLLING)
    lines += (
        []
        if isinstance(keys.near, msgspec.UnsetType)
        else [family_sections.near_sentence(keys.near)]
    )
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


def _labels(columns: dict[str, ColumnReport], limits: Limits) -> Section:
    lines: list[str] = []
    rows: list[list[str]] = []
    cut_off = 0
    for name, column in columns.items():
        label = column.label
        if label is None:
            continue
        share = f"{percent(label.churn)} (95 %: {percent_range(label.churn_low, label.churn_high)})"
        kappa = f"; Cohen's kappa {label.kappa:.3g}" if label.kappa is not None else ""
        lines.append(f"{name}: {share} of {count(label.n, 'key')} changed their label{kappa}")
        for what, these, others in (
            ("labels not seen before", label.new_labels, label.gone_labels),
            ("labels gone", label.gone_labels, label.new_labels),
        ):
            if these:
                shown = [_beside(text, others) for text in these[: limits.named]]
                more = f" and {len(these) - len(shown):,} more" if len(these) > len(shown) else ""
                lines.append(f"{name}: {what}: {', '.join(shown)}{more}")
        rows += [
            [name, key_name(c.key), *_labels_of(c.a, c.b)]
            for c in label.changed[: max(limits.rows - len(rows), 0)]
        ]
        cut_off += round(label.churn * label.n)
    more = cut_off - len(rows)
    notes = [f"and {more:,} more"] if rows and more > 0 else []
    header = ["column", "key", "old", "new"] if rows else []
    if rows and all(row[0] == rows[0][0] for row in rows):
        header, rows = header[1:], [row[1:] for row in rows]
    return Section("labels", "Labels", lines, header, rows, left=4, notes=notes)


def _beside(text: str, others: Sequence[str]) -> str:
    """A label as it is, or written out where one of the others looks the same."""
    shown = [texts(text, other, NAME)[0] for other in others[:_BESIDE]]
    return next((each for each in shown if each != cut(text, NAME)), cut(text, NAME))


def _labels_of(old: str | None, new: str | None) -> tuple[str, str]:
    if old is not None and new is not None:
        return texts(old, new, NAME)
    return value_name(old), value_name(new)


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
    """Of intervals between quantiles without a point nothing is said about one."""
    has_point = any(i.point for i in intervals)
    of_point = ["z median", "z 95 %", "z > 1", "left the old"] if has_point else []
    header = ["interval", "keys", *of_point, "overlap", "disjoint", "width"]
    notes = [*_not_computed(intervals), *(note for i in intervals for note in _order_notes(i))]
    notes = first_notes(notes, limits)
    if len(intervals) > limits.columns:
        notes = [f"the first {limits.columns} of {len(intervals)} intervals", *notes]
    notes += [_OF_INTERVALS] if intervals else []
    z = "; z: move of the point in half widths, half of upper − lower, of the old"
    rows = [_interval_row(i, has_point) for i in intervals[: limits.columns]]
    heading = f"Intervals{z if has_point else ''}"
    return Section("intervals", heading, header=header if rows else [], rows=rows, notes=notes)


def interval_name(i: IntervalReport) -> str:
    """`close 80 %`."""
    return f"{i.point or i.lower} {100 * i.level:g} %"


def _interval_row(i: IntervalReport, has_point: bool) -> list[str]:
    of_point = [
        _times(i.z.p50 if i.z else None),
        _times(i.z.p95 if i.z else None),
        percent(i.z_gt1_share),
        percent(i.new_outside_old),
    ]
    return [
        interval_name(i),
        f"{i.n:,}",
        *(of_point if has_point else []),
        percent(i.jaccard.p50 if i.jaccard else None),
        percent(i.disjoint_share),
        times(i.width_change.p50 if i.width_change else None),
    ]


def _times(z: float | None) -> str:
    return "–" if z is None else f"{z:,.3g}"


def _not_computed(intervals: list[IntervalReport]) -> Iterator[str]:
    """Why something is missing, once for all intervals that miss it for the same reasons; that
    there is no point is seen.
    """
    alike: dict[frozenset[str], list[IntervalReport]] = {}
    for i in intervals:
        reasons = {*i.reasons.values()} - ({"no_point"} if not i.point else set[str]())
        if reasons:
            alike.setdefault(frozenset(reasons), []).append(i)
    for these in alike.values():
        name = these[0].lower if len(these) == 1 else f"{len(these)} intervals"
        yield not_computed(name, these[0].reasons)


def _order_notes(i: IntervalReport) -> Iterator[str]:
    for side, order in (("old", i.order_from), ("new", i.order_to)):
        counts = [f"{n:,} {what}" for what, n in _wrong(order).items() if n]
        if counts:
            yield f"{side} {i.lower} to {i.upper}: {', '.join(counts)}"


def _wrong(order: IntervalOrder) -> dict[str, int | None]:
    return {
        "lower above point": order.lower_above_point,
        "point above upper": order.point_above_upper,
        "lower above upper": order.lower_above_upper,
        "of width 0": order.zero_width,
        "with one end only": order.one_sided,
    }
