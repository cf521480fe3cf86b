"""The command that compares: diff. Its JSON is the body that HTTP sends, byte for byte."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from estimates.change_page import ChangePage
from estimates.estimate_set import EstimateSet
from estimates.stability.text import render_json, render_text
from estimates.tabular import csv
from estimates.version_reader import DEFAULT_LIMIT
from jobs.cli import show
from jobs.cli.changes import show_changes
from jobs.cli.command import Options, command

if TYPE_CHECKING:
    from estimates.client import RemoteSet


@command(
    "diff",
    examples=(
        "estimates diff sp500-close 3 4",
        "estimates diff sp500-close production latest",
        "estimates diff sp500-close 3 4 --format json | jq .columns.close.scalar.r",
        "estimates diff sp500-close 3 4 --changes                    # key by key, what moved most first",
        "estimates diff sp500-close 3 4 --changes AAPL --by close.r --min-change 0.05",
        "estimates diff sp500-close 3 4 --changes --limit 10000 --format csv > changes.csv",
    ),
    csv=True,
)
@click.argument("set_name", metavar="SET")
@click.argument("from_ref", metavar="FROM")
@click.argument("to_ref", metavar="TO")
@click.argument("key", metavar="[KEY]...", nargs=-1)
@click.option("--changes", is_flag=True, help="The keys that changed, with how far; of a leading part of the KEY.")
@click.option("--by", metavar="METRIC", help="Sort the changes by, such as close.r. Default: d of the first point.")
@click.option("--min-change", type=float, default=0.0, help="Leave out changes whose metric is smaller.")
@click.option("--limit", type=int, default=DEFAULT_LIMIT, show_default=True, help="Changes on a page.")
@click.option("--cursor", metavar="TEXT", help="The next page of changes; printed at the end of each page.")
def diff(
    options: Options,
    set_name: str,
    from_ref: str,
    to_ref: str,
    key: tuple[str, ...],
    changes: bool,
    **question: Any,
) -> None:
    """How stable the estimates are: keys, changes per key, intervals, largest moves, FROM one version TO another.

    With --changes key by key: old and new value, d = new - old, r relative to their mean, and what else is measured.
    """
    estimates = options.open_to_read()[set_name]
    if changes:
        _show_changes(options, estimates, estimates.changes_page(from_ref, to_ref, key=key, **question))
        return
    context = click.get_current_context()
    given = [n for n in question if context.get_parameter_source(n) is not click.core.ParameterSource.DEFAULT]
    if key or given or options.csv:
        raise click.UsageError("a KEY, --by, --min-change, --limit, --cursor and --format csv need --changes")
    report = estimates.diff(from_ref, to_ref)
    if options.json:
        show.body(render_json(report))
    else:
        show.page(render_text(report))


def _show_changes(options: Options, estimates: EstimateSet | RemoteSet, page: ChangePage) -> None:
    if options.json:
        show.body(page.json)
        return
    assert page.version is not None
    contract = estimates.contract_of(page.version)
    if options.csv:
        show.body(csv(page.frame(contract)))
        if page.cursor is not None:
            click.echo(f"{page.total:,} changes in all; next page: --cursor {page.cursor}", err=True)
        return
    show_changes(page, contract)
