"""`estimates history`: one key through the versions.

Its JSON is the body that HTTP sends, byte for byte.
"""

from __future__ import annotations

from typing import Any

import click

from estimates.catalog.release_clock import Clock
from estimates_jobs.cli.interface.command import (
    Options,
    clock_option,
    columns_option,
    command,
    set_argument,
)
from estimates_jobs.cli.output import terminal
from estimates_jobs.cli.output.chain_text import other_shapes
from estimates_jobs.cli.output.claimed_releases import unread_claims
from estimates_jobs.cli.output.frame_page import frame_page
from estimates_jobs.cli.output.history_table import history_frame, show_history


@command(
    "estimates history sp500-close AAPL 2021-12-30",
    "estimates history sp500-close AAPL 2021-12-30 --only promoted --fields value",
    "estimates history churn 00042 --since 2026-11-01T00:00:00Z",
    "estimates history churn 00042 --shape 1   # what versions of an earlier shape said",
    "estimates history sp500-close AAPL 2021-12-30 --deadline D-1T06:00 --clock released   # by "
    "six o'clock the day before",
    forms=("csv", "html"),
)
@set_argument
@click.argument("key", metavar="KEY...", nargs=-1, required=True)
@click.option("--since", metavar="TIME", help="Only versions published at or after this time.")
@click.option("--until", metavar="TIME", help="Only versions published at or before this time.")
@click.option(
    "--only", type=click.Choice(["promoted"]), help="Only versions that production ever pointed to."
)
@clock_option("released: times go by the claimed times of release of imported versions.")
@click.option("--shape", type=int, help="Tell of versions of this shape. Default: production's.")
@columns_option("--fields", help="Only these columns, besides the key.")
@click.option(
    "--deadline",
    metavar="TIME",
    help="Only versions published so long before the key's target: D-1T06:00, PT36H.",
)
@click.option(
    "--chain", is_flag=True, help="In JSON too, what became of each number; text always says so."
)
def history(
    options: Options,
    set_name: str,
    key: tuple[str, ...],
    since: str | None,
    until: str | None,
    only: Any,
    clock: Clock,
    shape: int | None,
    fields: list[str] | None,
    deadline: str | None,
    chain: bool,
) -> None:
    """One key through the versions: what was estimated, when it could be known, and when it was in
    production.

    Below the table what became of each number: how often it turned, how straight its way was, since
    when it stands.
    """
    estimates = options.open_to_read()[set_name]
    bounds: dict[str, Any] = {"since": since, "until": until, "only": only, "deadline": deadline}
    answer = estimates.history(
        *key,
        **bounds,
        fields=fields,
        chain=chain or options.format == "text",
        clock=clock,
        shape=shape,
    )
    if options.json:
        terminal.body(answer.json)
        return
    shown = [entry["version"] for entry in answer.body["history"]]
    contract = estimates.contract
    if shown:
        # of the list, which whoever may read only some keys may read too
        last = next(v for v in estimates.versions() if v.version == shown[-1])
        contract = estimates.contract_of(last)
    if options.csv:
        terminal.csv_of(answer.frame(contract), no_formulas=options.no_formulas)
        return
    if options.format == "html":
        title = f"{set_name} {'/'.join(map(str, key))} through its versions"
        terminal.html(frame_page(title, history_frame(answer, contract)))
        return
    left_out = None
    if shown or not any(bounds.values()):
        left_out = other_shapes(estimates.versions(), shown, "--shape")
    show_history(answer, contract, fields, left_out, _within(bounds))
    if not shown and (unread := unread_claims(estimates.versions(), clock)):
        terminal.line(unread, "dim")


def _within(bounds: dict[str, Any]) -> str:
    """The bounds of the versions in the words of the options: ` within --deadline D-1T06:00`."""
    options = [f"--{name} {value}" for name, value in bounds.items() if value is not None]
    return f" within {' '.join(options)}" if options else ""
