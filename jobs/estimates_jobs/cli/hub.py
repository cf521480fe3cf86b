"""`estimates hub`: what a forecast hub needs of its pull requests."""

from __future__ import annotations

from importlib import import_module

import click

from estimates_jobs.cli.interface.command import shared_options

# Command → what it does in a line; `check` lies in the module hub_check.
COMMANDS = {"check": "Look at a pull request of a hub before it is merged."}


class HubGroup(click.Group):
    """A group whose commands are imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name; None when there is none."""
        if cmd_name not in COMMANDS:
            return None
        return getattr(import_module(f"estimates_jobs.cli.hub_{cmd_name}"), cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What each command does; none is imported for it."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What is given most often."""
        with formatter.section("Examples"):
            formatter.write("  estimates hub check --changed-since origin/main\n")


@click.group("hub", cls=HubGroup, params=shared_options(), no_args_is_help=True)
def hub() -> None:
    """Look at what comes to a forecast hub."""
