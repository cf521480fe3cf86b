"""`estimates audit`: walk the chain of events."""

from __future__ import annotations

import re
from typing import Any

import click

from estimates.catalog.audit import law_faults
from estimates.store.identity import identity_faults
from estimates_jobs.cli.interface.command import Options, command
from estimates_jobs.cli.interface.failures import DAMAGED
from estimates_jobs.cli.output import fault_table, terminal


class Remembered(click.ParamType[tuple[int, str]]):
    """The id of an event and its digest, as `LogHead.text` writes them."""

    name = "head"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[int, str]:
        """Id and digest; fails as click's types do."""
        parts = re.fullmatch(r"([0-9]{1,18}):([0-9a-f]{64})", str(value))
        if parts is None:
            self.fail(f"{value!r} is no head of a log; write EVENT:DIGEST as `status` does")
        return int(parts[1]), parts[2]


@command(
    "estimates audit",
    "estimates audit --format json | jq -r .head.digest",
    "estimates audit --head 57:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
)
@click.option(
    "--head",
    "remembered",
    type=Remembered(),
    metavar="EVENT:DIGEST",
    help="A head of the log that was noted before; exits 4 when the log is not its continuation.",
)
def audit(options: Options, remembered: tuple[int, str] | None) -> int:
    """Walk the chain of events and name the first link that does not hold.

    Each event carries a digest over itself, what it made, and the digest of the event before. Keep
    the printed head elsewhere: a log that was written anew has another one, and --head tells.
    Exits 4 when the chain is broken.
    """
    store = options.open()
    catalog = store.catalog
    head, faults = catalog.head(), catalog.audit()
    if remembered is not None:
        faults += catalog.audit_head(*remembered)
    faults += identity_faults(store.objects, catalog)
    if not faults:  # what the chain alone does not say: contracts that wanted approvals
        faults += law_faults(store.view().law)
    if options.json:
        terminal.json(
            {
                "head": head.log_head(),
                "chained_later": head.chained_later,
                "first_fault": faults[0] if faults else None,
            }
        )
        return DAMAGED if faults else 0
    terminal.pairs([("store", head.store_id), ("head of the log", head.log_head().text())])
    if head.chained_later:
        terminal.line(
            f"events 1 to {head.chained_later:,} happened before there was a chain; it says "
            "what the catalog held of them when it was migrated"
        )
    if faults:
        fault_table.show(faults[:1])
        return DAMAGED
    if remembered is not None:
        terminal.line(f"the log goes on from event {remembered[0]:,} as it was remembered")
    terminal.line("every event, and every row that follows from one, holds")
    return 0
