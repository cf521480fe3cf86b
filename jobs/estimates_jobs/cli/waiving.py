"""Commands that make an exception of a check for one version, and take it back: waive, unwaive."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import unquote

import click

from estimates.catalog.at import At
from estimates.catalog.records import Version, Waiver
from estimates.catalog.ref import PRODUCTION
from estimates.catalog.view import View
from estimates.gate.active_waivers import active_waivers
from estimates.gate.pages.verdict_text import waived_keys
from estimates_jobs.cli import show
from estimates_jobs.cli.command import Options, command, notify_option
from estimates_jobs.cli.notifying import notifying


class WholeKey(click.ParamType[tuple[str, ...], str]):
    """A key as it stands in a path: its parts joined by `/`, what a part may not hold written with
    `%`.
    """

    name = "key"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """The parts of the key as text."""
        try:
            return tuple(unquote(part, errors="strict") for part in value.split("/"))
        except UnicodeDecodeError:
            self.fail(f"{value!r} is no text after its % are read", param, ctx)


@command(
    "waive",
    examples=(
        'estimates waive sp500-close p95_change --version 4 --reason "split of GE" --until '
        "2026-12-01",
        "estimates waive sp500-close extreme_move --version 4 --keys GE/2022-12-20 --keys "
        "GE/2022-12-21 \\\n"
        '      --reason "split of GE" --until 2026-12-01T12:00:00Z',
        'estimates waive churn hard_bounds --version 7 --keys BRK%2FB --reason "known" --until '
        "2026-12-01",
    ),
)
@click.argument("set_name", metavar="SET")
@click.argument("check", metavar="CHECK")
@click.option(
    "--version",
    type=int,
    required=True,
    metavar="N",
    help="The version; its content is what is excepted.",
)
@click.option(
    "--keys",
    multiple=True,
    type=WholeKey(),
    metavar="KEY",
    help="Only this key, written as in a path; may be given many times. Default: the check as a "
    "whole.",
)
@click.option(
    "--reason",
    required=True,
    metavar="TEXT",
    help="Why; it is kept in the log and shown with the verdict.",
)
@click.option(
    "--until",
    required=True,
    metavar="TIME",
    help="From then on it counts for nothing; a date: all of it.",
)
@notify_option
def waive(
    options: Options,
    set_name: str,
    check: str,
    version: int,
    keys: Sequence[tuple[str, ...]],
    reason: str,
    until: str,
) -> None:
    """Make an exception of a check for one version's content, for a while: it is then `waived`
    where it would block.

    With --keys the check is measured without them, and still blocks when the other keys fail.
    Checks marked ◆ cannot be waived. Nothing is judged or promoted by it: `estimates promote`
    judges again. `estimates unwaive` takes it back.
    """
    store = options.open()
    with notifying(options, store):
        waiver = store.waive(
            set_name, check, version, keys=keys or None, reason=reason, until=until
        )
    if options.json:
        show.value(waiver)
        return
    view = store.view()
    show_waivers(view, view.resolve(set_name, At(version)))
    show.line(f'next: estimates promote {set_name} {version} --reason "…"')


@command(
    "unwaive",
    examples=(
        'estimates unwaive sp500-close 31 --reason "it was not the split"      # 31: see '
        "estimates log",
    ),
)
@click.argument("set_name", metavar="SET")
@click.argument("waiver", metavar="WAIVER", type=int)
@click.option("--reason", required=True, metavar="TEXT", help="Why; it is kept in the log.")
@notify_option
def unwaive(options: Options, set_name: str, waiver: int, reason: str) -> None:
    """Take a waiver back before its end. Its number is that of its event in the log.

    The version is judged again before it is promoted. What was promoted already stays: take that
    back by a rollback.
    """
    store = options.open()
    with notifying(options, store):
        event = store.unwaive(set_name, waiver, reason=reason)
    if options.json:
        show.value(event)
        return
    view = store.view()
    assert event.version is not None
    version = view.resolve(set_name, At(event.version))
    show.line(f"waiver {waiver} of {event.details['check']} is taken back")
    show_waivers(view, version)
    pointed = view.set(set_name).aliases.get(PRODUCTION)
    if (
        pointed is not None
        and view.resolve(set_name, At(pointed.version)).snapshot_id == version.snapshot_id
    ):
        show.line(
            f"production stays version {pointed.version}; back: estimates rollback "
            f'{set_name} --reason "…"'
        )


def show_waivers(view: View, version: Version) -> None:
    """Print the waivers of a version that are in force."""
    held = waivers_in_force(view, version)
    if not held:
        show.line(f"{version.set} version {version.version} has no waivers in force")
        return
    show.line(f"{version.set} version {version.version}, waivers in force:", "bold")
    rows: list[list[show.Cell]] = [
        [one.id, one.check, waived_keys(one), show.when(one.until), one.actor, one.reason]
        for one in held
    ]
    show.table(["waiver", "check", "keys", "until", "who", "why"], rows)


def waivers_in_force(view: View, version: Version) -> list[Waiver]:
    """The waivers of a version's content that count now, by id."""
    return active_waivers(view.set(version.set).waivers_of(version), view.present)
