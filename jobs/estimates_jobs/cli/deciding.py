"""Commands that decide what production is: gate, promote, rollback."""

from __future__ import annotations

import click

from estimates import instants
from estimates.catalog.records import Event
from estimates.catalog.ref import PRODUCTION
from estimates_jobs.cli import show
from estimates_jobs.cli.command import Options, command, notify_option
from estimates_jobs.cli.notifying import notifying
from estimates_jobs.cli.verdicts import Copy, show_verdict, wanted_offenders, write_option
from estimates_jobs.run.runner import file_candidate
from estimates_jobs.tables.actual_values import read_actual_values


@command(
    "gate",
    examples=(
        "estimates gate sp500-close 4",
        "estimates gate sp500-close --file tomorrow.csv --through 2022-12-16      # before it is "
        "published",
        "estimates gate sp500-close --file tomorrow.csv --against 3",
        "estimates gate sp500-close --file tomorrow.csv --store http://127.0.0.1:8000   # where "
        "there is no store",
        "estimates gate churn --file churn-july.csv --actuals left-by-august.csv         # and by "
        "what became of it",
        "estimates gate sp500-close --file new.csv --format github --write junit=gate.xml --write "
        "markdown=gate.md",
        "estimates gate sp500-close 4 --format json | jq '.checks[] | select(.status == \"fail\")'",
    ),
    forms=("markdown", "junit", "github"),
)
@click.argument("set_name", metavar="SET")
@click.argument("version", metavar="[VERSION]", type=int, required=False)
@click.option(
    "--file", metavar="FILE", help="Judge a CSV, Parquet or Arrow file; nothing is stored."
)
@click.option(
    "--through",
    metavar="TIME",
    help="With --file: the last moment of its input data. Default: now.",
)
@click.option(
    "--against",
    metavar="REF",
    help="With --file: the version to compare it with. Default: production.",
)
@click.option(
    "--actuals", metavar="FILE-OR-SQL", help="What was observed: coverage and loss are judged too."
)
@click.option(
    "--now", metavar="TIME", help="Judge as if it were this time; it is recorded in the verdict."
)
@notify_option
@write_option()
def gate(
    options: Options,
    set_name: str,
    version: int | None,
    file: str | None,
    through: str | None,
    against: str | None,
    actuals: str | None,
    now: str | None,
    copies: list[Copy],
) -> int:
    """Judge a stored version against what production points to now and keep the verdict; or judge a
    file.

    For a file the URL of a service will do as --store: contract and baseline come from there, the
    file stays here. Exits 1 when the gate blocks, also when it could not evaluate a check.
    """
    if (version is None) == (file is None):
        raise click.UsageError("give a VERSION or --file FILE")
    if through is not None and file is None:
        raise click.UsageError("--through belongs to --file; a version knows its data_through")
    if options.notify is not None and file is not None:
        raise click.UsageError(
            "--notify belongs to a VERSION; of a file nothing is stored, so there is no event"
        )
    if against is not None and file is None:
        raise click.UsageError(
            "--against belongs to --file; a version is judged against what production points to"
        )
    judged_at = None if now is None else instants.parse(now, "--now")
    offenders = wanted_offenders(copies)
    observed = None if actuals is None else read_actual_values(actuals)
    if version is not None:
        store = options.open()
        with notifying(options, store):
            verdict = store.judge(
                set_name, version, judged_at=judged_at, actuals=observed, offenders=offenders
            )
            return show_verdict(options, verdict, copies, offenders)
    assert file is not None
    estimates = options.open_to_read()[set_name]
    frame, provenance = file_candidate(estimates.contract, file, data_through=through)
    verdict = estimates.judge_frame(
        frame,
        provenance,
        against=against or PRODUCTION,
        judged_at=judged_at,
        actuals=observed,
        offenders=offenders,
    )
    return show_verdict(options, verdict, copies, offenders)


@command(
    "promote",
    examples=(
        'estimates promote sp500-close 4 --reason "checked with the desk"',
        'estimates promote churn 7 --new-shape --reason "clients are ready for shape 2"',
    ),
)
@click.argument("set_name", metavar="SET")
@click.argument("version", type=int)
@click.option("--reason", required=True, metavar="TEXT", help="Why; it is kept in the log.")
@click.option("--alias", default="production", show_default=True, help="Which alias to move.")
@click.option("--new-shape", is_flag=True, help="Also to another shape than the alias has now.")
@notify_option
def promote(
    options: Options, set_name: str, version: int, reason: str, alias: str, new_shape: bool
) -> None:
    """Point production at a version that the gate lets through, and end a hold.

    A verdict that was given against another baseline or policy, or with other waivers than are in
    force, counts for nothing: the version is judged again first.
    """
    store = options.open()
    with notifying(options, store):
        show_move(
            options,
            store.promote(set_name, version, reason=reason, alias=alias, new_shape=new_shape),
        )


@command(
    "rollback",
    examples=(
        'estimates rollback sp500-close --reason "prices of 9 December were wrong"',
        'estimates rollback sp500-close --to 3 --reason "back to the last one we trust"',
    ),
)
@click.argument("set_name", metavar="SET")
@click.option("--reason", required=True, metavar="TEXT", help="Why; it is kept in the log.")
@click.option(
    "--to",
    type=int,
    metavar="VERSION",
    help="Back to this version. Default: the newest good one before.",
)
@click.option("--alias", default="production", show_default=True, help="Which alias to move.")
@notify_option
def rollback(options: Options, set_name: str, reason: str, to: int | None, alias: str) -> None:
    """Take production back to the newest version it held before that was not itself rolled back.
    Needs no verdict.

    The alias is then held: no run promotes anything until a person does.
    """
    store = options.open()
    with notifying(options, store):
        show_move(options, store.rollback(set_name, reason=reason, to=to, alias=alias))


def show_move(options: Options, event: Event) -> None:
    """Print a move of an alias."""
    if options.json:
        show.value(event)
        return
    before = "" if event.from_version is None else f", before it was {event.from_version}"
    show.line(f"{event.set}: {event.alias} is version {event.version}{before}")
    if event.kind == "rolled_back":
        show.line(f"{event.alias} is held: no run promotes anything until a person does")
        show.line(f'next: estimates promote {event.set} VERSION --reason "…"')
