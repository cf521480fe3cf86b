"""`estimates waive`: make an exception of a check for one version."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import unquote

import click

from estimates.catalog.at import At
from estimates.catalog.records import Waiver
from estimates.errors import GateError
from estimates.store.request_approval import all_waiting
from estimates.store.waive import waived_keys
from estimates_jobs.cli.interface.command import (
    Options,
    command,
    deciding_options,
    set_argument,
)
from estimates_jobs.cli.interface.notifying import notifying
from estimates_jobs.cli.output import terminal
from estimates_jobs.cli.output.waiver_table import show_waivers


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
    'estimates waive sp500-close p95_change --version 5 --reason "split of XOM" --until 2026-12-01',
    "estimates waive sp500-close extreme_move --version 5 --keys XOM/2021-12-23 --keys "
    "XOM/2021-12-27 \\\n"
    '      --reason "split of XOM" --until 2026-12-01T12:00:00Z',
    'estimates waive sp500-close p95_change jumps --version 5 --reason "split of XOM" --until '
    "2026-12-01",
    'estimates waive churn hard_bounds --version 7 --keys BRK%2FB --reason "known" --until '
    "2026-12-01",
)
@set_argument
@click.argument("checks", metavar="CHECK…", nargs=-1, required=True)
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
@deciding_options
def waive(
    options: Options,
    set_name: str,
    checks: tuple[str, ...],
    version: int,
    keys: Sequence[tuple[str, ...]],
    reason: str,
    until: str,
) -> None:
    """Make an exception of checks for one version's content, for a while: each is then `waived`
    where it would block. One that cannot be waived leaves all of them as they are.

    With --keys the check is measured without them, and still blocks when the other keys fail.
    Checks marked ◆ cannot be waived. Nothing is judged or promoted by it: `estimates promote`
    judges again. `estimates unwaive` takes it back.
    """
    store = options.open()
    with notifying(options, store):
        contract = store.contract(set_name)
        for check in checks:  # all of them, or none
            waived_keys(contract, check, keys or None, reason)
        waivers, waiting = list[Waiver](), list[GateError]()
        for check in checks:
            try:
                waivers.append(
                    store.waive(
                        set_name, check, version, keys=keys or None, reason=reason, until=until
                    )
                )
            except GateError as error:
                waiting.append(error)
    if waiting:
        raise all_waiting(set_name, waiting)
    if options.json:
        terminal.json(waivers[0] if len(waivers) == 1 else waivers)
        return
    view = store.view()
    show_waivers(view, view.resolve(set_name, At(version)))
    terminal.line(f'next: estimates promote {set_name} {version} --reason "…"')
