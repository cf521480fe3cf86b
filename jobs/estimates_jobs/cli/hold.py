"""`estimates hold`: keep a version, or a set, whatever its retention says."""

from __future__ import annotations

from typing import Any

import click

from estimates_jobs.cli.interface.command import (
    Options,
    clock_is_right_option,
    command,
    reason_option,
    set_argument,
)
from estimates_jobs.cli.output import terminal
from estimates_jobs.cli.output.hold_table import show_holds


class VersionOrAll(click.ParamType[int]):
    """The number of a version, or `all` as 0."""

    name = "version"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        """The number; fails as click's types do."""
        if str(value) == "all":
            return 0
        if not str(value).isdecimal() or int(value) == 0:
            self.fail(f"{value!r} is neither the number of a version nor all", param, ctx)
        return int(value)


@command(
    'estimates hold sp500-close 4 --reason "case 2026-117"',
    'estimates hold sp500-close all --reason "audit of 2026"',
    'estimates hold sp500-close 4 --reason "case closed" --release',
    'estimates hold sp500-close 4 --reason "case closed" --release 57      # of several',
)
@set_argument
@click.argument("version", type=VersionOrAll(), metavar="VERSION|all")
@reason_option
@click.option(
    "--release",
    type=int,
    is_flag=False,
    flag_value=0,
    metavar="[HOLD]",
    help="End a hold instead; of several the one with this number.",
)
@clock_is_right_option
def hold(options: Options, set_name: str, version: int, reason: str, release: int | None) -> None:
    """Place a legal hold: what it keeps is neither expired nor deleted, whatever retention says,
    until the hold is released.

    `all` keeps every version of the set, later ones too, and all files of the set. Several holds
    may stand at once. The number of a hold is that of its event in the log; `estimates status SET`
    lists those that stand.
    """
    store = options.open()
    number = version or None
    if release is None:
        done: Any = store.hold(set_name, number, reason=reason)
        text = f"legal hold {done.id} is placed"
    else:
        done = store.release_hold(set_name, number, reason=reason, number=release or None)
        text = f"legal hold {done.details['hold']} is released"
    if options.json:
        terminal.json(done)
        return
    terminal.line(text)
    show_holds(set_name, store.view().set(set_name).holds)
