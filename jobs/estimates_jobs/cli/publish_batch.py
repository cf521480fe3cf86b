"""`estimates publish` with several tables: a version of each, the oldest first."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import click

from estimates.contract.contract import Contract
from estimates.store.store import Store
from estimates_jobs.cli.interface.command import Options
from estimates_jobs.cli.interface.interruption import interruptible
from estimates_jobs.cli.interface.notifying import notifying
from estimates_jobs.cli.output import progress
from estimates_jobs.cli.output.batch_outcome import show_batch, show_each
from estimates_jobs.run.batch import Plan, publish_tables
from estimates_jobs.tables.dated_tables import DatedTable, dated_files, has_mark, undated
from estimates_jobs.tables.long_tables import rows_by_validity, rows_by_version
from estimates_jobs.tables.table_files import with_timezone


class Batch(NamedTuple):
    """What the command line says of several tables.

    version_by  the column of one long table whose values are versions
    valid_from, valid_to  its columns that say from when to when a row holds
    """

    files: Sequence[str]
    through: str | None
    released_at: str | None
    timezone: str | None
    version_by: str | None
    valid_from: str | None
    valid_to: str | None
    stops: bool

    @property
    def is_asked_for(self) -> bool:
        """Whether there are several versions to make."""
        columns = (self.version_by, self.valid_from, self.valid_to)
        return len(self.files) > 1 or has_mark(self.through) or any(columns)


def publish_batch(options: Options, store: Store, contract: Contract, batch: Batch) -> int:
    """Publish the tables, a line for each as it is done; returns the exit code: 2 when one was
    rejected, else 1 when the gate refused one.
    """
    _check(batch, contract)
    tables = _tables(batch, with_timezone(contract, batch.timezone), options)
    with (
        interruptible("the same command goes on where it stopped"),
        notifying(options, store) as warnings,
        progress.steps(quiet=not sys.stderr.isatty()) as announce,
    ):
        plan = Plan(
            batch.through or "{date}",
            batch.released_at,
            batch.timezone,
            options.tables,
            announce,
        )
        runs = publish_tables(store, contract.name, tables, plan)
        done = show_each(options, contract, runs, announce, stops=batch.stops)
    return show_batch(options, contract, done, "table", warnings)


def _check(batch: Batch, contract: Contract) -> None:
    long = batch.version_by or batch.valid_from
    if batch.valid_to and not batch.valid_from:
        raise click.UsageError("--valid-to goes with --valid-from")
    if batch.version_by and batch.valid_from:
        raise click.UsageError("--version-by and --valid-from are two ways; give one of them")
    if batch.valid_to and batch.valid_to == batch.valid_from:
        raise click.UsageError("--valid-from and --valid-to are two columns")
    if long and len(batch.files) > 1:
        raise click.UsageError(
            "--version-by and --valid-from take one table; name its files by a folder or a glob"
        )
    if contract.family is not None and len(batch.files) == 1 and batch.through:
        return
    if contract.family is not None and len(batch.files) == 1 and not long:
        raise click.UsageError(
            f"{contract.name} is a family: say how far the data of its members go, --through "
            "2026-11-24, or '{date}' for the date in a file's name"
        )
    if not has_mark(batch.through) and not (long and batch.through is None):
        raise click.UsageError(
            "several files are several versions, each with its own last moment of data: give "
            "--through '{date}' for the date in a file's name, or '{date-7d}' for a week before"
        )


def _tables(batch: Batch, contract: Contract, options: Options) -> Iterator[DatedTable]:
    if batch.version_by:
        return rows_by_version(batch.files[0], batch.version_by, contract, options.tables)
    if batch.valid_from:
        return rows_by_validity(
            batch.files[0], batch.valid_from, batch.valid_to, contract, options.tables
        )
    if not has_mark(batch.through):  # one table of a family
        return iter([undated(batch.files[0], options.tables)])
    return iter(dated_files(batch.files, options.tables, one_a_date=contract.family is None))
