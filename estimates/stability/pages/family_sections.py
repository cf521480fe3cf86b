"""Sections about ranks, cut-offs, quantiles, probabilities, flows of labels, ends of intervals,
contracts and drift.
"""

from __future__ import annotations

from collections.abc import Iterator

from estimates.render.change_text import moved
from estimates.render.section import NAME, Limits, Section, first_notes, key_name, named, value_name
from estimates.render.wording import cut, minus, not_computed, number, percent, percent_range, times
from estimates.stability.family_reports import (
    DriftReport,
    NearKeys,
    ProbabilityReport,
    QuantileReport,
    RankGroup,
    RankReport,
    SchemaReport,
    Spread,
)
from estimates.stability.label_report import LabelReport
from estimates.stability.report import ColumnReport, IntervalReport, SignedChange

# What each is in words.
_REASONS = {
    "trimmed": "blanks around them",
    "unicode": "the Unicode form of their letters (NFC)",
    "case": "capital letters",
    "point_zero": "a .0 at the end",
    "leading_zeros": "leading zeros",
}
_OF_DRIFT = (
    "spread: the new interquartile range to the old; PSI: population stability index, below 0.1 "
    "no change, above 0.25 a large one; KS: the widest gap between both cumulative shares; W1: how "
    "far values have to go on average, in standard deviations"
)


def schema(changes: SchemaReport | None) -> Section:
    """How the two contracts, or the columns of two files, differ."""
    if changes is None:
        return Section("schema", "")
    lines = [f"only in the new one: {', '.join(changes.added)}"] if changes.added else []
    lines += [f"only in the old one: {', '.join(changes.removed)}"] if changes.removed else []
    lines += [
        f"{change.column}: {change.what} {_or_none(change.a)} → {_or_none(change.b)}"
        for change in changes.changed
    ]
    return Section("schema", "Columns that differ", lines)


def cuts(columns: dict[str, ColumnReport], limits: Limits) -> Section:
    """Which keys crossed a cut-off."""
    rows: list[list[str]] = []
    notes: list[str] = []
    for name, column in columns.items():
        for at in column.cuts:
            between = percent_range(at.crossing_low, at.crossing_high)
            share = f"{percent(at.crossing_share)} ({between})"
            crossed = [share, percent(at.up_share), percent(at.down_share), number(at.margin)]
            rows.append([name, number(at.cut), f"{at.n:,}", *crossed])
            if at.keys:
                n = round(at.crossing_share * at.n)
                notes.append(f"{name} at {number(at.cut)}: {named(at.keys, n, limits)}")
    header = ["column", "cut-off", "keys", "crossed (95 %)", "up", "down", "by, median"]
    return _table("cuts", "Keys that crossed a cut-off", header, rows, limits, notes)


def quantiles(reports: list[QuantileReport], limits: Limits) -> list[Section]:
    """How quantile functions moved, and the probabilities of cut-offs with them."""
    rows = [
        [
            cut(f"{q.point or q.columns[0]}, {len(q.levels)} levels", NAME),
            f"{q.n:,}",
            *((_short(q.move.p50), _short(q.move.p95)) if q.move else ("–", "–")),
            _short(q.sup.p95) if q.sup else "–",
            _ratio(q.iqr_change),
            _ratio(q.tail_change),
        ]
        for q in reports
    ]
    notes = [note for q in reports for note in _quantile_notes(q)]
    header = ["quantiles", "keys", "median", "95 %", "largest, 95 %", "IQR", "tails"]
    heading = "Quantiles, mean and largest move in units of the old interquartile range"
    shifts = [
        [
            q.point or q.columns[0],
            number(at.cut),
            percent(at.mean),
            percent(at.p95),
            percent(at.clamped_share),
        ]
        for q in reports
        for at in q.cuts
    ]
    shift_header = ["quantiles", "cut-off", "mean", "95 %", "beyond the levels"]
    return [
        _table("quantiles", heading, header, rows, limits, notes),
        _table(
            "quantile_cuts",
            "Change of the probability to lie below a cut-off",
            shift_header,
            shifts,
            limits,
        ),
    ]


def _quantile_notes(q: QuantileReport) -> Iterator[str]:
    name = q.point or q.columns[0]
    if q.crossing_from or q.crossing_to:
        rows = f"{q.crossing_from:,} old and {q.crossing_to:,} new rows"
        yield f"{name}: quantiles cross in {rows}; {q.crossing_keys:,} keys are left out"
    if q.reasons:
        yield not_computed(name, q.reasons)


def probabilities(report: ProbabilityReport | None, limits: Limits) -> list[Section]:
    """How vectors of probabilities moved, and those that moved most."""
    if report is None:
        return []
    rows = [
        [name, _short(shift.mean), _short(shift.p95), _short(shift.max)]
        for name, shift in (
            ("total variation (0 to 1)", report.tv),
            ("Jensen–Shannon (bits)", report.jsd),
        )
        if shift is not None
    ]
    labels = ", ".join(cut(label, NAME) for label in report.labels[: limits.named])
    more = len(report.labels) - limits.named
    labels += (f" and {more:,} more" if more > 0 else "") + (
        ", and the rest" if report.rest else ""
    )
    lines = [f"of {labels}, on {report.n:,} keys ({percent(report.coverage)})"]
    notes = [f"nothing to compare ({report.reason})"] if report.reason else []
    if report.invalid_from or report.invalid_to:
        notes.append(
            f"{report.invalid_from:,} old and {report.invalid_to:,} new rows are no "
            "probabilities: left out"
        )
    header = ["distance of old and new", "mean", "95 %", "max"] if rows else []
    top = [[key_name(move.key), _short(move.tv)] for move in report.top[: limits.rows]]
    return [
        Section("probabilities", "Probabilities", lines, header, rows, notes=notes),
        Section(
            "top_probabilities",
            "Largest moves of probability",
            [],
            ["key", "total variation"] if top else [],
            top,
        ),
    ]


def flows(name: str, label: LabelReport, limits: Limits) -> list[Section]:
    """From which label to which, and what became of each."""
    rows = [
        [
            value_name(flow.label),
            f"{flow.n_from:,}",
            f"{flow.n_to:,}",
            percent(flow.outflow_share),
            percent(flow.inflow_share),
            moved(0.0, flow.prevalence_change, 100.0),
        ]
        for flow in label.flows
    ]
    header = ["label", "old keys", "new keys", "left it", "new to it", "share"]
    sections = [_table("flows", f"{name}, label by label", header, rows, limits)]
    if limits.all and label.transitions is not None:
        names = [value_name(text) for text in label.transitions.labels]
        names += [f"{label.transitions.pooled} others"] if label.transitions.pooled else []
        counts = [
            [old, *(f"{n:,}" for n in row)]
            for old, row in zip(names, label.transitions.counts, strict=True)
            if any(row)
        ]
        sections.append(
            Section("transitions", f"{name}, from (row) to (column)", [], ["", *names], counts)
        )
    return sections


def ranks(columns: dict[str, ColumnReport], limits: Limits) -> list[Section]:
    """How the order of the keys changed."""
    reports = {name: column.ranks for name, column in columns.items() if column.ranks is not None}
    rows = [_rank_row(name, rank) for name, rank in reports.items()]
    reasons = [not_computed(name, rank.reasons) for name, rank in reports.items() if rank.reasons]
    header = ["column", "Spearman", "top 10 kept", "top 1 % kept", "largest move"]
    tops = {rank.top_k for rank in reports.values()}
    header[2] = f"top {tops.pop():,} kept" if len(tops) == 1 else "top kept"
    parts = [_table("ranks", "Ranks, the largest value first", header, rows, limits, reasons)]
    if limits.all:
        for name, rank in list(reports.items())[: limits.broken]:
            for by, groups in rank.groups.items():
                more, reordered = len(groups) - limits.groups, groups
                if more > 0:
                    reordered = sorted(groups, key=_kept_order)[: limits.groups]
                lines = [
                    [
                        value_name(g.value) + (" *" if g.few else ""),
                        f"{g.n:,}",
                        _short(g.spearman),
                        percent(g.top_k_overlap),
                    ]
                    for g in reordered
                ]
                shape = [by, "keys", "Spearman", "top kept"]
                parts.append(
                    _table(
                        "rank_groups",
                        f"Ranks of {name} within {by}",
                        shape,
                        lines,
                        limits,
                        [f"those that kept their order least; {more:,} more in the JSON"]
                        if more > 0
                        else None,
                    )
                )
    return parts


def _kept_order(group: RankGroup) -> float:
    return 2.0 if group.spearman is None else group.spearman


def _rank_row(name: str, rank: RankReport) -> list[str]:
    overlaps = [percent(rank.top_k_overlap), percent(rank.top_1pct_overlap)]
    worst = f" ({key_name(rank.top[0].key, 30)})" if rank.top else ""
    return [name, _short(rank.spearman), *overlaps, f"{rank.largest_move:,.6g}{worst}"]


def ends(intervals: list[IntervalReport], limits: Limits) -> Section:
    """How the ends of intervals moved, and whether they lean otherwise."""
    rows = [
        [
            cut(f"{i.point or i.lower} {100 * i.level:g} %", NAME),
            *_signed(i.lower_change),
            *_signed(i.upper_change),
            *_signed(i.asymmetry_change),
        ]
        for i in intervals
    ]
    header = ["interval", "lower, mean", "95 %", "upper, mean", "95 %", "asymmetry, mean", "95 %"]
    return _table("ends", "Ends of intervals, change in old half widths", header, rows, limits)


def drift(columns: dict[str, ColumnReport], limits: Limits) -> Section:
    """How the distributions changed, whatever the keys: secondary."""
    reports = {name: column.drift for name, column in columns.items() if column.drift is not None}
    rows = [_drift_row(name, shift) for name, shift in reports.items()]
    header = ["column", "median shift", "spread", "PSI", "KS", "W1"]
    notes = [_OF_DRIFT] if rows else []
    title = "Distributions as a whole, whatever the keys"
    return _table("drift", title, header, rows, limits, notes)


def _drift_row(name: str, shift: DriftReport) -> list[str]:
    return [
        name,
        _short(shift.location_shift),
        times(shift.dispersion_shift),
        _short(shift.psi),
        _short(shift.ks),
        _short(shift.w1),
    ]


def _table(
    name: str,
    title: str,
    header: list[str],
    rows: list[list[str]],
    limits: Limits,
    notes: list[str] | None = None,
) -> Section:
    """A section of a table that is cut where a rendering has no more room, and says so."""
    lines = first_notes(notes or [], limits)
    if len(rows) > limits.columns:
        lines = [f"the first {limits.columns} of {len(rows):,}", *lines]
    return Section(name, title, [], header if rows else [], rows[: limits.columns], notes=lines)


def _signed(change: SignedChange) -> tuple[str, str]:
    return _short(change.mean), _short(change.p95)


def _short(x: float | None) -> str:
    return "–" if x is None else minus(f"{x:,.3g}")


def _ratio(log_ratio: Spread | None) -> str:
    return times(log_ratio.p50 if log_ratio else None)


def _or_none(text: str | None) -> str:
    return "(none)" if text is None else text


def near_sentence(near: NearKeys) -> str:
    """How many added and removed keys are the same but for what, with examples."""
    reasons = [_REASONS[rule] for rule, pairs in near.by_rule.items() if pairs]
    alike = ", ".join(f"{_shown(old)} and {_shown(new)}" for old, new in near.examples[:3])
    but_for = ", ".join(reasons) or "several of these together: " + ", ".join(_REASONS.values())
    many = (
        "1 removed key and an added one are"
        if near.pairs == 1
        else (f"{near.pairs:,} removed and added keys are")
    )
    return f"{many} the same but for {but_for}: {alike}"


def _shown(key: list[str]) -> str:
    return repr("/".join(key))
