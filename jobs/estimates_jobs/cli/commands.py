"""The list of commands. A command's module is imported when the command is used: `estimates --help`
imports none.
"""

from __future__ import annotations

import difflib
from importlib import import_module

import click

from estimates import __version__
from estimates_jobs.cli.interface.command import shared_options

# Section → command → what it does in a line. The command lies in the module of its name.
SECTIONS: dict[str, dict[str, str]] = {
    "Set up": {
        "demo": "A week of a real set: eight days, one broken feed, a rollback, a service.",
        "init": "Make a store.",
        "new": "Make a set from observed series: contract, job, test, schedules, first version.",
        "draft": "Write a first contract for a table.",
        "define": "Register a contract, or a new revision of it.",
        "migrate": "Bring a store's catalog to this program's schema.",
    },
    "Produce": {
        "run": "Run a set's job: compute, publish, judge, promote, track.",
        "publish": "Publish a table that was computed elsewhere.",
        "track": "Record in MLflow what was published while it was unreachable.",
    },
    "Decide": {
        "gate": "Judge a version, or a file before it is published; show and tune its limits.",
        "promote": "Point production at a version.",
        "carry-over": "Make a version of a refused one in which groups keep production's rows.",
        "approve": "Approve what somebody else asked for; the last approval does it.",
        "decline": "Decline what somebody asked for.",
        "waive": "Make an exception of a check for one version, for a while.",
        "unwaive": "Take a waiver back before its end.",
        "rollback": "Take production back one step and hold it.",
        "remove-alias": "Take an alias away; a promotion brings it back.",
        "hub": "Check a forecast hub's pull request before it is merged.",
    },
    "Read": {
        "get": "One estimate, several, or all under a leading part of the key.",
        "explain": "Why is this number what it is? Its run, inputs, verdict, promotions.",
        "history": "One key through the versions.",
        "triangle": "How estimates get revised: a row a key, a column a horizon; statistics.",
        "score": "How good: errors and coverage once actual values are known.",
        "diff": "How stable: what changed from one version to another.",
        "stability": "How stable through time: what each move of production changed.",
        "export": "A whole version, or some of its rows, as a file.",
        "sql": "A query over all versions of all sets.",
    },
    "Watch": {
        "status": "How often are my estimates updated? Age, production, holds, verdicts.",
        "versions": "The versions of a set, newest first.",
        "runs": "The runs of a set or of all, failed ones too; the log of one.",
        "log": "Who moved what, when and why.",
        "notify": "Send a receiver what the log holds after an event.",
    },
    "Keep": {
        "verify": "Compare every file and record with its digest.",
        "audit": "Walk the chain of events; name the first broken link.",
        "backup": "Copy the store to another place while writers run.",
        "restore": "Make a store of a backup.",
        "repair": "Mend missing and damaged files from the catalog or a backup.",
        "recover": "Rebuild a lost catalog from the log.",
        "repair-clock": "Make times right again after a clock was ahead.",
        "hold": "Keep a version, or a set, whatever the retention says.",
        "retire": "Keep a set that nobody updates any more: no new versions.",
        "unretire": "Take a retired set into use again.",
        "erase": "Take a person's numbers out of every version, for good.",
        "sweep": "Expire what the retention lets go; delete files of no version.",
        "serve": "Answer over HTTP.",
        "site": "Write the desk's pages of sets as files.",
        "access": "Who may write what: show and set the access record.",
        "key": "Make and show the key that signs what you do.",
        "token": "Make, list and revoke tokens of those who may read over HTTP.",
        "usage": "Who reads which sets over HTTP, and which nobody reads.",
    },
}
_NAMES = [name for commands in SECTIONS.values() for name in commands]


class Commands(click.Group):
    """A group whose commands are imported one by one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, section by section."""
        return _NAMES

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name; None when there is none."""
        if cmd_name not in _NAMES:
            return None
        name = cmd_name.replace("-", "_")
        return getattr(import_module(f"estimates_jobs.cli.{name}"), name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments begin with; a misspelt one is answered with those that are
        near.
        """
        name = args[0]
        if name not in _NAMES and not name.startswith("-"):
            near = difflib.get_close_matches(name, _NAMES, n=2)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise click.UsageError(f"there is no command {name!r}{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What each command does, from the list above: none is imported for it."""
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl(list(commands.items()))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Where to go from here."""
        with formatter.section("First steps"):
            for line in (
                "estimates demo                               a whole week, then pages of it",
                "estimates diff OLD.csv NEW.csv --key ID      two files: no store, no contract",
                "estimates draft SCORES.csv --key ID          a contract for your own table",
                "estimates new demand --from sales.csv …      forecasts of your observations",
                "estimates COMMAND --help                     its examples fit the demo's store",
            ):
                formatter.write(f"  {line}\n")


@click.group(
    cls=Commands,
    params=shared_options(),
    context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 100},
    no_args_is_help=True,
)
@click.version_option(__version__, prog_name="estimates")
def cli() -> None:
    """Estimates as a service: versioned, judged, promoted, read by key.

    Exit codes: 0 done, 1 the answer is no, 2 wrong usage or input, 3 not reachable (try again), 4
    failed or damaged.
    """
