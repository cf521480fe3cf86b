"""Sections about ranks, cut-offs, quantiles, probabilities, flows of labels, ends of intervals,
contracts and drift.
"""

from __future__ import annotations

from collections.abc import Iterator

from estimates.render.section import NAME, Limits, Section, key_name, named
from estimates.render.wording import cut, number, percent, times
from estimates.stability.family_reports import (
    DriftReport,
    ProbabilityReport,
    QuantileReport,
    RankReport,
    SchemaReport,
    Spread,
)
from estimates.stability.report import ColumnReport, IntervalReport, LabelReport, SignedChange


def schema(found: SchemaReport | None) -> Section:
    """How the two contracts, or the columns of two files, differ."""
    if found is None:
        return Section("schema", "")
    lines = [f"only in the new one: {', '.join(found.added)}"] if found.added else []
    lines += [f"only in the old one: {', '.join(found.removed)}"] if found.removed else []
    lines += [
        f"{change.column}: {change.what} {_or_none(change.a)} → {_or_none(change.b)}"
        for change in found.changed
    ]
    return Section("schema", "Columns that differ", lines)


def cuts(columns: dict[str, ColumnReport], limits: Limits) -> Section:
    """Which keys crossed a cut-off."""
    rows: list[list[str]] = []
    notes: list[str] = []
    for name, column in columns.items():
        for at in column.cuts:
            share = f"{percent(at.crossing_share)} ({percent(at.crossing_low)} to {percent(at.crossing_high)})"
            crossed = [share, percent(at.up_share), percent(at.down_share), number(at.margin)]
            rows.append([name, number(at.cut), f"{at.n:,}", *crossed])
            if at.keys:
                n = round(at.crossing_share * at.n)
                notes.append(f"{name} at {number(at.cut)}: {named(at.keys, n, limits)}")
    header = (
        ["column", "cut-off", "keys", "crossed (95 %)", "up", "down", "by, median"] if rows else []
    )
    return _table("cuts", "Keys that crossed a cut-off", header, rows, limits, notes)


def quantiles(found: list[QuantileReport], limits: Limits) -> list[Section]:
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
        for q in found
    ]
    notes = [note for q in found for note in _quantile_notes(q)]
    header = (
        ["quantiles", "keys", "median", "95 %", "largest, 95 %", "IQR", "tails"] if rows else []
    )
    heading = "Quantiles, mean and largest move in units of the old interquartile range"
    shifts = [
        [
            q.point or q.columns[0],
            number(at.cut),
            percent(at.mean),
            percent(at.p95),
            percent(at.clamped_share),
        ]
        for q in found
        for at in q.cuts
    ]
    moved = ["quantiles", "cut-off", "mean", "95 %", "beyond the levels"] if shifts else []
    return [
        _table("quantiles", heading, header, rows, limits, notes),
        _table(
            "quantile_cuts",
            "Change of the probability to lie below a cut-off",
            moved,
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
        yield f"{name}: not everything can be computed ({', '.join(sorted(set(q.reasons.values())))})"


def probabilities(found: ProbabilityReport | None, limits: Limits) -> list[Section]:
    """How vectors of probabilities moved, and those that moved most."""
    if found is None:
        return []
    rows = [
        [name, _short(shift.mean), _short(shift.p95), _short(shift.max)]
        for name, shift in (
            ("total variation (0 to 1)", found.tv),
            ("Jensen–Shannon (bits)", found.jsd),
        )
        if shift is not None
    ]
    labels = ", ".join(cut(label, NAME) for label in found.labels[: limits.named])
    more = len(found.labels) - limits.named
    labels += (f" and {more:,} more" if more > 0 else "") + (", and the rest" if found.rest else "")
    lines = [f"of {labels}, on {found.n:,} keys ({percent(found.coverage)})"]
    notes = [f"nothing to compare ({found.reason})"] if found.reason else []
    if found.invalid_from or found.invalid_to:
        notes.append(
            f"{found.invalid_from:,} old and {found.invalid_to:,} new rows are no "
            "probabilities: left out"
        )
    header = ["distance of old and new", "mean", "95 %", "max"] if rows else []
    top = [[key_name(move.key), _short(move.tv)] for move in found.top[: limits.rows]]
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
            _label(flow.label),
            f"{flow.n_from:,}",
            f"{flow.n_to:,}",
            percent(flow.outflow_share),
            percent(flow.inflow_share),
            f"{'+' if flow.prevalence_change > 0 else '-' if flow.prevalence_change < 0 else ''}"
            + percent(abs(flow.prevalence_change)),
        ]
        for flow in label.flows
    ]
    header = ["label", "old keys", "new keys", "left it", "new to it", "share"] if rows else []
    found = [_table("flows", f"{name}, label by label", header, rows, limits)]
    if limits.all and label.transitions is not None:
        names = [_label(text) for text in label.transitions.labels]
        names += [f"{label.transitions.pooled} others"] if label.transitions.pooled else []
        counts = [
            [old, *(f"{n:,}" for n in row)]
            for old, row in zip(names, label.transitions.counts, strict=True)
            if any(row)
        ]
        found.append(
            Section("transitions", f"{name}, from (row) to (column)", [], ["", *names], counts)
        )
    return found


def ranks(columns: dict[str, ColumnReport], limits: Limits) -> list[Section]:
    """How the order of the keys changed."""
    found = {name: column.ranks for name, column in columns.items() if column.ranks is not None}
    rows = [_rank_row(name, rank) for name, rank in found.items()]
    reasons = [
        f"{name}: not everything can be computed ({_why(rank.reasons)})"
        for name, rank in found.items()
        if rank.reasons
    ]
    header = ["column", "Spearman", "top 10 kept", "top 1 % kept", "largest move"]
    tops = {rank.top_k for rank in found.values()}
    header[2] = f"top {tops.pop():,} kept" if len(tops) == 1 else "top kept"
    parts = [
        _table(
            "ranks", "Ranks, the largest value first", header if rows else [], rows, limits, reasons
        )
    ]
    if limits.all:
        for name, rank in list(found.items())[: limits.broken]:
            for by, groups in rank.groups.items():
                lines = [
                    [
                        _label(g.value) + (" *" if g.few else ""),
                        f"{g.n:,}",
                        _short(g.spearman),
                        percent(g.top_k_overlap),
                    ]
                    for g in groups
                ]
                shape = [by, "keys", "Spearman", "top kept"]
                parts.append(
                    _table(
                        "rank_groups",
                        f"Ranks of {name} within {by}",
                        shape,
                        lines[: limits.groups],
                        limits,
                    )
                )
    return parts


def _rank_row(name: str, rank: RankReport) -> list[str]:
    kept = [percent(rank.top_k_overlap), percent(rank.top_1pct_overlap)]
    worst = f" ({key_name(rank.top[0].key, 30)})" if rank.top else ""
    return [name, _short(rank.spearman), *kept, f"{rank.largest_move:,.6g}{worst}"]


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
    header = (
        ["interval", "lower, mean", "95 %", "upper, mean", "95 %", "asymmetry, mean", "95 %"]
        if rows
        else []
    )
    return _table("ends", "Ends of intervals, change in old half widths", header, rows, limits)


def drift(columns: dict[str, ColumnReport], limits: Limits) -> Section:
    """How the distributions changed, whatever the keys: secondary."""
    found = {name: column.drift for name, column in columns.items() if column.drift is not None}
    rows = [_drift_row(name, shift) for name, shift in found.items()]
    header = ["column", "median shift", "spread", "PSI", "KS", "W1"] if rows else []
    return _table("drift", "Distributions as a whole, whatever the keys", header, rows, limits)


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
    said = list(notes or [])
    if len(said) > limits.columns:
        said = [*said[: limits.columns], f"and {len(said) - limits.columns:,} more such notes"]
    if len(rows) > limits.columns:
        said.insert(0, f"the first {limits.columns} of {len(rows):,}")
    return Section(name, title, [], header, rows[: limits.columns], notes=said)


def _signed(change: SignedChange) -> tuple[str, str]:
    return _short(change.mean), _short(change.p95)


def _short(x: float | None) -> str:
    return "–" if x is None else f"{x:,.3g}"


def _ratio(log_ratio: Spread | None) -> str:
    return times(log_ratio.p50 if log_ratio else None)


def _why(reasons: dict[str, str]) -> str:
    return ", ".join(sorted(set(reasons.values())))


def _label(text: str | None) -> str:
    return "null" if text is None else cut(text, NAME)


def _or_none(text: str | None) -> str:
    return "(none)" if text is None else text
