"""`estimates serve`: answer over HTTP."""

from __future__ import annotations

import click

from estimates_jobs.cli.interface.command import Options, command
from estimates_jobs.cli.interface.server import host_option, port_option, serve_store


@command(
    "estimates serve --store ./estimates-store",
    "estimates serve --host 0.0.0.0 --port 8080 --workers 4",
)
@host_option
@port_option
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Processes that answer.",
)
@click.option(
    "--notice",
    type=click.FloatRange(0, 600),
    default=0.0,
    metavar="SECONDS",
    show_default=True,
    help="How long to answer on after SIGTERM, while /health/ready says 503.",
)
def serve(options: Options, host: str, port: int, workers: int, notice: float) -> None:
    """Answer over HTTP, reading only; the routes are described at /docs.

    Promotions and rollbacks are followed within a second, without a restart. A worker that dies is
    replaced. On SIGTERM or Ctrl-C it stops being ready for --notice seconds, then accepts nothing
    new, finishes the requests under way, ends the event streams and exits with 0 after at most 10
    seconds.
    """
    serve_store(options, options.settings(), host, port, workers, notice)
