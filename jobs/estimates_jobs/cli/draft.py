"""`estimates draft`: a first contract for a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from estimates_jobs.cli.interface.command import Options, columns_option, command
from estimates_jobs.cli.interface.table_options import table_options
from estimates_jobs.cli.output import cells, terminal

if TYPE_CHECKING:
    from estimates_jobs.tables.contract_draft import ColumnProfile


@command(
    "estimates draft scores.csv --key customer_id --name churn > churn.toml",
    "estimates draft forecast.parquet --key shop,product,day > demand.toml",
)
@click.argument("file", metavar="FILE")
@columns_option("--key", required=True, help="The columns that identify a row, in order.")
@columns_option("--estimates", help="Columns that are estimates, where their names do not say so.")
@click.option("--name", metavar="SET", help="The set's name. Default: made from the file's name.")
@click.option(
    "--timezone",
    metavar="ZONE",
    help="Of times that name no zone; the draft says it. Default: UTC.",
)
@table_options
def draft(
    options: Options,
    file: str,
    key: list[str],
    estimates: list[str] | None,
    name: str | None,
    timezone: str | None,
) -> None:
    """Write a first contract for a CSV, JSON, Parquet or Arrow table to standard output.

    FILE may be a folder or a glob, below s3:// or at https://. A profile of each column goes to
    standard error. Roles are guessed from names and values: read the contract before you define it.
    """
    from estimates_jobs.tables.contract_draft import draft as draft_contract

    made = draft_contract(
        file,
        key,
        name,
        timezone=timezone,
        estimates=estimates or (),
        options=options.tables,
    )
    if options.json:
        terminal.json({"set": made.name, "contract": made.contract, "profile": made.profile})
        return
    _show_profile(made.profile)
    terminal.page(made.contract)


def _show_profile(profile: list[ColumnProfile]) -> None:
    header = ["column", "role", "type", "nulls", "distinct", "lowest", "highest", "why", "examples"]
    rows: list[list[cells.Cell]] = [
        [c.name, c.role, c.type, c.nulls, c.distinct, c.low, c.high, c.why, ", ".join(c.examples)]
        for c in profile
    ]
    terminal.table(header, rows, stderr=True)
