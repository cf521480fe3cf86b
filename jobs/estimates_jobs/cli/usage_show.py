"""`estimates usage show`: the sets and who reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import click

from estimates import instants
from estimates.render.wording import count
from estimates.storage.usage_days import ANYBODY, OTHERS, Reads, UsageDay, readers_by_set
from estimates.storage.usage_record import UsageRecord
from estimates_jobs.cli.interface.command import Options, command, optional_set_argument
from estimates_jobs.cli.interface.duration import Duration
from estimates_jobs.cli.output import cells, terminal

_NAMES = {ANYBODY: "(no token)", OTHERS: "(others)"}


@command("estimates usage", "estimates usage sp500-close --last 30d")
@optional_set_argument
@click.option(
    "--last",
    type=Duration(),
    default="90d",
    show_default=True,
    help="Only what was read since then; whole days in UTC.",
)
def show(options: Options, set_name: str | None, last: timedelta) -> None:
    """Who read which sets, and the sets that nobody read: what services on this machine counted,
    and what was pulled of others. Reading the store itself is not counted.
    """
    store = options.open()
    since = (instants.now() - last).date()
    record = UsageRecord(store.cache)
    days = list(record.read(since))
    readers = readers_by_set(days)
    view = store.view()
    if set_name is not None:
        view.set(set_name)
        names = [set_name]
    else:
        standing = {name for name, of_set in view.sets.items() if of_set.retirement is None}
        names = sorted(standing | (readers.keys() & view.sets.keys()))
    if options.json:
        terminal.json(_content(names, readers, since, days))
        return
    if not days:
        terminal.line(f"nothing was counted since {since}; docs/security.md says how to begin")
        return
    first = min(day.day for day in days)
    replicas = count(len({day.replica for day in days}), "replica")
    terminal.line(f"answers over HTTP since {since}, counted from {first} on by {replicas}")
    if set_name is None:
        _show_sets(names, readers)
    else:
        _show_readers(readers.get(set_name, []))


def _content(
    names: Sequence[str], readers: Mapping[str, list[Reads]], since: date, days: list[UsageDay]
) -> dict[str, Any]:
    return {
        "since": since,
        "counted_from": min((day.day for day in days), default=None),
        "replicas": sorted({day.replica for day in days}),
        "sets": [
            {
                "set": name,
                "requests": sum(row.requests for row in readers.get(name, [])),
                "last_at": max((row.last_at for row in readers.get(name, [])), default=None),
                "readers": [
                    {"principal": row.principal, "requests": row.requests, "last_at": row.last_at}
                    for row in readers.get(name, [])
                ],
            }
            for name in names
        ],
    }


def _show_sets(names: Sequence[str], readers: Mapping[str, list[Reads]]) -> None:
    rows: list[list[cells.Cell]] = []
    for name in names:
        of_set = readers.get(name, [])
        most = ", ".join(_NAMES.get(row.principal, row.principal) for row in of_set[:3])
        more = f" and {len(of_set) - 3} more" if len(of_set) > 3 else ""
        last = max((row.last_at for row in of_set), default=None)
        requests = sum(row.requests for row in of_set)
        rows.append([name, requests, cells.instant(last), f"{most}{more}" or "nobody"])
    terminal.table(["set", "answers", "last read", "by"], rows)


def _show_readers(of_set: Sequence[Reads]) -> None:
    if not of_set:
        terminal.line("nobody read it")
        return
    rows: list[list[cells.Cell]] = [
        [_NAMES.get(row.principal, row.principal), row.requests, cells.instant(row.last_at)]
        for row in of_set
    ]
    terminal.table(["by", "answers", "last read"], rows)
