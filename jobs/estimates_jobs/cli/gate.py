"""`estimates gate`: a group whose command is `judge` wherever no other one is named."""

from __future__ import annotations

import difflib
from importlib import import_module
from typing import Any

import click

from estimates.errors import NotFoundError
from estimates_jobs.cli.interface.command import shared_options

DEFAULT = "judge"

_SIMILAR = "estimates_jobs.cli.gate.near"  # the command that a set's name looks like

# Command → what it does in a line. `policy` lies in the module gate_policy, and so on.
COMMANDS: dict[str, str] = {
    DEFAULT: "What is meant without a command; needed for a set that is named like one.",
    "policy": "The policy in force, and where each limit comes from.",
    "suggest": "Limits from the set's own history, as a diff of its contract.",
    "backtest": "What a policy would have said of every version there was.",
}


class GateGroup(click.Group):
    """`gate SET VERSION` judges; `gate policy SET` and the like are the commands listed above."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, in order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name, imported when it is used; None when there is none."""
        if cmd_name not in COMMANDS:
            return None
        return getattr(import_module(f"estimates_jobs.cli.gate_{cmd_name}"), cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments begin with; they are those of the default when they begin
        with none.
        """
        if args[0] in COMMANDS:
            return super().resolve_command(ctx, args)
        ctx.meta[_SIMILAR] = difflib.get_close_matches(args[0], COMMANDS, n=1)
        return super().resolve_command(ctx, [DEFAULT, *args])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what is wrong with a set whose name is near a command's may be the name
        of the command. Raises NotFoundError (`unknown_set`).
        """
        try:
            return super().invoke(ctx)
        except (click.UsageError, NotFoundError) as error:
            near = ctx.meta.get(_SIMILAR)
            if not near:
                raise
            meant = f"; did you mean `{ctx.command_path} {near[0]}`?"
            if isinstance(error, click.UsageError):
                raise click.UsageError(
                    error.format_message().rstrip(".") + meant, error.ctx
                ) from None
            if error.code != "unknown_set":
                raise
            raise NotFoundError("unknown_set", error.message + meant, **error.details) from None

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The help of the default command as the group's, with the list of the others in it."""
        judge = self.get_command(ctx, DEFAULT)
        assert judge is not None
        own = click.Context(judge, info_name=ctx.info_name, parent=ctx.parent)
        judge.format_usage(own, formatter)
        formatter.write_usage(
            f"{'':>{len('Usage: ') - 1}} {ctx.command_path}", "COMMAND SET [OPTIONS]", prefix=""
        )
        judge.format_help_text(own, formatter)
        self.format_commands(ctx, formatter)
        judge.format_options(own, formatter)
        judge.format_epilog(own, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What each command does, from the list above: none is imported for it."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


# Options that the group does not know are those of the default command.
@click.group(
    "gate",
    cls=GateGroup,
    params=shared_options(),
    context_settings={"ignore_unknown_options": True},
    no_args_is_help=True,
)
def gate() -> None:
    """Judge a version, or a file before it is published; see and set what it is judged by."""
