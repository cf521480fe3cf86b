"""Faults of a store as a table."""

from __future__ import annotations

from collections.abc import Sequence

from estimates.catalog.audit import Fault
from estimates_jobs.cli.output import terminal


def show(faults: Sequence[Fault]) -> None:
    """Print a row a fault."""
    terminal.records(
        [
            {
                "set": fault.set or None,
                "version": fault.version,
                "fault": fault.code,
                "what is wrong": fault.message,
            }
            for fault in faults
        ]
    )
