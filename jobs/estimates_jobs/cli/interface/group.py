"""A command that consists of others, each imported when it is used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import click

from estimates_jobs.cli.interface.command import shared_options


class LazyGroup(click.Group):
    """A group whose command `check` of `hub` lies in the module `hub_check`.

    lines     command → what it does, in a line
    default   the command that is meant where none is named
    examples  what is given most often
    """

    def __init__(
        self,
        name: str,
        *,
        lines: Mapping[str, str],
        examples: Sequence[str],
        default: str | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(name, params=shared_options(), no_args_is_help=default is None, **settings)
        self.default = default
        self.lines = lines
        self.examples = examples

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return list(self.lines)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The arguments, with the default command where they name none."""
        named = self.lines.keys() | {"--help", "-h"}
        if self.default is not None and named.isdisjoint(args):
            args = [self.default, *args]
        return super().parse_args(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name; None when there is none."""
        if cmd_name not in self.lines:
            return None
        module = import_module(f"estimates_jobs.cli.{self.name}_{cmd_name}")
        return getattr(module, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What each command does; none is imported for it."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.lines.items()))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What is given most often."""
        with formatter.section("Examples"):
            for line in self.examples:
                formatter.write(f"{'':>{formatter.current_indent}}{line}\n")
