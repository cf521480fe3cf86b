"""`estimates sweep`: expire versions, delete files of no version."""

from __future__ import annotations

from estimates.store.sweep import sweep as sweep_store
from estimates_jobs.cli.interface.command import Options, command
from estimates_jobs.cli.output import terminal


@command("estimates sweep", "estimates sweep --format json")
def sweep(options: Options) -> None:
    """Expire the versions that their contract's retention lets go, and delete the files that no
    version needs.

    Safe at any time, also while something is published; one that was interrupted is finished by the
    next.
    """
    swept = sweep_store(options.open())
    if options.json:
        terminal.json(swept)
        return
    if not swept.expired and not swept.deleted:
        terminal.line("nothing to sweep")
    for name, version in swept.expired:
        terminal.line(f"{name}: version {version} expired (retention)")
    for name, snapshot_id in swept.deleted:
        terminal.line(f"{name}: deleted the files of snapshot {snapshot_id}")
