"""A move of an alias, printed."""

from __future__ import annotations

from estimates.catalog.records import Event
from estimates_jobs.cli.interface.command import Options
from estimates_jobs.cli.output import cells, terminal


def show_move(options: Options, event: Event, known: int | None = None) -> None:
    """Print a move of an alias.

    known  the newest event before: a move that is not newer was repeated, and stands
    """
    if options.json:
        terminal.json(event)
        return
    if known is not None and event.id <= known:
        _show_standing(event)
        return
    if event.kind == "alias_removed":
        terminal.line(f"{event.set}: {event.alias} is removed, it was version {event.from_version}")
        back = f"estimates promote {event.set} {event.from_version} --alias {event.alias}"
        terminal.line(f'back again: {back} --reason "…"')
        return
    before = "" if event.from_version is None else f", before it was {event.from_version}"
    terminal.line(f"{event.set}: {event.alias} is version {event.version}{before}")
    if event.kind == "rolled_back":
        terminal.line(f"{event.alias} is held: no run promotes anything until a person does")
        terminal.line(f'next: estimates promote {event.set} VERSION --reason "…"')


def _show_standing(event: Event) -> None:
    """Print a move that was done before by the same command."""
    terminal.line(
        f"{event.set}: {event.alias} is version {event.version} since "
        f"{cells.instant(event.at)}, by event {event.id}: the same command, which is done once"
    )
    if event.kind == "rolled_back":
        terminal.line("further back: another --reason, or --to VERSION")
