"""How a command is declared: with the shared options, and examples under its help."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from estimates_jobs.cli.interface.options import PRINTING, Format, Options, shared_options


class Command(click.Command):
    """A command with the shared options and its examples; `forms` are those it prints besides text
    and JSON.
    """

    def __init__(
        self,
        name: str | None,
        *,
        examples: Sequence[str] = (),
        forms: Sequence[Format] = (),
        **settings: Any,
    ) -> None:
        super().__init__(name, **settings)
        self.examples = examples
        self.forms = forms
        self.params += shared_options()

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a usage error for a format that it does not have."""
        options = ctx.ensure_object(Options)
        if options.format not in ("text", "json", *self.forms):
            others = PRINTING[options.format]
            raise click.UsageError(
                f"this command does not print {options.format}; it is for {others}", ctx
            )
        return super().invoke(ctx)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The command's own options, then the shared ones."""
        shared = {option.name for option in shared_options()}
        options = [param for param in self.get_params(ctx) if isinstance(param, click.Option)]
        rows = [(param.name in shared, param.get_help_record(ctx)) for param in options]
        for title, is_shared in (("Options", False), ("Options of every command", True)):
            records = [
                record for group, record in rows if record is not None and group == is_shared
            ]
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The examples, as they are."""
        if self.examples:
            with formatter.section("Examples"):
                for line in self.examples:
                    formatter.write(f"{'':>{formatter.current_indent}}{line}\n")


def command(
    name: str, *, examples: Sequence[str], forms: Sequence[Format] = ()
) -> Callable[[Callable[..., int | None]], Command]:
    """Declare a command; its function returns the exit code, or None for 0."""

    def declare(function: Callable[..., int | None]) -> Command:
        return click.command(name, cls=Command, examples=examples, forms=forms)(
            click.pass_obj(function)
        )

    return declare
