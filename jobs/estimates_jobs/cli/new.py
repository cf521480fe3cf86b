"""`estimates new`: a set from a table of observed series, up to its first version."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import click

from estimates.errors import InvalidError, NotFoundError
from estimates.render.wording import percent
from estimates.settings import Settings
from estimates_jobs.cli.interface.command import Options, columns_option, command, open_store
from estimates_jobs.cli.interface.interruption import interruptible
from estimates_jobs.cli.interface.table_options import text_options
from estimates_jobs.cli.output import cells, progress, terminal

if TYPE_CHECKING:
    from estimates_jobs.run.runner import Outcome
    from estimates_jobs.scaffold.new_set import NewSet
    from estimates_jobs.scaffold.series_profile import SeriesProfile


@command(
    "estimates new demand --from sales.csv --time day --id shop,product --value units --horizon 28",
    "estimates new load --from 'meters/*.parquet' --time hour --value kwh --horizon 48",
)
@click.argument("set_name", metavar="SET")
@click.option(
    "--from",
    "source",
    metavar="FILE",
    required=True,
    help="A table with a row an observation: CSV, Parquet or Arrow, a folder, a glob or a URL.",
)
@click.option("--time", metavar="COLUMN", required=True, help="When something was observed.")
@columns_option("--id", help="The columns that tell series apart. Default: there is one series.")
@click.option("--value", metavar="COLUMN", required=True, help="What was observed, a number.")
@click.option(
    "--horizon",
    type=click.IntRange(1, 10_000),
    required=True,
    help="How many steps to forecast: hours, days, weeks, as far apart as the observations.",
)
@text_options("decimal", "encoding")
def new(
    options: Options,
    set_name: str,
    source: str,
    time: str,
    id: list[str] | None,  # noqa: A002
    value: str,
    horizon: int,
) -> int:
    """Make a set of forecasts from a table of observed series: its contract, its job, a test,
    schedules, and its first version.

    Looks at the series (how far apart, what is missing, zeros, season), tries a few models at
    moments of the past, takes the best and shows the numbers. Writes SET.toml, the
    job, its test and schedule/ into the working directory, makes the store where there is none,
    registers the contract and runs it. Refuses to write over anything. For a table of estimates
    that something else computed see `estimates draft`.
    """
    from estimates_jobs.scaffold.new_set import check_new, plan_set, write_files
    from estimates_jobs.scaffold.series_profile import Columns

    check_new(set_name)
    settings = options.settings()
    _check_unknown(settings, set_name)
    columns = Columns(time, tuple(id or ()), value)
    with progress.steps(quiet=options.json) as announce:
        made = plan_set(
            set_name, source, columns, horizon, settings.store, options.tables, announce
        )
        if not options.json:
            _show_profile(made)
            _show_choice(made)
        write_files(made.files)
        outcome = _first_version(settings, made, announce)
    if options.json:
        terminal.json(
            {
                "set": set_name,
                "profile": made.profile,
                "back_test": made.choice,
                "files": list(made.files),
                "run": outcome,
            }
        )
    else:
        _show_rest(made, outcome)
    return 1 if outcome.status == "refused" else 0


def _check_unknown(settings: Settings, name: str) -> None:
    """Raises InvalidError (`set_exists`) where the store has a set of this name."""
    try:
        sets = open_store(settings).view().sets
    except NotFoundError as error:
        if error.code != "no_store":
            raise
        return
    if name in sets:
        raise InvalidError(
            "set_exists",
            f"{name}: the store {settings.store} has a set of this name",
            remedy=f"name another set, or change this one: estimates define {name}.toml",
        )


def _first_version(settings: Settings, made: NewSet, announce: Callable[[str], None]) -> Outcome:
    from estimates_jobs.cli.interface.new_store import make_store
    from estimates_jobs.run import runner

    make_store(settings)
    store = open_store(settings)
    text = made.files[f"{made.name}.toml"]
    store.define(made.contract, text)
    with interruptible(f"all is written but a version: estimates run {made.name}"):
        return runner.run(store, made.name, progress=announce)[0]


def _show_profile(made: NewSet) -> None:
    profile = made.profile
    terminal.line(f"{profile.source}: {profile.rows:,} observations", "bold")
    terminal.pairs(
        [
            *([("read", profile.reading)] if profile.reading else []),
            ("series", _series(made)),
            ("from, to", f"{profile.first}, {profile.last}"),
            ("calendar", f"{profile.calendar}; usually {profile.length:,} steps a series"),
            ("missing steps", f"{percent(profile.missing)} of those inside a series"),
            ("zeros", f"{percent(profile.zeros)} of the observations"),
            ("season", _season(profile)),
        ]
    )


def _series(made: NewSet) -> str:
    profile = made.profile
    of = f" of {profile.combinations:,} combinations" if profile.ids else ""
    less = profile.series - made.forecast
    short = f"; {less:,} of them too short, stale or off the calendar" if less > 0 else ""
    return f"{profile.series:,}{of}{short}"


def _season(profile: SeriesProfile) -> str:
    if profile.explained is None:
        return "none looked for: too few steps, or a calendar without one"
    share = f"explains {percent(max(profile.explained, 0))} of the changes from step to step"
    return f"{profile.season} steps, {share}" if profile.season > 1 else f"none: it {share}"


def _show_choice(made: NewSet) -> None:
    choice = made.choice
    first, last = (_moment(made, moment) for moment in (choice.moments[0], choice.moments[-1]))
    terminal.section(f"Back-test: {len(choice.moments)} moments, {first} to {last}")
    rows: list[dict[str, cells.Cell]] = [
        {
            "model": trial.model,
            "season": trial.season,
            "MASE": None if trial.mase is None else f"{trial.mase:.3f}",
            "MAE": None if trial.mae is None else f"{trial.mae:.4g}",
            "in 80 %": None if trial.covered is None else percent(trial.covered),
            "seconds": f"{trial.seconds:.1f}",
            "": "taken" if trial is choice.chosen else "",
        }
        for trial in choice.trials
    ]
    terminal.records(rows)
    terminal.line(
        f"on {choice.series:,} series. MASE: mean absolute error over that of the forecast 'as one "
        "season before'; in 80 %: observations inside the 80 % interval; seconds: for all series. "
        "Taken: of the models within 2 % of the least MASE the one with the truest interval; one "
        "that could not forecast at each moment is not.",
        "dim",
    )
    slow = [f"{t.model} (about {t.seconds:,.0f} s)" for t in choice.trials if t.is_slow]
    if slow:
        terminal.line(
            "Tried at the newest moment alone and not taken, as a forecast of all series takes "
            f"long: {', '.join(slow)}. To take one write it into {made.name}.toml."
        )


def _moment(made: NewSet, moment: datetime) -> str:
    if made.profile.time_type == "date":
        return moment.date().isoformat()
    return cells.instant(moment)


def _show_rest(made: NewSet, outcome: Outcome) -> None:
    terminal.section("Written")
    stem = list(made.files)
    terminal.pairs(
        [
            ("contract", stem[0]),
            ("job", stem[1]),
            ("test", f"{stem[2]}: python -m unittest {stem[2].removesuffix('.py')}"),
            ("schedules", ", ".join(stem[3:])),
        ]
    )
    terminal.section("First version")
    refusal = f"not promoted: {outcome.not_promoted_because}"
    promoted = "in production" if outcome.promoted else refusal
    terminal.pairs(
        [
            ("version", f"{outcome.version}: {outcome.rows:,} estimates, {promoted}"),
            ("data through", _moment(made, outcome.data_through)),
            *(("warning", warning) for warning in outcome.warnings),
        ]
    )
    terminal.section("Next")
    key = [str(values[0]) for values in made.profile.ids.values()]
    get = f"estimates get {made.name} {shlex.join(key)}".rstrip()
    why = f"estimates gate {made.name} {outcome.version}    # why it is not in production"
    for command_line in (
        *([get] if outcome.promoted else [why, f"{get} --ref {outcome.version}"]),
        "estimates serve",
        f"estimates run {made.name}    # once there are newer observations",
    ):
        terminal.line(f"  {command_line}")
