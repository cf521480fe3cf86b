"""The waivers of a version as a table."""

from __future__ import annotations

from estimates.catalog.records import Version, Waiver
from estimates.catalog.view import View
from estimates.gate.active_waivers import active_waivers
from estimates.gate.pages.verdict_text import waived_keys
from estimates_jobs.cli.output import cells, terminal


def show_waivers(view: View, version: Version) -> None:
    """Print the waivers of a version that are in force."""
    waivers = active_waivers_of(view, version)
    if not waivers:
        terminal.line(f"{version.set} version {version.version} has no waivers in force")
        return
    terminal.line(f"{version.set} version {version.version}, waivers in force:", "bold")
    terminal.records(
        [
            {
                "waiver": waiver.id,
                "check": waiver.check,
                "keys": waived_keys(waiver),
                "until": cells.instant(waiver.until),
                "who": waiver.actor,
                "why": waiver.reason,
            }
            for waiver in waivers
        ]
    )


def active_waivers_of(view: View, version: Version) -> list[Waiver]:
    """The waivers of a version's content that count now, by id."""
    return active_waivers(view.set(version.set).waivers_of(version), view.present)
