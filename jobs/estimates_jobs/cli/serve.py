"""`estimates serve`: answer over HTTP."""

from __future__ import annotations

import click
from msgspec import structs

from estimates_jobs.cli.interface.command import Options, command
from estimates_jobs.cli.interface.server import host_option, port_option, serve_store


@command(
    "estimates serve --store ./estimates-store",
    "estimates serve --host 0.0.0.0 --port 8080 --workers 4 --access tokens",
    "estimates serve --host 0.0.0.0 --access access.toml --tls-certificate cert.pem "
    "--tls-key key.pem",
    "estimates serve --log-level info --access-log",
)
@host_option
@port_option
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Processes that answer. One serves thousands of lookups a second; give as many as there "
    "are cores to spare. They share the files on the disk and follow the same catalog.",
)
@click.option(
    "--notice",
    type=click.FloatRange(0, 600),
    default=0.0,
    metavar="SECONDS",
    show_default=True,
    help="How long to answer on after SIGTERM, while /health/ready says 503.",
)
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="warning",
    show_default=True,
    help="From which level on messages are logged.",
)
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Lines of the log, on standard error.",
)
@click.option("--access-log", is_flag=True, help="Log a line for each answer: its route, no keys.")
@click.option(
    "--access",
    metavar="WHO",
    help="Who may read: `tokens` (docs/security.md), `anyone`, or a file in TOML that says more. "
    "Default: ESTIMATES_ACCESS, else anyone on this machine.",
)
@click.option(
    "--tls-certificate",
    type=click.Path(exists=True, dir_okay=False),
    help="Certificate in PEM, with those between it and a known one: answer over HTTPS.",
)
@click.option(
    "--tls-key", type=click.Path(exists=True, dir_okay=False), help="Its private key in PEM."
)
def serve(
    options: Options,
    host: str,
    port: int,
    workers: int,
    notice: float,
    log_level: str,
    log_format: str,
    access_log: bool,
    access: str | None,
    tls_certificate: str | None,
    tls_key: str | None,
) -> None:
    """Answer over HTTP, reading only; the routes are described at /docs, and / is the desk: pages
    of every set, version, change and verdict.

    On any other address than this machine's own it has to be said who may read: --access.

    It listens first, says so, and opens the versions in production while it answers already.
    Promotions and rollbacks are followed within a second, without a restart. A worker that dies is
    replaced. On SIGTERM or Ctrl-C it stops being ready for --notice seconds, then accepts nothing
    new, finishes the requests under way, ends the event streams and exits with 0 after at most 10
    seconds.
    """
    more = ["--workers", str(workers), "--notice", str(notice), "--log-level", log_level]
    more += ["--log-format", log_format]
    more += ["--access-log"] if access_log else []
    if (tls_certificate is None) != (tls_key is None):
        raise click.UsageError("--tls-certificate and --tls-key go together")
    if tls_certificate is not None:
        more += ["--tls-certificate", tls_certificate, "--tls-key", str(tls_key)]
    settings = options.settings()
    if access is not None:
        settings = structs.replace(settings, access=access)
    serve_store(options, settings, host, port, *more)
