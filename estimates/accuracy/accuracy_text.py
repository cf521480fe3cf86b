"""Accuracy as a page for a terminal: what the versions are worth together, then one by one, in
words and bars.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from estimates.accuracy import comparison_text
from estimates.accuracy.accuracy_report import (
    ColumnScores,
    IntervalScores,
    PitBin,
    Scored,
    SetAccuracy,
    Slice,
    Together,
)
from estimates.accuracy.comparison_text import short
from estimates.render.notebook import short as short_lines
from estimates.render.terminal import bar, bar_width, marked_bar, page_width, table, wrap
from estimates.render.wording import count, number, percent, percent_range, signed_percent

Cell = Callable[[ColumnScores], str]

_VERSIONS = 20
_GROUPS = 10
_NAMED = 5
_LEVELS = 4  # intervals of which a row has room
_USUAL = (0.5, 0.8, 0.9, 0.95)


_COVERAGE = "Inside the intervals; │ marks what they promise; in brackets at 95 % confidence"
_LEGENDS = {
    "MAE": "mean absolute error",
    "RMSE": "root of the mean squared error",
    "bias": "mean of estimate − actual value",
    "WAPE": "sum of the errors' sizes / sum of the actual values",
    "w. WAPE": "the same with each key's weight",
    "MASE": "MAE in typical steps of the series, 1 is as good as no change",
    "WIS": "weighted interval score, less is better, of which spread is the width and below and "
    "above are for values beyond the ends",
    "CRPS": "distance of a distribution from what came, less is better",
    "energy": "the same of all steps of a series together",
    "Brier": "mean squared error of probabilities",
}


def render_text(accuracy: SetAccuracy, subject: str | None = None) -> str:
    """The page: newest versions last, at most 20 of them; JSON has them all.

    subject  what was scored, where the rows are of many versions and stand in place of one
    """
    if not accuracy.versions:
        return f"{accuracy.set}: no version was scored yet\n"
    title = (
        _title(accuracy) if subject is None else [f"{accuracy.set}: {subject}{_known(accuracy)}"]
    )
    sections = [title]
    for name, pooled in accuracy.together.items():
        versions = [
            (scored, scored.scores.columns[name])
            for scored in accuracy.versions
            if name in scored.scores.columns
        ]
        sections += [
            _headline(name, versions[-1][1], pooled),
            [] if subject is not None else _versions(name, versions),
            _coverage(pooled.intervals),
            _pit(pooled.pit),
            _horizons(pooled.horizons),
            *_groups(versions[-1]),
            comparison_text.revision(pooled.revision, versions[-1][1]),
            comparison_text.pooled_skill(pooled.skill),
            comparison_text.skill(versions),
        ]
    sections.append(comparison_text.tests(accuracy.diebold_mariano))
    return "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"


def render_short(accuracy: SetAccuracy) -> str:
    """How good the versions were, in a few lines."""
    lines = render_text(accuracy).rstrip("\n").split("\n")
    more = "… the whole: estimates.accuracy.accuracy_text.render_text(accuracy)"
    return short_lines([line for line in lines if line], more)


def _title(accuracy: SetAccuracy) -> list[str]:
    first, last = accuracy.versions[0].scores, accuracy.versions[-1].scores
    numbers = (
        f"version {last.version}"
        if first is last
        else f"versions {first.version} to {last.version}"
    )
    return [
        f"{accuracy.set}: {count(len(accuracy.versions), 'version')} scored ({numbers})"
        f"{_known(accuracy)}",
        *_elapsed(accuracy.versions),
        *_other_vintages(accuracy),
    ]


def _elapsed(versions: list[Scored]) -> list[str]:
    """Keys whose target the runs had seen, which nobody forecast."""
    keys = [version.scores.keys for version in versions if version.scores.keys.elapsed]
    if not keys:
        return []
    elapsed = count(sum(each.elapsed for each in keys), "key")
    return wrap(
        f"not scored: {elapsed} of {count(len(keys), 'version')} whose target was not after the "
        "version's data (elapsed)",
        page_width(),
    )


def _known(accuracy: SetAccuracy) -> str:
    """When the actual values were known."""
    newest = [v.scores.vintage for v in accuracy.versions if v.scores.vintage is not None]
    if accuracy.vintage is not None:
        return f", with what was known on {accuracy.vintage}"
    return f", actual values of {max(newest)}" if newest else ""


def _other_vintages(accuracy: SetAccuracy) -> list[str]:
    others = [other for other in accuracy.vintages if other not in (None, accuracy.vintage)]
    if not others:
        return []
    more = f" and {len(others) - _NAMED} earlier ones" if len(others) > _NAMED else ""
    return wrap(
        f"also scored: --vintage {', '.join(map(str, others[-_NAMED:]))}{more}", page_width()
    )


def _headline(name: str, newest: ColumnScores, pooled: Together) -> list[str]:
    """The answer in a sentence: how far off, how often inside, how often right."""
    unit, every = f" {newest.unit}" if newest.unit else "", pooled.all
    parts: list[str] = []
    if every.mae is not None:
        side = (
            ""
            if not every.bias
            else f", {number(abs(every.bias))}{unit} too {'high' if every.bias > 0 else 'low'}"
        )
        share = "" if pooled.wape is None else f" (WAPE {percent(pooled.wape)})"
        parts.append(f"off by {number(every.mae)}{unit} on average{share}{side}")
    if every.wis is not None:
        parts.append(f"WIS {number(every.wis)}{unit}{_wis_parts(pooled)}")
    if every.crps is not None:
        energy = pooled.energy_score
        joint = "" if energy is None else f", energy score {number(energy)}{unit}"
        parts.append(f"CRPS {number(every.crps)}{unit}{joint}")
    parts += _weighted(pooled, unit)
    usual = usual_levels([interval.level for interval in pooled.intervals])
    parts += [
        f"{percent(interval.covered)} inside the {100 * interval.level:g} % interval"
        for interval in pooled.intervals
        if interval.covered is not None and interval.level in usual
    ]
    if every.right is not None:
        parts.append(f"right on {percent(every.right)}")
    if every.brier is not None:
        parts.append(f"Brier score {number(every.brier)}")
    answer = (
        "; ".join(parts) or f"nothing scored ({newest.reason or 'no estimate has an actual value'})"
    )
    left_out = _left_out(newest)
    of_newest = f"; left out of the newest version: {left_out}" if left_out else ""
    return wrap(
        f"{name}: {answer}; {count(every.n, 'key')} with an actual value{of_newest}", page_width()
    )


def _weighted(pooled: Together, unit: str) -> list[str]:
    """The same with each key times its weight."""
    parts: list[str] = []
    if pooled.weighted_wape is not None:
        parts.append(f"WAPE {percent(pooled.weighted_wape)}")
    if pooled.weighted_bias is not None:
        parts.append(f"bias {signed_percent(pooled.weighted_bias)}")
    if pooled.weighted_wis is not None:
        parts.append(f"WIS {number(pooled.weighted_wis)}{unit}")
    return [f"weighted {', '.join(parts)}"] if parts else []


def _wis_parts(pooled: Together) -> str:
    """What the WIS is the sum of, where the quantiles say so."""
    if pooled.dispersion is None:
        return ""
    below, above = short(pooled.penalty_below), short(pooled.penalty_above)
    return f" (spread {short(pooled.dispersion)}, below {below}, above {above})"


def usual_levels(levels: list[float]) -> list[float]:
    """The levels that a row has room for: all of few, else 50, 80, 90 and 95 %, else a first, a
    middle and a last one.
    """
    levels = sorted(set(levels))
    if len(levels) <= _LEVELS:
        return levels
    usual = [level for level in levels if level in _USUAL]
    return usual or [levels[0], levels[len(levels) // 2], levels[-1]]


def _left_out(column: ColumnScores) -> str:
    """Keys with an actual value that the scores of a version leave out, by the reason."""
    parts: list[str] = []
    for interval in column.intervals:
        if interval.crossed:
            ends = f"the ends of the {100 * interval.level:g} % interval cross"
            parts.append(f"{count(interval.crossed, 'key')} where {ends}")
    distribution, probability = column.distribution, column.probability
    if distribution is not None and distribution.source == "quantiles" and distribution.crossed:
        parts.append(f"{count(distribution.crossed, 'key')} where quantiles cross")
    if probability is not None and probability.invalid:
        parts.append(f"{count(probability.invalid, 'key')} with invalid probabilities")
    if probability is not None and probability.unknown:
        parts.append(f"{count(probability.unknown, 'key')} with an outcome that has no probability")
    return ", ".join(parts) or _without(column)


def _without(column: ColumnScores) -> str:
    """Keys with an actual value and no estimate."""
    scored = [part.n for part in (column.point, column.label, column.probability) if part]
    missing = column.actuals - max(scored, default=column.actuals)
    return f"{count(missing, 'key')} without an estimate" if missing > 0 else ""


def _versions(name: str, versions: list[tuple[Scored, ColumnScores]]) -> list[str]:
    shown = versions[-_VERSIONS:]
    columns = _columns_with_values([column for _, column in shown])
    rows = [
        [
            str(scored.scores.version),
            _day(scored),
            f"{column.actuals:,}",
            *(cell(column) for cell in columns.values()),
        ]
        for scored, column in shown
    ]
    left_out = len(versions) - len(shown)
    notes = [f"  and {count(left_out, 'older version')}: --format json has all"] if left_out else []
    return [
        f"{name} by version",
        *table(["version", "data through", "keys", *columns], rows),
        *notes,
        *_legend(columns),
    ]


def _legend(titles: Iterable[str]) -> list[str]:
    """What the abbreviations of a table stand for."""
    words = "; ".join(f"{title}: {_LEGENDS[title]}" for title in titles if title in _LEGENDS)
    return wrap(words, page_width(), initial_indent="  ", subsequent_indent="  ")


def _columns_with_values(columns: list[ColumnScores]) -> dict[str, Cell]:
    """The columns of the table that some version has something for."""
    cells: dict[str, Cell] = {
        "MAE": lambda c: short(c.point.mae if c.point else None),
        "RMSE": lambda c: short(c.point.rmse if c.point else None),
        "bias": lambda c: short(c.point.bias if c.point else None),
        "WAPE": lambda c: percent(c.point.wape if c.point else None),
        "% bias": lambda c: signed_percent(c.point.percentage_bias if c.point else None),
        "w. WAPE": lambda c: percent(c.point.weighted_wape if c.point else None),
        "w. % bias": lambda c: signed_percent(c.point.weighted_bias if c.point else None),
        "MASE": lambda c: short(c.point.mase if c.point else None),
        "WIS": lambda c: short(c.distribution.wis if c.distribution else None),
        "= spread": lambda c: short(c.distribution.dispersion if c.distribution else None),
        "+ below": lambda c: short(c.distribution.penalty_below if c.distribution else None),
        "+ above": lambda c: short(c.distribution.penalty_above if c.distribution else None),
        "w. WIS": lambda c: short(c.distribution.weighted_wis if c.distribution else None),
        "CRPS": lambda c: short(c.samples.crps if c.samples else None),
        "energy": lambda c: short(c.samples.energy_score if c.samples else None),
        "right": lambda c: percent(c.label.right if c.label else None),
        "Brier": lambda c: short(c.probability.brier if c.probability else None),
        "log loss": lambda c: short(c.probability.log_loss if c.probability else None),
    }
    for level in usual_levels([i.level for column in columns for i in column.intervals]):
        cells[f"in {100 * level:g} %"] = lambda c, level=level: percent(_covered(c, level))
    return {
        title: cell
        for title, cell in cells.items()
        if any(cell(column) != "–" for column in columns)
    }


def _covered(column: ColumnScores, level: float) -> float | None:
    return next(
        (interval.covered for interval in column.intervals if interval.level == level), None
    )


def _coverage(intervals: list[IntervalScores]) -> list[str]:
    """Nominal against actual: `│` is where the bar should end."""
    lines: list[str] = []
    for interval in intervals:
        if (
            interval.covered is None
            or interval.covered_low is None
            or interval.covered_high is None
        ):
            continue
        holds = interval.covered_low <= interval.level <= interval.covered_high
        verdict = (
            "as promised"
            if holds
            else f"{'fewer' if interval.covered < interval.level else 'more'} than promised"
        )
        between = percent_range(interval.covered_low, interval.covered_high).replace(" % to", " to")
        bar_of_level = marked_bar(interval.covered, interval.level, 1.0)
        lines.append(
            f"  {100 * interval.level:>4g} %  {bar_of_level}  {percent(interval.covered):>7}  "
            f"{verdict}  ({between}, {interval.n:,} keys)"
        )
    return [_COVERAGE, *lines] if lines else []


def _pit(bins: list[PitBin]) -> list[str]:
    if not bins:
        return []
    most = max(max(pit_bin.share, pit_bin.expected) for pit_bin in bins)
    lines = []
    for pit_bin in bins:
        edges = f"{pit_bin.low:g} to {pit_bin.high:g}"
        bar_of_bin = marked_bar(pit_bin.share, pit_bin.expected, most)
        share, expected = percent(pit_bin.share), percent(pit_bin.expected)
        lines.append(f"  {edges:<14}  {bar_of_bin}  {share:>7}  of {expected}")
    return [
        "Where actual values fall among the quantiles (PIT); │ marks the share they should have",
        *lines,
    ]


def _horizons(horizons: list[Slice]) -> list[str]:
    if len(horizons) < 2:
        return []
    title, losses = _main(horizons)
    most = max((loss for loss in losses if loss is not None), default=0.0) or 1.0
    usual = usual_levels([float(level) for part in horizons for level in part.covered])
    rows = [
        f"  {part.value:>4}  {bar(loss or 0.0, most).ljust(bar_width())}  {number(loss):>10}  "
        f"{count(part.n, 'key')}"
        + "".join(
            f"  {percent(covered.share)} in {100 * float(level):g} %"
            for level, covered in part.covered.items()
            if float(level) in usual
        )
        for part, loss in zip(horizons, losses, strict=True)
    ]
    return [f"{title} by step of the target", *rows]


def _groups(newest: tuple[Scored, ColumnScores]) -> list[list[str]]:
    """The groups of the newest version, the worst first."""
    scored, column = newest
    sections: list[list[str]] = []
    for by, groups in column.groups.items():
        title, losses = _main(groups)
        ranked = sorted(zip(groups, losses, strict=True), key=lambda pair: -(pair[1] or 0.0))[
            :_GROUPS
        ]
        most = max((loss or 0.0 for _, loss in ranked), default=0.0) or 1.0
        width = max((len(group.value or "null") for group, _ in ranked), default=0)
        lines = [
            f"  {(group.value or 'null').ljust(width)}  {bar(loss or 0.0, most).ljust(bar_width())}"
            f"  {number(loss):>10}"
            f"  {count(group.n, 'key')}{' *' if group.few else ''}"
            for group, loss in ranked
        ]
        note = ["  * fewer than 30 keys"] if any(group.few for group, _ in ranked) else []
        more = len(groups) - _GROUPS
        which = f", the {_GROUPS} worst; {more:,} more in --format json" if more > 0 else ""
        number_of = scored.scores.version  # 0: rows of many
        version = f" in version {number_of}" if number_of else ""
        sections.append([f"{title} by {by}{version}{which}", *lines, *note])
    return sections


def _main(slices: list[Slice]) -> tuple[str, list[float | None]]:
    """The first loss that a slice has, and its values."""
    wrong = [None if part.right is None else 1 - part.right for part in slices]
    for title, losses in (
        ("MAE", [part.mae for part in slices]),
        ("WIS", [part.wis for part in slices]),
        ("CRPS", [part.crps for part in slices]),
        ("Brier score", [part.brier for part in slices]),
        ("Wrong", wrong),
    ):
        if any(loss is not None for loss in losses):
            return title, losses
    return "Keys", [float(part.n) for part in slices]


def _day(scored: Scored) -> str:
    return (
        "–" if scored.scores.data_through is None else scored.scores.data_through.date().isoformat()
    )
