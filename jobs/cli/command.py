"""What all commands share: the options that work before and after a command's name, and examples under the help."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import click
import msgspec

from estimates.errors import InvalidError
from estimates.settings import Settings

if TYPE_CHECKING:
    from estimates.client import Client
    from estimates.store import Store

Format = Literal["text", "json", "csv", "markdown", "html"]
PAGES = ("markdown", "html")  # whole documents
REMOTE = "get, explain, history, score without --actuals, diff, stability and log"  # also take the URL of a service
TABLES = "diff --changes, stability, triangle and score"  # have --format csv


class Options:
    """What the shared options say; the environment fills in what they do not."""

    def __init__(self) -> None:
        self.store: str | None = None
        self.format: Format = "text"
        self.debug = False
        self.notify: str | None = None

    @property
    def json(self) -> bool:
        """Whether the output is for a program."""
        return self.format == "json"

    @property
    def csv(self) -> bool:
        """Whether the output is for a spreadsheet."""
        return self.format == "csv"

    def settings(self) -> Settings:
        """The settings of the environment, with `--store` in place of ESTIMATES_STORE."""
        settings = Settings.from_environment()
        return settings if self.store is None else msgspec.structs.replace(settings, store=self.store)

    def open(self) -> Store:
        """The store; raises NotFoundError (`no_store`), UnavailableError, InvalidError."""
        settings = self.settings()
        if _is_url(settings.store):
            raise InvalidError(
                "service_url",
                f"this command needs the store itself; {REMOTE} take a URL",
            )
        return open_store(settings)

    def open_to_read(self) -> Store | Client:
        """The store, or a client of the service whose URL stands in its place."""
        settings = self.settings()
        if not _is_url(settings.store):
            return open_store(settings)
        from estimates.client import Client

        return Client(settings.store)


def open_store(settings: Settings) -> Store:
    """The store that settings name; raises NotFoundError (`no_store`), UnavailableError, InvalidError."""
    from estimates.store import Store

    return Store(settings.store, catalog=settings.catalog, cache=settings.cache, actor=settings.actor)


def _is_url(store: str) -> bool:
    return store.startswith(("http://", "https://"))


class Command(click.Command):
    """A command with the shared options and its examples; `csv` and `pages` say what else it can print."""

    def __init__(
        self, name: str | None, *, examples: Sequence[str] = (), csv: bool = False, pages: bool = False, **settings: Any
    ) -> None:
        super().__init__(name, **settings)
        self.examples = examples
        self.csv = csv
        self.pages = pages
        self.params += shared_options()

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a usage error for a format that it does not have."""
        options = ctx.ensure_object(Options)
        if options.format in PAGES and not self.pages:
            raise click.UsageError("this command prints no page; diff does", ctx)
        if options.csv and not self.csv:
            raise click.UsageError(f"this command has no CSV form; {TABLES} have", ctx)
        return super().invoke(ctx)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The command's own options, then the shared ones."""
        shared = {option.name for option in shared_options()}
        options = [param for param in self.get_params(ctx) if isinstance(param, click.Option)]
        rows = [(param.name in shared, param.get_help_record(ctx)) for param in options]
        for title, is_shared in (("Options", False), ("Options of every command", True)):
            records = [record for group, record in rows if record is not None and group == is_shared]
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
    name: str, *, examples: Sequence[str], csv: bool = False, pages: bool = False
) -> Callable[[Callable[..., int | None]], Command]:
    """Declare a command; its function returns the exit code, or None for 0."""

    def declare(function: Callable[..., int | None]) -> Command:
        return click.command(name, cls=Command, examples=examples, csv=csv, pages=pages)(click.pass_obj(function))

    return declare


def shared_options() -> list[click.Parameter]:
    """`--store`, `--format`, `--debug`: the later one counts when an option stands before and after the name."""
    return [
        click.Option(
            ["--store"],
            metavar="FOLDER-OR-URL",
            expose_value=False,
            is_eager=True,
            callback=_set("store"),
            help=f"The store; for {REMOTE} also the URL of a service. "
            "Default: ESTIMATES_STORE, else ./estimates-store.",
        ),
        click.Option(
            ["--format"],
            type=click.Choice(["text", "json", "csv", *PAGES]),
            expose_value=False,
            is_eager=True,
            callback=_set("format"),
            help=f"How to print: tables for people (default), JSON, CSV ({TABLES}), "
            "or a page in Markdown or HTML (diff).",
        ),
        click.Option(
            ["--debug"],
            is_flag=True,
            default=None,
            expose_value=False,
            is_eager=True,
            callback=_set("debug"),
            help="Show the trace of an error.",
        ),
    ]


def _set(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def keep(context: click.Context, _parameter: click.Parameter, value: Any) -> None:
        if value is not None:
            setattr(context.ensure_object(Options), name, value)

    return keep


# What a command decides is told to somebody: with `notifying` around the deciding.
notify_option = click.option(
    "--notify",
    metavar="URL",
    expose_value=False,
    callback=_set("notify"),
    help="Post verdicts, promotions and rollbacks there. Default: ESTIMATES_NOTIFY, else nowhere.",
)
