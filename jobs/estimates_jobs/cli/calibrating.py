"""Commands about what the gate holds versions to: the policy in force, limits from the history, a
policy replayed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from estimates.contract.gate_policy import GroupLimits
from estimates.errors import InvalidError
from estimates.gate.pages.verdict_text import value_text
from estimates.gate.policy_table import PolicyInForce, Rule
from estimates_jobs.cli import show
from estimates_jobs.cli.command import Options, command

if TYPE_CHECKING:
    from estimates.calibration.backtest import Progress
    from estimates.calibration.backtest_report import Backtest, Metric, Point
    from estimates.calibration.suggestion import Noise, Proposal, Suggestion
    from estimates.store.store import Store

_SPARKS = "▁▂▃▄▅▆▇█"
# Columns of a metric's picture, of more versions the worst of several; on a terminal what is left
# beside the numbers.
_DRAWN, _FEWEST_DRAWN, _NUMBERS = 52, 20, 80
_COLOURS = {"warn": "yellow", "fail": "bold red", "error": "bold red", "waived": "yellow"}


@command(
    "policy",
    examples=(
        "estimates gate policy sp500-close",
        "estimates gate policy sp500-close --store http://127.0.0.1:8000   # of a running service",
        "estimates gate policy sp500-close --format json | jq '.checks[] | select(.warn_from == "
        '"contract")\'',
    ),
)
@click.argument("set_name", metavar="SET")
def policy(options: Options, set_name: str) -> None:
    """The policy in force: what each check of the gate is held to, and where each limit comes from.

    Limits come from the check's default, the profile of the contract, the contract itself, or
    another field of it.
    """
    found = options.open_to_read()[set_name].policy()
    if options.json:
        show.value(found)
    else:
        show_policy(found)


@command(
    "suggest",
    examples=(
        "estimates gate suggest sp500-close",
        "estimates gate suggest sp500-close | patch sp500-close.toml && estimates define "
        "sp500-close.toml",
        "estimates gate suggest sp500-close --noise --format json | jq -r .diff",
    ),
)
@click.argument("set_name", metavar="SET")
@click.option(
    "--last",
    type=click.IntRange(min=1),
    metavar="N",
    help="From the newest N versions. Default: all.",
)
@click.option(
    "--noise",
    is_flag=True,
    help="Run the newest version's job again, to see how much a rerun differs.",
)
def suggest(options: Options, set_name: str, last: int | None, noise: bool) -> None:
    """Propose limits from what the set's promoted versions did, as a diff of its contract; changes
    nothing.

    A warning limit is the largest of: a tenth of the default, the 99 % quantile of the moves from
    one promoted version to the next, three times the noise of a rerun. A blocking limit keeps its
    proportion to it. Needs 20 moves.
    """
    from estimates.calibration.suggestion import suggest as propose

    store = options.open()
    measured = _noise(store, set_name) if noise else None
    with _progress(options) as progress:
        found = propose(store, set_name, last=last, noise=measured, progress=progress)
    if options.json:
        show.value(found)
    else:
        show_suggestion(found)


@command(
    "backtest",
    examples=(
        "estimates gate backtest sp500-close",
        "estimates gate backtest sp500-close --policy stricter.toml --html backtest.html",
        "estimates gate backtest sp500-close --last 52 --format json | jq .counts",
    ),
)
@click.argument("set_name", metavar="SET")
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
    "--html", metavar="FILE", help="Also write a page with every check drawn through the versions."
)
def backtest(
    options: Options, set_name: str, policy: str | None, last: int | None, html: str | None
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
    with _progress(options) as progress:
        found = replay(store, set_name, contract, last=last, progress=progress)
    if html is not None:
        _write(html, render_html(found))
    if options.json:
        show.value(found)
    else:
        show_backtest(found)


@contextmanager
def _progress(options: Options) -> Iterator[Progress]:
    with show.bar(0, quiet=options.json) as advance:
        yield lambda done, total: advance("versions", done, total)


def _noise(store: Store, set_name: str) -> Noise:
    from estimates.calibration.suggestion import Noise, noise_of
    from estimates_jobs.attribution.why import rerun

    view = store.view().set(set_name)
    version = view.versions[-1] if view.versions else None
    if version is None or version.shape != view.contracts[-1].shape:
        return Noise({}, "there is no version of the contract's shape to run again")
    again = rerun(store, version)
    return (
        Noise({}, again)
        if isinstance(again, str)
        else noise_of(store, set_name, version.version, again)
    )


def _write(file: str, text: str) -> None:
    try:
        Path(file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidError(
            "not_written", f"{file} cannot be written: {error.strerror or error}"
        ) from None


def show_suggestion(found: Suggestion) -> None:
    """A row a check, what is left as it is, and the diff, last: `patch` reads the whole."""
    show.line(f"{found.set}: limits from {found.versions} moves between promoted versions", "bold")
    header = [
        "no.",
        "check",
        "n",
        "median",
        "99 %",
        "noise",
        "warns now",
        "new",
        "blocks now",
        "new",
    ]
    proposed = [one for one in found.checks if one.reason is None]
    show.table(header, [_proposal(one) for one in proposed])
    reasons: dict[str, list[str]] = {}
    for one in found.checks:
        if one.reason is not None:
            reasons.setdefault(one.reason, []).append(one.name)
    for reason, names in reasons.items():
        show.line(f"left as they are, {reason}: {', '.join(names)}")
    if found.noise is not None:
        show.line(f"the noise is not known: {found.noise}")
    show.line()
    if not found.diff:
        show.line("nothing to change: the contract has these limits already")
        return
    show.line(
        f"next: estimates gate suggest {found.set} | patch CONTRACT.toml && estimates define "
        "CONTRACT.toml"
    )
    show.line()
    show.page(found.diff)


def _proposal(one: Proposal) -> list[show.Cell]:
    values = (one.median, one.q99, one.noise, one.warn, one.new_warn, one.block, one.new_block)
    return [
        str(one.number),
        one.name,
        one.n,
        *("" if value is None else value_text(value, one.unit) for value in values),
    ]


def show_backtest(found: Backtest) -> None:
    """Counts by fate, the versions about which the policy and what happened differ, and a picture
    of each check.
    """
    from estimates.calibration.backtest_report import Fate, counts_of, headline

    of = (
        "another contract"
        if found.contract_revision is None
        else f"contract revision {found.contract_revision}"
    )
    show.line(f"{found.set}: the policy of {of} over {len(found.versions)} versions", "bold")
    show.line(headline(found))
    show.line()
    counts = [
        [fate.replace("_", " "), *counts_of(found.counts, fate)]
        for fate in get_args(Fate)
        if counts_of(found.counts, fate)[0]
    ]
    show.table(["it was", "versions", "would be blocked"], counts)
    by_number = {one.version: one for one in found.versions}
    for title, numbers in (
        ("promoted, and would have been blocked", found.promoted_blocked),
        ("rolled back, and would have been caught", found.caught),
        ("rolled back, and would not have been caught", found.missed),
        ("refused, and would have been let through", found.let_through),
    ):
        if numbers:
            show.line()
            show.line(title, "bold")
            rows = [[n, by_number[n].against, ", ".join(by_number[n].blocked_by)] for n in numbers]
            show.table(["version", "against", "blocked by"], rows)
    for reason in dict.fromkeys(one.reason for one in found.left_out):
        numbers = [str(one.version) for one in found.left_out if one.reason == reason]
        show.line(
            f"left out, {reason}: version{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}"
        )
    _show_metrics(found)


def _show_metrics(found: Backtest) -> None:
    drawn = [metric for metric in found.checks if metric.telling]
    if not drawn:
        return
    show.line()
    show.line("checks through the versions, oldest first", "bold")
    header = ["no.", "check", "median", "worst", "warns", "blocks", "warned", "blocked", ""]
    show.table(header, [_metric(metric) for metric in drawn])
    rest = [metric for metric in found.checks if not metric.telling]
    never = [metric.name for metric in rest if all(point.value is None for point in metric.points)]
    show.line(
        f"{len(rest) - len(never)} checks passed each time with the same value; {len(never)} "
        "never applied"
    )


def _metric(metric: Metric) -> list[show.Cell]:
    values = sorted(point.value for point in metric.points if point.value is not None)
    seen = (
        (values[len(values) // 2], values[-1 if metric.worse == "above" else 0])
        if values
        else (None, None)
    )
    limits = next(
        ((one.warn, one.block) for one in reversed(metric.points) if one.value is not None),
        (None, None),
    )
    cells = ["" if value is None else value_text(value, metric.unit) for value in (*seen, *limits)]
    times = (metric.times("warn"), metric.times("fail", "error"))
    return [str(metric.number), metric.name, *cells, *times, _spark(metric)]


def _spark(metric: Metric) -> show.Cell:
    """A column a version, or the worst of several; yellow where it warned, red where it blocked."""
    from rich.text import Text

    values = [point.value for point in metric.points if point.value is not None]
    low, high = min([0.0, *values]), max([0.0, *values])
    if metric.worse == "below":  # what is best there is near 1, not near 0
        low = min(values, default=0.0)
    picture = Text()
    for point in _worst_of_several(metric):
        if point.value is None:
            picture.append("×" if point.status == "error" else " ", _COLOURS.get(point.status, ""))
        else:
            share = (
                (point.value - low) / (high - low) if high > low else float(metric.worse == "below")
            )
            picture.append(
                _SPARKS[round(share * (len(_SPARKS) - 1))], _COLOURS.get(point.status, "")
            )
    return picture


def _worst_of_several(metric: Metric) -> list[Point]:
    columns = min(_DRAWN, max(_FEWEST_DRAWN, show.console().width - _NUMBERS))
    size = -(-len(metric.points) // columns)
    sign = 1 if metric.worse == "above" else -1

    def badness(point: Point) -> tuple[bool, float]:
        return point.status == "error", float("-inf") if point.value is None else sign * point.value

    groups = (metric.points[i : i + size] for i in range(0, len(metric.points), size))
    return [max(group, key=badness) for group in groups]


def show_policy(found: PolicyInForce) -> None:
    """A row a check, rows of groups beneath it; checks that are off, and the digest, at the end."""
    who = "a run promotes what passes" if found.promote == "automatic" else "a person promotes"
    show.line(
        f"{found.set}, contract revision {found.contract_revision}: profile {found.profile}, {who}",
        "bold",
    )
    rows: list[list[show.Cell]] = []
    for rule in found.checks:
        if rule.off is None:
            rows += [_row(rule), *_group_rows(rule)]
    show.table(["no.", "check", "warns", "blocks", "severity", "from"], rows)
    off = [[str(rule.number), rule.name, rule.off] for rule in found.checks if rule.off is not None]
    if off:
        show.line()
        show.line("off", "bold")
        show.table(["no.", "check", "because"], off)
    show.line()
    show.line("◆ every version must pass it, whatever a contract says")
    show.line(f"policy {found.policy}")


def _row(rule: Rule) -> list[show.Cell]:
    name = f"{rule.name}{'' if rule.adjustable else ' ◆'}"
    limits = [_limit(rule, rule.warn), _limit(rule, rule.block)]
    return [str(rule.number), name, *limits, rule.severity or "", _sources(rule)]


def _group_rows(rule: Rule) -> list[list[show.Cell]]:
    named: list[tuple[str, GroupLimits]] = [
        (f"  {column} {value}", limits)
        for column, values in rule.groups.items()
        for value, limits in values.items()
    ]
    return [
        ["", name, _limit(rule, own.warn), _limit(rule, own.block), "", "contract"]
        for name, own in named
    ]


def _limit(rule: Rule, limit: float | None) -> str:
    return "" if limit is None else f"{rule.worse} {value_text(limit, rule.unit)}"


def _sources(rule: Rule) -> str:
    """Where the limits come from, said once when it is one place; and who gave the severity."""
    named = {"warns": rule.warn_from, "blocks": rule.block_from}
    told_ = {"measured": "measured with the value"}
    given = {
        level: told_.get(source, source) for level, source in named.items() if source is not None
    }
    if len(set(given.values())) > 1:
        parts = [f"{level}: {source}" for level, source in given.items()]
    else:
        parts = list(given.values())[:1] or ["no limit"]
    return ", ".join([*parts, *([f"severity: {rule.severity_from}"] if rule.severity_from else [])])
