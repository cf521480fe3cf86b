"""How a command is declared: its function, the options of every command, which work before and
after its name, those of several commands, and examples under its help.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import click
import msgspec

from estimates.errors import InvalidError
from estimates.settings import Settings
from estimates_jobs.cli.output.notices import notice
from estimates_jobs.tables.text_options import TextOptions

if TYPE_CHECKING:
    from estimates.client import Client
    from estimates.store.store import Store

Format = Literal["text", "json", "csv", "markdown", "html", "junit", "github"]
PAGES = ("markdown", "html")  # whole documents
# These also take the URL of a service.
REMOTE = (
    "get, export, explain, history, score without --actuals, diff, stability, triangle, "
    "gate (of a version: its verdict on record), gate policy and log"
)
# These have --format csv.
TABLES = (
    "get, history, versions, log, runs, status, sql, diff --changes, stability, triangle and score"
)
# Which commands print what besides text and JSON.
PRINTING = {
    "csv": TABLES,
    "markdown": "diff, gate and hub check",
    "html": "diff, gate, stability, history, triangle, and score of several sets",
    "junit": "gate",
    "github": "gate",
}


class Options:
    """What the shared options say; the environment fills in what they do not."""

    def __init__(self) -> None:
        self.store: str | None = None
        self.format: Format = "text"
        self.debug = False
        self.notify: str | None = None
        self.clock_is_right = False
        self.no_formulas = False
        self.tables = TextOptions()

    @property
    def json(self) -> bool:
        """Whether the output is for a program."""
        return self.format == "json"

    @property
    def csv(self) -> bool:
        """Whether the output is for a spreadsheet."""
        return self.format == "csv"

    def settings(self) -> Settings:
        """The settings of the environment, with `--store` in place of ESTIMATES_STORE; raises
        click.UsageError for `--store ""`, which would be the folder where the command is run.
        """
        if self.store == "":
            raise click.UsageError("--store is empty: name a folder, such as `.`, or leave it out")
        settings = Settings.from_environment()
        return (
            settings if self.store is None else msgspec.structs.replace(settings, store=self.store)
        )

    def with_notes(self, body: bytes) -> bytes:
        """A JSON object with the notes about its tables, as `notes`, where there are any."""
        if not self.tables.notes:
            return body
        content = msgspec.json.encode(msgspec.json.decode(body) | {"notes": self.tables.notes})
        return msgspec.json.format(content, indent=2) if b"\n" in body.strip() else content

    def say_notes(self) -> None:
        """Say on standard error what in tables was read as something else than it stands there."""
        for note in self.tables.notes:
            as_json = msgspec.json.encode({"note": {"code": "read_as", "message": note}})
            notice(as_json if self.json else f"note: {note}")
        self.tables.notes.clear()

    def open(self, over_http: str | None = None) -> Store:
        """The store; raises NotFoundError (`no_store`), UnavailableError, InvalidError
        (`service_url`).

        over_http  where a service has the like of what the command prints
        """
        settings = self.settings()
        if self.is_remote:
            raise InvalidError(
                "service_url",
                "this command needs the store itself",
                remedy="name it with --store; "
                + (
                    f"{REMOTE} take a URL"
                    if over_http is None
                    else f"the service has {settings.store.rstrip('/')}{over_http}, and pages at /"
                ),
            )
        return open_store(settings, clock_is_right=self.clock_is_right)

    @property
    def is_remote(self) -> bool:
        """Whether the URL of a service stands in place of the store."""
        return self.settings().store.startswith(("http://", "https://"))

    def open_to_read(self) -> Store | Client:
        """The store, or a client of the service whose URL stands in its place."""
        settings = self.settings()
        if not self.is_remote:
            return open_store(settings)
        from estimates.client import Client

        return Client(settings.store, token=settings.token)


def open_store(settings: Settings, *, clock_is_right: bool = False) -> Store:
    """The store that settings name; raises NotFoundError (`no_store`), UnavailableError,
    InvalidError.
    """
    from estimates.store.store import Store

    return Store(
        settings.store,
        catalog=settings.catalog,
        cache=settings.cache,
        actor=settings.actor,
        claimed=settings.claimed,
        clock_is_right=clock_is_right,
        key=settings.key,
        key_password=settings.key_password,
        root_key=settings.root_key,
    )


def shared_options() -> list[click.Parameter]:
    """`--store`, `--format`, `--debug`. Of one that stands before and after the name, the later one
    counts.
    """
    return [
        _shared(
            "store",
            metavar="FOLDER-OR-URL",
            help=f"The store; for {REMOTE} also the URL of a service. "
            "Default: ESTIMATES_STORE, else ./estimates-store.",
        ),
        _shared(
            "format",
            type=click.Choice(["text", "json", *PRINTING]),
            help=f"How to print: text for people (default), JSON, CSV ({TABLES}), "
            f"a page in Markdown ({PRINTING['markdown']}) or HTML ({PRINTING['html']}), "
            "JUnit XML or GitHub annotations (gate).",
        ),
        _shared("debug", is_flag=True, default=None, help="Show the trace of an error."),
    ]


def _shared(name: str, **attributes: Any) -> click.Option:
    return click.Option(
        [f"--{name}"], expose_value=False, is_eager=True, callback=_set(name), **attributes
    )


def _set(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def remember(context: click.Context, _parameter: click.Parameter, value: Any) -> None:
        if value is not None:
            setattr(context.ensure_object(Options), name, value)

    return remember


_NO_FORMULAS: dict[str, Any] = {
    "is_flag": True,
    "default": None,
    "expose_value": False,
    "callback": _set("no_formulas"),
    "help": "In CSV, text that a spreadsheet would take for a formula has an apostrophe in front.",
}


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
        if "csv" in forms:
            self.params.append(click.Option(["--no-formulas"], **_NO_FORMULAS))
        self.params += shared_options()

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a usage error for a format that it does not have."""
        options = ctx.ensure_object(Options)
        if options.format not in ("text", "json", *self.forms):
            others = PRINTING[options.format]
            raise click.UsageError(
                f"this command does not print {options.format}; it is for {others}", ctx
            )
        try:
            return super().invoke(ctx)
        finally:
            options.say_notes()

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
    *examples: str, forms: Sequence[Format] = ()
) -> Callable[[Callable[..., int | None]], Command]:
    """Declare a command by a function of its name, with examples; the function returns the exit
    code, or None for 0.
    """

    def declare(function: Callable[..., int | None]) -> Command:
        name = function.__name__.replace("_", "-")
        return click.command(name, cls=Command, examples=examples, forms=forms)(
            click.pass_obj(function)
        )

    return declare


set_argument = click.argument("set_name", metavar="SET")
optional_set_argument = click.argument("set_name", metavar="[SET]", required=False)
version_ref_option = click.option(
    "--ref",
    default="production",
    show_default=True,
    help="Version number, alias, or latest.",
)
as_of_option = click.option(
    "--as-of", metavar="TIME", help="What the ref named at this time, such as 2026-11-24T16:00:00Z."
)
reason_option = click.option(
    "--reason", required=True, metavar="TEXT", help="Why; it is kept in the log."
)
alias_option = click.option(
    "--alias", default="production", show_default=True, help="Which alias to move."
)
# For commands that write.
clock_is_right_option = click.option(
    "--clock-is-right",
    is_flag=True,
    default=None,
    expose_value=False,
    callback=_set("clock_is_right"),
    help="Write although the last event is more than 30 days old and no second clock confirms "
    "this machine's.",
)
# For commands that write CSV files; those that print it have it.
no_formulas_option = click.option("--no-formulas", **_NO_FORMULAS)
notify_option = click.option(
    "--notify",
    metavar="URL",
    expose_value=False,
    callback=_set("notify"),
    help="Post what is decided there, as events. Default: ESTIMATES_NOTIFY, else nowhere.",
)


def deciding_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """For commands that decide something, which they do within `notifying`: where to tell of it,
    and that the clock is right.
    """
    return notify_option(clock_is_right_option(function))


# For commands that read tables.
timezone_option = click.option(
    "--timezone",
    metavar="ZONE",
    help="Of times that name no zone, such as UTC or Europe/Berlin. Default: the contract's.",
)


def clock_option(description: str) -> Callable[[Any], Any]:
    """The option `--clock` with its help."""
    return click.option("--clock", type=click.Choice(["released"]), help=description)


def columns_option(*declarations: str, **attributes: Any) -> Callable[[Any], Any]:
    """An option whose value is a list of names, in the order given; None without it. The arguments
    are click's.
    """
    return click.option(*declarations, metavar="A,B", multiple=True, callback=_names, **attributes)


def _names(
    _context: click.Context, _option: click.Parameter, values: tuple[str, ...]
) -> list[str] | None:
    return [name.strip() for value in values for name in value.split(",")] or None
