"""`estimates audit`: walk the chain of events."""

from __future__ import annotations

from estimates_jobs.cli.interface.command import Options, command
from estimates_jobs.cli.interface.failures import DAMAGED
from estimates_jobs.cli.output import fault_table, terminal


@command("estimates audit", "estimates audit --format json | jq -r .head")
def audit(options: Options) -> int:
    """Walk the chain of events and name the first link that does not hold.

    Each event carries a digest over itself, what it made, and the digest of the event before. Keep
    the printed digest elsewhere: a log that was written anew has another one. Exits 4 when the
    chain is broken.
    """
    catalog = options.open().catalog
    head, faults = catalog.head(), catalog.audit()
    if options.json:
        terminal.json(
            {
                "store": head.store_id,
                "events": head.last_event,
                "chained_later": head.chained_later,
                "head": head.digest,
                "first_fault": faults[0] if faults else None,
            }
        )
    else:
        terminal.pairs(
            [
                ("store", head.store_id),
                ("events", f"{head.last_event:,}"),
                ("digest of the last", head.digest),
            ]
        )
        if head.chained_later:
            terminal.line(
                f"events 1 to {head.chained_later:,} happened before there was a chain; it says "
                "what the catalog held of them when it was migrated"
            )
        if faults:
            fault_table.show(faults[:1])
        else:
            terminal.line("every event, and every row that follows from one, holds")
    return DAMAGED if faults else 0
