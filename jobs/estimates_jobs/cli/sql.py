"""`estimates sql`: a query over all versions of a store's sets."""

from __future__ import annotations

import click

from estimates_jobs.cli.interface.command import Options, command
from estimates_jobs.cli.output import cells, terminal

_SHOWN = 200  # rows of a table for people


@command(
    "estimates sql 'SELECT version, count(*) FROM \"sp500-close\" GROUP BY version'",
    'estimates sql --format csv "SELECT * FROM \\"sp500-close_at\\"(\'production\') LIMIT 20"',
    forms=("csv",),
)
@click.argument("query")
@click.option(
    "--other-files", is_flag=True, help="Let the query read other files and addresses, too."
)
def sql(options: Options, query: str, other_files: bool) -> None:
    """A query in DuckDB's SQL. Each set is a view of all its versions, with version, published_at
    and data_through in front; "SET_at"('production') is one version, by number, alias or latest.

    A name with a hyphen stands in double quotes.
    """
    rows = options.open().sql(query, other_files=other_files)
    if options.csv:
        terminal.csv_of(rows, no_formulas=options.no_formulas)
    elif options.json:
        terminal.json({"rows": rows.to_dicts()})
    else:
        shown = rows.head(_SHOWN)
        terminal.table(shown.columns, [[cells.plain(v) for v in row] for row in shown.iter_rows()])
        if rows.height > _SHOWN:
            terminal.line(f"the first {_SHOWN} of {rows.height:,} rows; all: --format csv", "dim")
