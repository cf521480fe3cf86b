"""Accuracy as a page for a terminal: what the versions are worth together, then one by one, in
words and bars.
"""

from __future__ import annotations

from collections.abc import Callable
from textwrap import wrap

from estimates.accuracy.accuracy_report import (
    ColumnScores,
    DieboldMariano,
    IntervalScores,
    PitBin,
    Revision,
    Scored,
    SetAccuracy,
    Slice,
    Together,
)
from estimates.render.terminal import BAR, WIDTH, bar, marked_bar, table
from estimates.render.wording import count, number, percent

Cell = Callable[[ColumnScores], str]

_VERSIONS = 20
_GROUPS = 10
_SIGNIFICANT = 0.05


def render_text(found: SetAccuracy) -> str:
    """The page: newest versions last, at most 20 of them; JSON has them all."""
    if not found.versions:
        return f"{found.set}: no version was scored yet\n"
    sections = [_title(found)]
    for name, pooled in found.together.items():
        versions = [
            (one, one.scores.columns[name]) for one in found.versions if name in one.scores.columns
        ]
        sections += [
            _headline(name, versions[-1][1], pooled),
            _versions(name, versions),
            _coverage(pooled.intervals),
            _pit(pooled.pit),
            _horizons(pooled.horizons),
            *_groups(versions[-1]),
            _revision(pooled.revision, versions[-1][1]),
            _skill(versions),
        ]
    sections.append(_tests(found.diebold_mariano))
    return "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"


def _title(found: SetAccuracy) -> list[str]:
    first, last = found.versions[0].scores, found.versions[-1].scores
    through = "" if last.vintage is None else f", actual values of {last.vintage}"
    numbers = (
        f"version {last.version}"
        if first is last
        else f"versions {first.version} to {last.version}"
    )
    return [f"{found.set}: {count(len(found.versions), 'version')} scored ({numbers}){through}"]


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
        parts.append(f"off by {number(every.mae)}{unit} on average{side}")
    parts += [
        f"{percent(one.covered)} inside the {100 * one.level:g} % interval"
        for one in pooled.intervals
        if one.covered is not None
    ]
    if every.right is not None:
        parts.append(f"right on {percent(every.right)}")
    if every.brier is not None:
        parts.append(f"Brier score {number(every.brier)}")
    told = (
        "; ".join(parts) or f"nothing scored ({newest.reason or 'no estimate has an actual value'})"
    )
    return wrap(f"{name}: {told}; {count(every.n, 'key')} with an actual value", WIDTH)


def _versions(name: str, versions: list[tuple[Scored, ColumnScores]]) -> list[str]:
    shown = versions[-_VERSIONS:]
    columns = _wanted([column for _, column in shown])
    rows = [
        [
            str(one.scores.version),
            _day(one),
            f"{column.actuals:,}",
            *(cell(column) for cell in columns.values()),
        ]
        for one, column in shown
    ]
    left_out = len(versions) - len(shown)
    notes = [f"  and {count(left_out, 'older version')}: --format json has all"] if left_out else []
    return [
        f"{name} by version",
        *table(["version", "data through", "keys", *columns], rows),
        *notes,
    ]


def _wanted(columns: list[ColumnScores]) -> dict[str, Cell]:
    """The columns of the table that some version has something for."""
    cells: dict[str, Cell] = {
        "MAE": lambda c: short(c.point.mae if c.point else None),
        "RMSE": lambda c: short(c.point.rmse if c.point else None),
        "bias": lambda c: short(c.point.bias if c.point else None),
        "MASE": lambda c: short(c.point.mase if c.point else None),
        "WIS": lambda c: short(c.distribution.wis if c.distribution else None),
        "= spread": lambda c: short(c.distribution.dispersion if c.distribution else None),
        "+ below": lambda c: short(c.distribution.penalty_below if c.distribution else None),
        "+ above": lambda c: short(c.distribution.penalty_above if c.distribution else None),
        "right": lambda c: percent(c.label.right if c.label else None),
        "Brier": lambda c: short(c.probability.brier if c.probability else None),
        "log loss": lambda c: short(c.probability.log_loss if c.probability else None),
    }
    for level in sorted({one.level for column in columns for one in column.intervals}):
        cells[f"in {100 * level:g} %"] = lambda c, level=level: percent(_covered(c, level))
    return {
        title: cell
        for title, cell in cells.items()
        if any(cell(column) != "–" for column in columns)
    }


def _covered(column: ColumnScores, level: float) -> float | None:
    return next((one.covered for one in column.intervals if one.level == level), None)


def _coverage(intervals: list[IntervalScores]) -> list[str]:
    """Nominal against actual: `│` is where the bar should end."""
    lines: list[str] = []
    for one in intervals:
        if one.covered is None or one.covered_low is None or one.covered_high is None:
            continue
        holds = one.covered_low <= one.level <= one.covered_high
        verdict = (
            "as promised"
            if holds
            else f"{'fewer' if one.covered < one.level else 'more'} than promised"
        )
        between = f"{percent(one.covered_low)} to {percent(one.covered_high)}"
        lines.append(
            f"  {100 * one.level:>4g} %  {marked_bar(one.covered, one.level, 1.0)}  {percent(one.covered):>7}  (at 95 % "
            "confidence "
            f"{between}; {one.n:,} keys)  {verdict}"
        )
    return ["Inside the intervals; │ marks what they promise", *lines] if lines else []


def _pit(bins: list[PitBin]) -> list[str]:
    if not bins:
        return []
    most = max(max(one.share, one.expected) for one in bins)
    lines = []
    for one in bins:
        edges = f"{one.low:g} to {one.high:g}"
        lines.append(
            f"  {edges:<14}  {marked_bar(one.share, one.expected, most)}  {percent(one.share):>7}  of {percent(one.expected)}"
        )
    return [
        "Where actual values fall among the quantiles (PIT); │ marks the share they should have",
        *lines,
    ]


def _horizons(horizons: list[Slice]) -> list[str]:
    if len(horizons) < 2:
        return []
    title, losses = _main(horizons)
    most = max((loss for loss in losses if loss is not None), default=0.0) or 1.0
    rows = [
        f"  {one.value:>4}  {bar(loss or 0.0, most).ljust(BAR)}  {number(loss):>10}  {one.n:,} "
        "keys"
        + "".join(
            f"  {percent(covered.share)} in {100 * float(level):g} %"
            for level, covered in one.covered.items()
        )
        for one, loss in zip(horizons, losses, strict=True)
    ]
    return [f"{title} by step of the target", *rows]


def _groups(newest: tuple[Scored, ColumnScores]) -> list[list[str]]:
    """The groups of the newest version, the worst first."""
    one, column = newest
    sections: list[list[str]] = []
    for by, groups in column.groups.items():
        title, losses = _main(groups)
        ranked = sorted(zip(groups, losses, strict=True), key=lambda pair: -(pair[1] or 0.0))[
            :_GROUPS
        ]
        most = max((loss or 0.0 for _, loss in ranked), default=0.0) or 1.0
        width = max((len(group.value or "null") for group, _ in ranked), default=0)
        lines = [
            f"  {(group.value or 'null').ljust(width)}  {bar(loss or 0.0, most).ljust(BAR)}  "
            f"{number(loss):>10}"
            f"  {group.n:,} keys{' *' if group.few else ''}"
            for group, loss in ranked
        ]
        note = ["  * fewer than 30 keys"] if any(group.few for group, _ in ranked) else []
        which = f", the {_GROUPS} worst of {len(groups)}" if len(groups) > _GROUPS else ""
        sections.append([f"{title} by {by} in version {one.scores.version}{which}", *lines, *note])
    return sections


def _main(slices: list[Slice]) -> tuple[str, list[float | None]]:
    """The first loss that a slice has, and its values."""
    wrong = [None if one.right is None else 1 - one.right for one in slices]
    for title, losses in (
        ("MAE", [one.mae for one in slices]),
        ("WIS", [one.wis for one in slices]),
        ("Brier score", [one.brier for one in slices]),
        ("Wrong", wrong),
    ):
        if any(loss is not None for loss in losses):
            return title, losses
    return "Keys", [float(one.n) for one in slices]


def _revision(pooled: Revision | None, newest: ColumnScores) -> list[str]:
    if pooled is None or pooled.won is None or pooled.lost is None or pooled.neutral is None:
        return []
    unit = f" {newest.unit}" if newest.unit else ""
    change = pooled.error_change
    moved = (
        ""
        if change is None
        else f"; the mean error {'fell' if change < 0 else 'rose'} by {number(abs(change))}{unit}"
    )
    return [
        "Did revisions move towards the actual values?",
        f"  {percent(pooled.won)} nearer, {percent(pooled.lost)} farther, "
        f"{percent(pooled.neutral)} neither, "
        f"of {count(pooled.n, 'revised key')}{moved}",
    ]


def _skill(versions: list[tuple[Scored, ColumnScores]]) -> list[str]:
    shown = [(one, column.skill) for one, column in versions if column.skill is not None][
        -_VERSIONS:
    ]
    losses = list(dict.fromkeys(name for _, skill in shown for name in skill.losses))
    if not losses:
        return [f"Nothing to compare with the baseline ({shown[-1][1].reason})"] if shown else []
    rows = [
        [
            str(one.scores.version),
            f"{skill.set} {skill.version}",
            f"{skill.n:,}",
            *(
                percent_signed(skill.losses[name].skill) if name in skill.losses else "–"
                for name in losses
            ),
        ]
        for one, skill in shown
    ]
    title = "Skill: how much smaller each loss is than the baseline's, on the keys that both have"
    return [title, *table(["version", "baseline", "keys", *losses], rows, left=2)]


def short(x: float | None) -> str:
    """Four significant digits, so that a table fits a terminal."""
    return number(None if x is None else float(f"{x:.4g}"))


def percent_signed(share: float | None) -> str:
    """`+12.5 %`, `−3.20 %`; `–` for none."""
    if share is None:
        return "–"
    return ("−" if share < 0 else "+") + percent(abs(share))


def _tests(tests: list[DieboldMariano]) -> list[str]:
    if not any(one.statistic is not None for one in tests):
        reasons = ", ".join(sorted({str(one.reason) for one in tests}))
        return [f"Diebold–Mariano test against the baseline: none ({reasons})"] if tests else []
    rows = [
        [
            f"{one.column} {one.loss}",
            one.baseline,
            one.step or "–",
            str(one.dates),
            short(one.mean_difference),
            short(one.statistic),
            short(one.p_value),
            _outcome(one),
        ]
        for one in tests
        if one.loss != "rmse" and one.statistic is not None
    ]
    title = "Is the difference from the baseline more than chance? Diebold–Mariano over dates"
    return [
        title,
        *table(
            ["loss", "baseline", "step", "dates", "ours − theirs", "statistic", "p", ""],
            rows,
            left=2,
        ),
    ]


def _outcome(one: DieboldMariano) -> str:
    if one.p_value is None or one.p_value > _SIGNIFICANT:
        return ""
    return "better" if one.mean_difference < 0 else "worse"


def _day(one: Scored) -> str:
    return "–" if one.scores.data_through is None else one.scores.data_through.date().isoformat()
