"""`estimates notify`: send a receiver the events after one that it knows."""

from __future__ import annotations

import click

from estimates_jobs.cli.interface.command import Options, command
from estimates_jobs.cli.output import terminal


@command(
    "estimates notify https://hooks.example/estimates --after 16",
    "estimates notify --after 16                            # to ESTIMATES_NOTIFY",
    "estimates notify --after $(cat last) --format json | jq .last > next",
)
@click.argument("url", metavar="[URL]", required=False)
@click.option(
    "--after",
    type=click.IntRange(min=0),
    required=True,
    metavar="ID",
    help="The last event it knows.",
)
def notify(options: Options, url: str | None, after: int) -> None:
    """Send again: every verdict, grade, waiver and move of an alias that the log holds after an
    event, in order.

    Of all sets; a waiver that was taken back, too.

    Prints the id of the last event sent, for the next --after. Stops at the first that cannot be
    delivered and exits 3, or 2 where the receiver refuses it for good.
    """
    from estimates_jobs.notify.delivery import Receiver, send_after

    settings = options.settings()
    url = settings.notify if url is None else url
    if url is None:
        raise click.UsageError("give a URL, or set ESTIMATES_NOTIFY")
    sent = send_after(options.open(), Receiver(url, settings.notify_secret), after)
    if options.json:
        terminal.json(sent)
    else:
        terminal.line(f"{sent.sent} events sent; next: --after {sent.last}")
