"""`estimates publish`: a version from a table that was computed elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import click

from estimates import instants
from estimates.catalog.ref import PRODUCTION
from estimates.store.partial_update import Changes
from estimates.store.store import Store
from estimates_jobs.cli.interface.command import (
    Options,
    command,
    deciding_options,
    set_argument,
    timezone_option,
)
from estimates_jobs.cli.interface.table_options import table_options
from estimates_jobs.cli.output.run_outcome import (
    reporting_run,
    run_id_option,
    show_outcome,
    through_option,
)
from estimates_jobs.cli.publish_batch import Batch, publish_batch
from estimates_jobs.run import runner
from estimates_jobs.tables.table_files import read_table, typed, with_timezone


@command(
    "estimates publish churn scores.csv",
    "estimates publish churn scores.parquet --through 2026-11-20 --run-id weekly-47",
    "estimates publish churn old.csv --through 2025-03-01 --released-at 2025-03-02T06:00:00Z   "
    "# a history",
    "estimates publish churn changed.csv --changes --remove gone.csv",
    "estimates publish churn weekly/ --through '{date}'   # weekly/churn-2026-11-23.csv and so on",
    "estimates publish churn all.parquet --version-by run_date",
)
@set_argument
@click.argument("files", metavar="FILE…", nargs=-1, required=True)
@through_option
@run_id_option
@click.option(
    "--released-at",
    metavar="TIME",
    help="Of a history older than the store: when this was released, a claim that only "
    "clock=released believes.",
)
@click.option(
    "--changes",
    is_flag=True,
    help="FILE has only the rows that are new or differ from those of a version.",
)
@click.option(
    "--remove",
    metavar="FILE",
    help="With --changes: a table of the keys that go.",
)
@click.option(
    "--against",
    metavar="REF",
    help="With --changes: the version that is changed.  [default: production]",
)
@click.option(
    "--version-by",
    metavar="COLUMN",
    help="FILE is one long table: each value of this column, a date or time, is a version.",
)
@click.option(
    "--valid-from",
    metavar="COLUMN",
    help="FILE has rows that hold from a date or time on: each at which something changed is a "
    "version.",
)
@click.option(
    "--valid-to",
    metavar="COLUMN",
    help="With --valid-from: until when, empty in rows that still hold.  [default: until the "
    "key's next row]",
)
@click.option(
    "--stop-on-failure",
    is_flag=True,
    help="With several versions: make none after the first that is rejected or refused.",
)
@timezone_option
@table_options
@deciding_options
def publish(
    options: Options,
    set_name: str,
    files: tuple[str, ...],
    through: str | None,
    run_id: str | None,
    released_at: str | None,
    changes: bool,
    remove: str | None,
    against: str | None,
    version_by: str | None,
    valid_from: str | None,
    valid_to: str | None,
    stop_on_failure: bool,
    timezone: str | None,
) -> int:
    """Publish a CSV, JSON, Parquet or Arrow table that was computed elsewhere: a version, its
    verdict, its promotion. FILE may be a folder or a glob, below s3:// or at https://, or - for
    standard input.

    Columns may come in any order; types are the contract's, so that "01" stays "01". What cannot be
    read back by key (missing columns, wrong types, null or duplicate keys, NaN) is rejected and
    nothing is stored. Exits 1 when the gate refuses the version.

    With --changes a whole version is made of another one and of the rows of FILE; what did not
    change is shared with it and costs nothing.

    With --through '{date}' each file is a version, the oldest first, whose last moment of data is
    the date in its name or its folder's ('{date-7d}': a week before); --released-at takes {date},
    too. The same command again does what is left. Exits 2 when a file was rejected, else 1 when
    the gate refused a version.
    """
    batch = Batch(
        files, through, released_at, timezone, version_by, valid_from, valid_to, stop_on_failure
    )
    store = options.open()
    contract = store.contract(set_name)
    if batch.is_asked_for or contract.family:
        if changes or run_id:
            raise click.UsageError(
                "--changes and --run-id are for one version; a batch names its runs itself"
            )
        return publish_batch(options, store, contract, batch)
    if not changes and (remove or against):
        raise click.UsageError("--remove and --against go with --changes")
    return _publish_one(
        options,
        store,
        set_name,
        files[0],
        through,
        run_id or runner.new_run_id(),
        instants.instant_of(released_at),
        timezone,
        (lambda store: _changes(options, store, set_name, remove, against, timezone))
        if changes
        else None,
    )


def _publish_one(
    options: Options,
    store: Store,
    set_name: str,
    file: str,
    through: str | None,
    run_id: str,
    released_at: datetime | None,
    timezone: str | None,
    changes_in: Callable[[Store], Changes] | None,
) -> int:
    with reporting_run(options, store, run_id) as (warnings, announce):
        frame, provenance = runner.read_candidate(
            store,
            set_name,
            file,
            data_through=through,
            run_id=run_id,
            timezone=timezone,
            options=options.tables,
        )
        outcome, verdict = runner.publish_file(
            store,
            set_name,
            frame,
            provenance,
            released_at=released_at,
            changes=None if changes_in is None else changes_in(store),
            progress=announce,
        )
    return show_outcome(options, outcome, verdict, warnings)


def _changes(
    options: Options,
    store: Store,
    set_name: str,
    remove: str | None,
    against: str | None,
    timezone: str | None,
) -> Changes:
    contract = with_timezone(store.contract(set_name), timezone)
    removed = None
    if remove is not None:
        keys = read_table(remove, options.tables)
        removed = typed(
            keys.select(name for name in contract.key if name in keys.columns), contract
        )
    return Changes(against or PRODUCTION, removed)
