"""`estimates demo`: a week of a real set, then a service."""

from __future__ import annotations

import click

from estimates.settings import Settings
from estimates_jobs.cli.interface.command import Options, command
from estimates_jobs.cli.interface.server import check_address, host_option, port_option, serve_store
from estimates_jobs.cli.output import terminal

_DEMO_STORE = "demo-store"


@command(
    "estimates demo                                  # in ./demo-store, then serves it",
    "estimates demo --no-serve --store /tmp/demo",
)
@click.option(
    "--serve/--no-serve",
    "serves",
    default=True,
    show_default=True,
    help="Serve the store at the end.",
)
@host_option
@port_option
def demo(options: Options, serves: bool, host: str, port: int) -> None:
    """A week of a real set: the closes of 20 stocks, forecast on nine trading days with only the
    data up to each.

    One day's price feed is broken: the gate refuses that version and production stays. Then a
    rollback, a promotion with a reason, a diff, a history and what came. The last day's file ends
    too soon, which is left for you to look at in the browser. The store is ./demo-store unless
    --store says otherwise; run again, it goes on where it was interrupted, or shows a finished week
    again.
    """
    from estimates_jobs.demo.week import play

    root = options.store or _DEMO_STORE
    if serves:
        check_address(host, port)
    played = play(root, quiet=options.json)
    if options.json:
        terminal.json(played)
    who = Settings.from_environment()
    settings = Settings(store=root, actor=who.actor, claimed=who.claimed)
    if serves:
        serve_store(options, settings, host, port)
