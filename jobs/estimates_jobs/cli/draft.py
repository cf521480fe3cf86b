"""`estimates draft`: a first contract for a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from estimates.errors import InvalidError
from estimates_jobs.cli.interface.command import Options, columns_option, command
from estimates_jobs.cli.interface.table_options import table_options
from estimates_jobs.cli.output import cells, terminal
from estimates_jobs.cli.output.notices import notice

if TYPE_CHECKING:
    from estimates_jobs.tables.contract_draft import ColumnProfile

_SHOWN = 100  # columns: laying out a table takes time, and nobody reads more


@command(
    "estimates draft scores.csv --key customer_id --name churn > churn.toml",
    "estimates draft forecast.parquet --key shop,product,day > demand.toml",
    "estimates draft --hub FluSight-forecast-hub    # a contract of each target, as TARGET.toml",
)
@click.argument("file", metavar="[FILE]", required=False)
@columns_option("--key", help="The columns that identify a row, in order.")
@click.option(
    "--hub",
    metavar="FOLDER",
    help="Instead of FILE: a forecast hub, whose tasks are read; writes the contract of each of "
    "its targets, shared by all its models, into the working directory.",
)
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
    file: str | None,
    key: list[str] | None,
    hub: str | None,
    estimates: list[str] | None,
    name: str | None,
    timezone: str | None,
) -> None:
    """Write a first contract for a CSV, JSON, Parquet or Arrow table to standard output.

    FILE may be a folder or a glob, below s3:// or at https://. A profile of each column goes to
    standard error. Roles are guessed from names and values: read the contract before you define it.
    """
    if hub is not None:
        _draft_hub(options, hub)
        return
    if file is None or not key:
        raise click.UsageError("give FILE and --key, or --hub FOLDER")
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
        content = {"set": made.name, "contract": made.contract, "profile": made.profile}
        terminal.json(content | {"notes": options.tables.notes})
        return
    _show_profile(made.profile)
    terminal.page(made.contract)


def _draft_hub(options: Options, folder: str) -> None:
    from estimates_jobs.hub.hub_contracts import hub_contracts

    every = hub_contracts(folder)
    contracts = [contract for contract in every if contract.source]
    for contract in every:
        if not contract.source:
            options.tables.note(
                f"{contract.name}: is asked for as {', '.join(contract.left_out)} alone, which has "
                "no place in a contract"
            )
    if not contracts:
        raise InvalidError(
            "bad_file",
            f"{folder}: no target of this hub has an output type that a contract has a place for",
            remedy="contracts have mean, median, quantile, pmf and sample",
        )
    paths = [Path(f"{contract.name}.toml") for contract in contracts]
    there = [str(path) for path in paths if path.exists()]
    if there:
        raise InvalidError(
            "file_exists",
            f"{', '.join(there)}: would be written over",
            remedy="move it, or change folder",
        )
    for contract, path in zip(contracts, paths, strict=True):
        path.write_text(contract.source, encoding="utf-8")
    if options.json:
        terminal.json({"contracts": [contract._asdict() for contract in contracts]})
        return
    for contract, path in zip(contracts, paths, strict=True):
        more = f"; left out: rows of type {', '.join(contract.left_out)}"
        terminal.line(f"{path}{more if contract.left_out else ''}")
    any_name = "TARGET" if len(contracts) > 1 else contracts[0].name
    terminal.line(f"next: estimates define {any_name}.toml")
    output = Path(folder) / "model-output"
    throughs = {contract.through for contract in contracts}
    for contract in contracts if len(throughs) > 1 else contracts[:1]:
        name = contract.name if len(throughs) > 1 else any_name
        terminal.line(f"then: estimates publish {name} {output} --through '{contract.through}'")


def _show_profile(profile: list[ColumnProfile]) -> None:
    header = ["column", "role", "type", "nulls", "distinct", "lowest", "highest", "why", "examples"]
    rows: list[list[cells.Cell]] = [
        [c.name, c.role, c.type, c.nulls, c.distinct, c.low, c.high, c.why, ", ".join(c.examples)]
        for c in profile
    ]
    terminal.table(header, rows[:_SHOWN], stderr=True)
    if len(rows) > _SHOWN:
        more = len(rows) - _SHOWN
        notice(f"and {more:,} more columns; --format json shows all of them")
