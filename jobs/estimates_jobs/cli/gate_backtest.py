"""`estimates gate backtest`: what a policy would have said of every version."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import click

from estimates.gate.pages.verdict_text import value_text
from estimates_jobs.cli.interface.command import Options, command, set_argument
from estimates_jobs.cli.output import cells, progress, terminal
from estimates_jobs.cli.output.file_writing import writing

if TYPE_CHECKING:
    from estimates.calibration.backtest_report import Backtest, Metric, Point

_SPARKS = "▁▂▃▄▅▆▇█"

# Columns of a metric's picture, of more versions the worst of several; on a terminal what is left
# beside the numbers.
_DRAWN, _FEWEST_DRAWN, _NUMBERS = 52, 20, 80

_COLOURS = {"warn": "yellow", "fail": "bold red", "error": "bold red", "waived": "yellow"}


@command(
    "estimates gate backtest sp500-close",
    "estimates gate backtest sp500-close --policy stricter.toml --html backtest.html",
    "estimates gate backtest sp500-close --last 52 --format json | jq .counts",
)
@set_argument
@click.option(
    "--policy",
    metavar="FILE.toml",
    help="A contract whose policy to replay. Default: the newest one.",
)
@click.option(
    "--last",
    type=click.IntRange(min=1),
    metavar="N",
    help="Only the newest N versions. Default: all.",
)
@click.option(
    "--no-functions",
    is_flag=True,
    help="Load no code that the contract names; checks that are functions are skipped.",
)
@click.option(
    "--html", metavar="FILE", help="Also write a page with every check drawn through the versions."
)
def backtest(
    options: Options,
    set_name: str,
    policy: str | None,
    last: int | None,
    no_functions: bool,
    html: str | None,
) -> None:
    """Replay a policy over the history: what it would have blocked, caught and let through; changes
    nothing.

    Every version that was judged or promoted is judged again as of its own time, against what
    production was then; without waivers and without actual values.
    """
    from estimates.calibration.backtest import backtest as replay
    from estimates.calibration.backtest_html import render_html
    from estimates.contract.contract_file import read_contract

    store = options.open()
    contract = None if policy is None else read_contract(policy)
    with progress.version_bar(quiet=options.json) as advance:
        replayed = replay(
            store,
            set_name,
            contract,
            last=last,
            functions=not no_functions,
            progress=advance,
        )
    if html is not None:
        with writing(html) as path:
            path.write_text(render_html(replayed), encoding="utf-8")
    if options.json:
        terminal.json(replayed)
    else:
        _show(replayed)


def _show(replayed: Backtest) -> None:
    """Counts by fate, the versions about which the policy and what happened differ, and a picture
    of each check.
    """
    from estimates.calibration.backtest_report import Fate, counts_of, headline

    revision = replayed.contract_revision
    contract = "another contract" if revision is None else f"contract revision {revision}"
    count = len(replayed.versions)
    terminal.line(f"{replayed.set}: the policy of {contract} over {count} versions", "bold")
    terminal.line(headline(replayed))
    terminal.line()
    counts = {fate: counts_of(replayed.counts, fate) for fate in get_args(Fate)}
    terminal.table(
        ["it was", "versions", "would be blocked"],
        [[fate.replace("_", " "), *numbers] for fate, numbers in counts.items() if numbers[0]],
    )
    by_number = {version.version: version for version in replayed.versions}
    for title, numbers in (
        ("promoted, and would have been blocked", replayed.promoted_blocked),
        ("rolled back, and would have been caught", replayed.caught),
        ("rolled back, and would not have been caught", replayed.missed),
        ("refused, and would have been let through", replayed.let_through),
    ):
        if numbers:
            versions = [by_number[number] for number in numbers]
            rows = [[v.version, v.against, ", ".join(v.blocked_by)] for v in versions]
            terminal.section(title)
            terminal.table(["version", "against", "blocked by"], rows)
    for reason in dict.fromkeys(version.reason for version in replayed.left_out):
        left_out = [str(v.version) for v in replayed.left_out if v.reason == reason]
        plural = "s" if len(left_out) > 1 else ""
        terminal.line(f"left out, {reason}: version{plural} {', '.join(left_out)}")
    _show_metrics(replayed)


def _show_metrics(replayed: Backtest) -> None:
    drawn = [metric for metric in replayed.checks if metric.telling]
    if not drawn:
        return
    terminal.section("checks through the versions, oldest first")
    terminal.records([_row(metric) for metric in drawn])
    others = [metric for metric in replayed.checks if not metric.telling]
    never = sum(all(point.value is None for point in metric.points) for metric in others)
    terminal.line(
        f"{len(others) - never} checks passed each time with the same value; {never} never applied"
    )


def _row(metric: Metric) -> dict[str, cells.Cell]:
    measured = [point for point in metric.points if point.value is not None]
    values = sorted(point.value for point in measured if point.value is not None)
    worst = -1 if metric.worse == "above" else 0

    def text(value: float | None) -> str:
        return "" if value is None else value_text(value, metric.unit, metric.name)

    return {
        "no.": str(metric.number),
        "check": metric.name,
        "median": text(values[len(values) // 2] if values else None),
        "worst": text(values[worst] if values else None),
        "warns": text(measured[-1].warn if measured else None),
        "blocks": text(measured[-1].block if measured else None),
        "warned": metric.times("warn"),
        "blocked": metric.times("fail", "error"),
        "": _picture(metric),
    }


def _picture(metric: Metric) -> cells.Cell:
    """A column a version, or the worst of several; yellow where it warned, red where it blocked."""
    from rich.text import Text

    values = [point.value for point in metric.points if point.value is not None]
    is_share = metric.worse == "below"  # what is best there is near 1, not near 0
    low = min(values, default=0.0) if is_share else min([0.0, *values])
    high = max([0.0, *values])
    picture = Text()
    for point in _worst_of_several(metric):
        if point.value is None:
            mark = "×" if point.status == "error" else " "
        else:
            height = (point.value - low) / (high - low) if high > low else float(is_share)
            mark = _SPARKS[round(height * (len(_SPARKS) - 1))]
        picture.append(mark, _COLOURS.get(point.status, ""))
    return picture


def _worst_of_several(metric: Metric) -> list[Point]:
    columns = min(_DRAWN, max(_FEWEST_DRAWN, terminal.console().width - _NUMBERS))
    size = -(-len(metric.points) // columns)
    sign = 1 if metric.worse == "above" else -1

    def badness(point: Point) -> tuple[bool, float]:
        return point.status == "error", float("-inf") if point.value is None else sign * point.value

    groups = (metric.points[i : i + size] for i in range(0, len(metric.points), size))
    return [max(group, key=badness) for group in groups]
