"""Telling a receiver of what a command decided; and the command notify, which tells it again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
import msgspec

from estimates_jobs.cli import show
from estimates_jobs.cli.command import Options, command

if TYPE_CHECKING:
    from estimates.store.store import Store

_NAMED = 5  # events named in a warning


@command(
    "notify",
    examples=(
        "estimates notify https://hooks.example/estimates --after 16",
        "estimates notify --after 16                            # to ESTIMATES_NOTIFY",
        "estimates notify --after $(cat last) --format json | jq .last > next",
    ),
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
    delivered and exits 3.
    """
    from estimates_jobs.notify.delivery import Receiver, send_after

    settings = options.settings()
    url = settings.notify if url is None else url
    if url is None:
        raise click.UsageError("give a URL, or set ESTIMATES_NOTIFY")
    sent = send_after(options.open(), Receiver(url, settings.notify_secret), after)
    if options.json:
        show.value(sent)
    else:
        show.line(f"{sent.sent} events sent; next: --after {sent.last}")


@contextmanager
def notifying(options: Options, store: Store) -> Iterator[list[str]]:
    """Tell the receiver, if there is one, what is decided inside; gives a list for what it could
    not be told.

    A URL or a secret that cannot be used is an error before anything is done (InvalidError
    `bad_url`, `bad_secret`); from then on the receiver changes nothing but warnings, one line on
    standard error, when the work is done or failed.
    """
    settings = options.settings()
    url = settings.notify if options.notify is None else options.notify
    warnings: list[str] = []
    if url is None:
        yield warnings
        return
    from estimates_jobs.notify.delivery import (  # httpx is loaded by those who use it
        Outbox,
        Receiver,
    )

    outbox = Outbox(store, Receiver(url, settings.notify_secret))
    store.on_event = outbox.put
    try:
        yield warnings
    finally:
        undelivered = outbox.close()
        if undelivered:
            warnings.append(_warning(outbox.receiver.origin, undelivered))
            _warn(options, warnings[-1])


def _warning(origin: str, undelivered: dict[int, str]) -> str:
    ids = sorted(undelivered)
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    events = f"event{'s' if len(ids) > 1 else ''} {', '.join(map(str, ids[:_NAMED]))}{more}"
    return (
        f"not notified: {events} to {origin}: {undelivered[ids[0]]}; later: estimates notify URL "
        f"--after {ids[0] - 1}"
    )


def _warn(options: Options, message: str) -> None:
    as_json = msgspec.json.encode({"warning": {"code": "undelivered", "message": message}})
    click.echo(as_json if options.json else f"warning: {message}  [undelivered]", err=True)
