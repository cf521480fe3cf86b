"""`estimates hub check`: a pull request of a hub, before it is merged."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from estimates import instants
from estimates_jobs.cli.interface.command import Options, columns_option, command
from estimates_jobs.cli.interface.failures import ANSWER_IS_NO
from estimates_jobs.cli.output import progress, terminal


@command(
    "estimates hub check --changed-since origin/main",
    "estimates hub check --changed-since origin/main --format markdown > comment.md",
    "estimates hub check --changed-since origin/main --team '*'          # a maintainer's own",
    "estimates hub check --changed-since origin/main --store http://127.0.0.1:8000 --through "
    "'{date-7d}'",
    forms=("markdown",),
)
@click.option(
    "--changed-since",
    metavar="REF",
    required=True,
    help="The branch that the request goes to: what differs from where the two parted is looked "
    "at, and what is not committed.",
)
@click.option(
    "--hub",
    "folder",
    metavar="FOLDER",
    default=".",
    show_default=True,
    help="The hub, in a git repository.",
)
@columns_option(
    "--team",
    "teams",
    help="Whose files the request may have; '*' for anybody's. Default: those of one team.",
)
@click.option(
    "--through",
    metavar="TIME",
    help="With a store: the last moment of data of a submission, such as '{date-7d}' for a week "
    "before its round. Default: {date}.",
)
@click.option(
    "--now", metavar="TIME", help="Look at it as if it were this time; rounds open and close by it."
)
def check(
    options: Options,
    changed_since: str,
    folder: str,
    teams: list[str] | None,
    through: str | None,
    now: str | None,
) -> int:
    """Look at a pull request of a forecast hub: whose files it has, names and folders, metadata,
    open rounds, and the rows of each submission against the tasks of its round.

    Without a store or a secret; nothing is stored. Where --store or ESTIMATES_STORE names a store
    or a service, its gate says of each submission what it would say on publishing it to the
    family. Exits 0 when all is well, warnings or not, 1 when something is wrong with the request, 2
    when the hub or the branch cannot be read.
    """
    from estimates_jobs.hub.changed_files import changed_files
    from estimates_jobs.hub.hub_folder import Hub
    from estimates_jobs.hub.request_check import Request, check_request
    from estimates_jobs.hub.request_pages import render_markdown, render_text
    from estimates_jobs.hub.request_report import as_json

    moment = instants.now() if now is None else instants.parse(now, "--now")
    hub = Hub(Path(folder))
    files = changed_files(hub.folder, changed_since)
    verdicts = None
    if options.store is not None or os.environ.get("ESTIMATES_STORE"):
        from estimates_jobs.hub.store_verdicts import StoreVerdicts

        verdicts = StoreVerdicts(options.open_to_read(), through or "{date}", moment)
    elif through is not None:
        raise click.UsageError("--through goes with --store")
    request = Request(hub, files, changed_since, moment, tuple(teams or ()), verdicts)
    with progress.steps(quiet=not sys.stderr.isatty()) as announce:
        report = check_request(request, announce)
    if options.json:
        terminal.json(as_json(report))
    elif options.format == "markdown":
        terminal.page(render_markdown(report))
    else:
        terminal.report(lambda: render_text(report))
    return ANSWER_IS_NO if report.outcome == "fail" else 0
