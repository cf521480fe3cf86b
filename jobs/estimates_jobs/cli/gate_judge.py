"""`estimates gate`: judge a version, or a file before it is published."""

from __future__ import annotations

from datetime import datetime

import click
import polars as pl

from estimates import instants
from estimates.catalog.ref import PRODUCTION
from estimates.contract.contract import Contract
from estimates.errors import InvalidError
from estimates.gate.offender_table import Offenders
from estimates.gate.verdict import Verdict
from estimates_jobs.cli.interface.command import (
    Options,
    clock_is_right_option,
    command,
    notify_option,
    set_argument,
    timezone_option,
)
from estimates_jobs.cli.interface.notifying import notifying
from estimates_jobs.cli.interface.table_options import table_options
from estimates_jobs.cli.output import cells, terminal
from estimates_jobs.cli.output.verdict_files import (
    VerdictFile,
    needed_offenders,
    reporting_unreadable,
    show_verdict,
    write_option,
)
from estimates_jobs.run.runner import file_candidate
from estimates_jobs.tables.actual_values import read_actual_values
from estimates_jobs.tables.table_files import moments_in, with_timezone


@command(
    "estimates gate sp500-close 4",
    "estimates gate sp500-close 4 --again                                    # by today's policy",
    "estimates gate sp500-close --file tomorrow.csv --through 2022-12-16      # before it is "
    "published",
    "estimates gate sp500-close --file tomorrow.csv --against 3",
    "estimates gate sp500-close --file tomorrow.csv --store http://127.0.0.1:8000   # where "
    "there is no store",
    "estimates gate sp500-close 4 --store http://127.0.0.1:8000                     # the verdict "
    "on record",
    "estimates gate churn --file churn-july.csv --actuals left-by-august.csv         # and by "
    "what became of it",
    "estimates gate sp500-close --file new.csv --format github --write junit=gate.xml --write "
    "html=gate.html",
    "estimates gate sp500-close 4 --format json | jq '.checks[] | select(.status == \"fail\")'",
    forms=("markdown", "junit", "github", "html"),
)
@set_argument
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
@click.option(
    "--again",
    is_flag=True,
    help="Of a VERSION: judge it anew, also where the verdict on record still counts.",
)
@click.option(
    "--no-functions",
    is_flag=True,
    help="With --file: load no code that the contract names; checks that are functions are "
    "skipped. For requests of people who are not trusted.",
)
@timezone_option
@table_options
@notify_option
@write_option
@clock_is_right_option
def judge(
    options: Options,
    set_name: str,
    version: int | None,
    file: str | None,
    through: str | None,
    against: str | None,
    actuals: str | None,
    now: str | None,
    again: bool,
    no_functions: bool,
    timezone: str | None,
    files: list[VerdictFile],
) -> int:
    """The verdict on a stored version; or judge a file.

    A version whose verdict no longer counts, since the policy, a waiver or production changed, is
    judged against what production points to now, and the verdict is kept. One that production went
    past has the verdict by which that was decided.

    The URL of a service will do as --store. Of a VERSION it shows the newest verdict on record; for
    a file contract and baseline come from there, and the file stays here. Exits 1 when the gate
    blocks, also when it could not evaluate a check.
    """
    _check_usage(options, version, file, through, against, no_functions)
    if again and version is None:
        raise click.UsageError("--again belongs to a VERSION; a file is always judged")
    judged_at = None if now is None else instants.parse(now, "--now")
    offenders = needed_offenders(files)
    if version is not None:
        with reporting_unreadable(options, files, set_name, f"version {version}"):
            return _judge_version(
                options, set_name, version, files, offenders, judged_at, actuals, timezone, again
            )
    assert file is not None
    with reporting_unreadable(options, files, set_name, file):
        estimates = options.open_to_read()[set_name]
        contract = with_timezone(estimates.contract, timezone)
        frame, provenance = file_candidate(
            contract, file, data_through=through, options=options.tables, now=judged_at
        )
        verdict = estimates.judge_frame(
            frame,
            provenance,
            against=against or PRODUCTION,
            functions=not no_functions,
            judged_at=judged_at,
            actuals=_observed(options, actuals, contract, timezone),
            offenders=offenders,
        )
    return show_verdict(options, verdict, files, offenders)


def _judge_version(
    options: Options,
    set_name: str,
    version: int,
    files: list[VerdictFile],
    offenders: Offenders | None,
    judged_at: datetime | None,
    actuals: str | None,
    timezone: str | None,
    again: bool,
) -> int:
    """Show the verdict on record where that is enough, else judge; returns the exit code."""
    judges = again or not (actuals is judged_at is offenders is options.notify is None)
    if options.is_remote:
        return _show_remote(options, set_name, version, files, judges=judges)
    store = options.open()
    standing = None if judges else store.standing_verdict(set_name, version)
    if standing is not None:
        return _show_standing(options, standing, files, "--again judges it anew")
    observed = _observed(options, actuals, store.contract(set_name), timezone)
    with notifying(options, store):
        verdict = store.judge(
            set_name, version, judged_at=judged_at, actuals=observed, offenders=offenders
        )
    return show_verdict(options, verdict, files, offenders)


def _show_standing(options: Options, verdict: Verdict, files: list[VerdictFile], more: str) -> int:
    """Show a verdict that was reached before; returns the exit code."""
    code = show_verdict(options, verdict, files)
    if options.format == "text":
        when = cells.instant(verdict.judged_at)
        terminal.line(f"on record, judged {when}; {more}", "dim")
    return code


def _show_remote(
    options: Options, set_name: str, version: int, files: list[VerdictFile], *, judges: bool
) -> int:
    """Show the newest verdict that a service has on a version; returns the exit code.

    Raises InvalidError (`service_url`) where it should be judged anew: a service only reads.
    """
    if judges:
        raise InvalidError(
            "service_url",
            "a service only shows the verdict on record; --again, --actuals, --now, --notify and "
            "--write offenders=… judge anew, which needs the store itself",
            remedy="leave them out, or name the store with --store",
        )
    verdict = options.open_to_read()[set_name].verdict(version)
    return _show_standing(options, verdict, files, "the store itself says whether it still counts")


def _check_usage(
    options: Options,
    version: int | None,
    file: str | None,
    through: str | None,
    against: str | None,
    no_functions: bool,
) -> None:
    """Raises click.UsageError for options that mean nothing together."""
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
    if no_functions and file is None:
        raise click.UsageError(
            "--no-functions belongs to --file; a version is promoted by its verdict, which needs "
            "every check"
        )


def _observed(
    options: Options, actuals: str | None, contract: Contract, timezone: str | None
) -> pl.DataFrame | None:
    """The actual values, where there are any; times without a zone are those of `timezone`."""
    if actuals is None:
        return None
    observed = read_actual_values(actuals, contract, options.tables)
    return observed if timezone is None else moments_in(observed, with_timezone(contract, timezone))
