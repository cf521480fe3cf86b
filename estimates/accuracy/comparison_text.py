"""What a version is worth beside another one, as lines of a page: revisions, skill against a
baseline, tests over dates.
"""

from __future__ import annotations

from estimates.accuracy.accuracy_report import (
    ColumnScores,
    Compared,
    DieboldMariano,
    Revision,
    Scored,
)
from estimates.render.terminal import table
from estimates.render.wording import count, number, percent

_VERSIONS = 20
_SIGNIFICANT = 0.05
_NAMES = {"mae": "MAE", "rmse": "RMSE", "wis": "WIS", "crps": "CRPS", "brier": "Brier score"}


def revision(pooled: Revision | None, newest: ColumnScores) -> list[str]:
    """Whether all versions together moved towards the actual values."""
    if pooled is None or pooled.won is None or pooled.lost is None or pooled.neutral is None:
        return []
    unit = f" {newest.unit}" if newest.unit else ""
    change = pooled.error_change
    error_moved = ""
    if change is not None:
        verb = "fell" if change < 0 else "rose"
        error_moved = f"; the mean error {verb} by {number(abs(change))}{unit}"
        error_moved = error_moved if change else "; the mean error stayed the same"
    return [
        "Did revisions move towards the actual values?",
        f"  {percent(pooled.won)} nearer, {percent(pooled.lost)} farther, "
        f"{percent(pooled.neutral)} neither, "
        f"of {count(pooled.n, 'revised key')}{error_moved}",
    ]


def skill(versions: list[tuple[Scored, ColumnScores]]) -> list[str]:
    """Each of the newest versions against its baseline."""
    shown = [(scored, column.skill) for scored, column in versions if column.skill is not None][
        -_VERSIONS:
    ]
    losses = list(dict.fromkeys(name for _, skill in shown for name in skill.losses))
    if not losses:
        return [f"Nothing to compare with the baseline ({shown[-1][1].reason})"] if shown else []
    rows = [
        [
            str(scored.scores.version),
            f"{skill.set} {skill.version}",
            f"{skill.n:,}",
            *(
                percent_signed(skill.losses[name].skill) if name in skill.losses else "–"
                for name in losses
            ),
        ]
        for scored, skill in shown
    ]
    title = "Skill: how much smaller each loss is than the baseline's, on the keys that both have"
    return [title, *table(["version", "baseline", "keys", *losses], rows, left=2)]


def pooled_skill(skill: dict[str, dict[str, Compared]]) -> list[str]:
    """All versions together against each baseline, on the keys that both have."""
    lines: list[str] = []
    for baseline, losses in skill.items():
        for name, compared in losses.items():
            if compared.relative is None:
                continue
            lines.append(
                f"  {_NAMES.get(name, name.replace('_', ' '))} {number(compared.ours)} is "
                f"{compared.relative:.4g} times that of {baseline} "
                f"(skill {percent_signed(compared.skill)}; {count(compared.n, 'key')})"
            )
    return ["Against the baseline, on the keys that both have", *lines] if lines else []


def short(x: float | None) -> str:
    """Four significant digits, so that a table fits a terminal."""
    return number(None if x is None else float(f"{x:.4g}"))


def percent_signed(share: float | None) -> str:
    """`+12.5 %`, `−3.20 %`; `–` for none."""
    if share is None:
        return "–"
    return ("−" if share < 0 else "+") + percent(abs(share))


def tests(over_dates: list[DieboldMariano]) -> list[str]:
    """Whether differences from the baseline are more than chance; those of rmse are in the JSON."""
    over_dates = [test for test in over_dates if test.loss != "rmse"]
    if not any(test.statistic is not None for test in over_dates):
        reasons = ", ".join(sorted({str(test.reason) for test in over_dates}))
        return (
            [f"Diebold–Mariano test against the baseline: none ({reasons})"] if over_dates else []
        )
    rows = [
        [
            f"{test.column} {test.loss}",
            test.baseline,
            test.step or "–",
            str(test.dates),
            short(test.mean_difference),
            short(test.statistic),
            short(test.p_value),
            _outcome(test),
        ]
        for test in over_dates
        if test.statistic is not None
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


def _outcome(test: DieboldMariano) -> str:
    if test.p_value is None or test.p_value > _SIGNIFICANT:
        return ""
    return "better" if test.mean_difference < 0 else "worse"
