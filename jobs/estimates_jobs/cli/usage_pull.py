"""`estimates usage pull`: the record of another machine."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import click

from estimates.errors import NotFoundError
from estimates.render.wording import count
from estimates.storage.usage_days import UsageDay
from estimates.storage.usage_record import FOLDER, UsageRecord
from estimates_jobs.cli.interface.command import Options, command
from estimates_jobs.cli.output import terminal


@command(
    "estimates usage pull https://estimates.example.com",
    "estimates usage pull /mnt/replica-2/estimates-cache",
    "estimates usage pull https://estimates.example.com --since 2026-11-01",
)
@click.argument("place", metavar="URL-OR-FOLDER")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The first day, in UTC. Default: all that is there.",
)
def pull(options: Options, place: str, since: date | None) -> None:
    """Fetch the record of a service, with ESTIMATES_TOKEN where it wants one that may `usage`, or
    of a cache folder, and keep it beside this machine's own. Pulling again counts nothing twice.
    """
    store = options.open()
    first = date.min if since is None else date.fromisoformat(since.isoformat()[:10])
    record = UsageRecord(store.cache)
    days = list(_days(options, place, first))
    for day in days:
        record.take(day)
    replicas = len({day.replica for day in days})
    if options.json:
        terminal.json({"days": len(days), "replicas": replicas})
    else:
        terminal.line(f"{count(len(days), 'day')} of {count(replicas, 'replica')} pulled")


def _days(options: Options, place: str, since: date) -> Iterable[UsageDay]:
    """Raises NotFoundError (`no_usage`), and what the client raises."""
    if place.startswith(("http://", "https://")):
        from estimates.client import Client

        with Client(place, token=options.settings().token) as client:
            return client.usage(None if since == date.min else since)
    if not (Path(place) / FOLDER).is_dir():
        raise NotFoundError(
            "no_usage",
            f"{place} has no record of who reads what",
            remedy="name the URL of a service, or the cache folder of a machine that serves",
        )
    return UsageRecord(Path(place)).read(since)
