"""The legal holds of a set as a table."""

from __future__ import annotations

from collections.abc import Sequence

from estimates.catalog.records import LegalHold
from estimates_jobs.cli.output import cells, terminal


def show_holds(set_name: str, holds: Sequence[LegalHold]) -> None:
    """Print the legal holds that stand, a row each."""
    if not holds:
        terminal.line(f"{set_name} is under no legal hold")
        return
    terminal.line(f"{set_name}, legal holds that stand:", "bold")
    terminal.records(
        [
            {
                "hold": hold.id,
                "version": "all" if hold.version is None else hold.version,
                "since": cells.instant(hold.at),
                "who": hold.actor,
                "why": hold.reason,
            }
            for hold in holds
        ]
    )
