"""`estimates sweep`: expire versions, delete files of no version."""

from __future__ import annotations

from datetime import timedelta

import click

from estimates.store.sweep import TRASH_LIFE_DAYS
from estimates.store.sweep import sweep as sweep_store
from estimates_jobs.cli.interface.command import Options, clock_is_right_option, command
from estimates_jobs.cli.interface.duration import Duration
from estimates_jobs.cli.output import terminal


@command("estimates sweep --dry-run", "estimates sweep", "estimates sweep --grace 30d")
@click.option("--dry-run", is_flag=True, help="Only tell what would go.")
@click.option(
    "--grace",
    type=Duration(),
    default="7d",
    show_default=True,
    help="How old files of no version are before they go.",
)
@clock_is_right_option
def sweep(options: Options, dry_run: bool, grace: timedelta) -> None:
    """Expire the versions that their contract's retention lets go, and move the files that no
    version needs to the trash, which keeps them for seven days.

    Files of no version stay for a grace period: somebody may be publishing them. Safe at any time;
    one that was interrupted is finished by the next. Refuses a catalog that does not belong to the
    files.
    """
    swept = sweep_store(options.open(), grace=grace, dry_run=dry_run)
    if options.json:
        terminal.json(swept)
        return
    would = "would be " if dry_run else ""
    for name, version in swept.on_hold:
        terminal.line(f"{name}: version {version} stays under a legal hold")
    if not (swept.expired or swept.deleted or swept.parts or swept.emptied):
        terminal.line("nothing else to sweep" if swept.on_hold else "nothing to sweep")
    for name, version in swept.expired:
        terminal.line(f"{name}: version {version} {would}expired (retention)")
    for name, snapshot_id in swept.deleted:
        terminal.line(f"{name}: snapshot {snapshot_id} {would}moved to the trash")
    for name, digest in swept.parts:
        terminal.line(f"{name}: part {digest} {would}moved to the trash")
    for name, digest in swept.spared:
        terminal.line(f"{name}: {digest} of no version stays until it is {grace.days} days old")
    for what, why in swept.refused:
        terminal.line(f"{what} stays, and the next sweep tries again: {why}")
    if swept.keeps_versions and (swept.deleted or swept.parts or swept.emptied):
        terminal.line(
            "this bucket keeps versions: what was moved or deleted stays in it until its own rules "
            "let it go"
        )
    for day in swept.emptied:
        terminal.line(f"trash of {day}, older than {TRASH_LIFE_DAYS} days, {would}emptied")
