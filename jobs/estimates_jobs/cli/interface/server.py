"""Serving a store until interrupted."""

from __future__ import annotations

import os
import socket
import sys
from contextlib import closing, suppress
from pathlib import Path

import click

from estimates.errors import InvalidError
from estimates.extras import needs
from estimates.settings import Settings
from estimates_jobs.cli.interface.command import Options, open_store
from estimates_jobs.cli.interface.example_requests import example_requests
from estimates_jobs.cli.output import terminal

_SERVER = "estimates_api.server"  # by name: jobs never import the api

host_option = click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on."
)

port_option = click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8000,
    show_default=True,
    help="Port to listen on.",
)


def serve_store(
    options: Options,
    settings: Settings,
    host: str,
    port: int,
    workers: int,
    notice_s: float = 0,
) -> None:
    """Serve until interrupted; told to stop it answers for `notice_s` longer, not ready any more.

    Raises InvalidError (`port_in_use`, `bad_host`) and what opening the store raises.
    """
    check_address(host, port)
    _print_requests(options, settings, host, port)
    _hand_down(settings)
    # A process of its own: workers are forked, and a fork of one that has used polars hangs in
    # polars' threads.
    _run_in_batches()
    sys.stdout.flush()
    arguments = f"--host {host} --port {port} --workers {workers} --notice {notice_s}".split()
    os.execv(sys.executable, [sys.executable, "-m", _SERVER, *arguments])


def _run_in_batches() -> None:
    """Have Linux let each thread finish its turn: a worker's I/O thread that wakes would else take
    the core each time.

    On one core that nearly doubled the requests per second (docs/performance.md).
    """
    if hasattr(os, "SCHED_BATCH"):
        with suppress(OSError):  # forbidden in some sandboxes, and only slower without
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def _print_requests(options: Options, settings: Settings, host: str, port: int) -> None:
    store = open_store(settings)
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    requests = example_requests(store, url)
    store.catalog.engine.dispose()  # the workers are other processes
    if options.json:
        terminal.json(
            {
                "url": url,
                "store": store.root,
                "requests": [{"what": r.title, "command": r.command} for r in requests],
            }
        )
        return
    terminal.line()
    terminal.line(f"Serving {store.root}; stop with Ctrl-C", "bold")
    terminal.pairs([("address", url), ("documentation", f"{url}/docs")])
    if not requests:
        terminal.line("nothing is in production yet, so there is nothing to ask for")
    for request in requests:
        terminal.line()
        terminal.line(f"# {request.title}", "dim")
        terminal.page(request.command)


def check_address(host: str, port: int) -> None:
    """Say before anything is started that there is no server or that an address cannot be had.
    SO_REUSEADDR: as the server itself will ask. Raises InvalidError (`bad_host`, `port_in_use`)
    and ModuleNotFoundError that names the extra.
    """
    with needs("api"):
        import granian  # noqa: F401
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        with closing(socket.socket(family, kind, protocol)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except socket.gaierror as error:
        raise InvalidError(
            "bad_host",
            f"--host {host}: {error.strerror}",
            remedy="name an address of this machine, such as 127.0.0.1",
        ) from None
    except OSError as error:
        reason = error.strerror or error
        raise InvalidError(
            "port_in_use",
            f"cannot listen on {host}:{port}: {reason}",
            remedy="choose another --port",
        ) from None


def _hand_down(settings: Settings) -> None:
    """The workers read their settings from the environment; what is not set must not come from
    elsewhere.
    """
    store = settings.store if "://" in settings.store else str(Path(settings.store).absolute())
    named = {
        "STORE": store,
        "CATALOG": settings.catalog,
        "CACHE": settings.cache,
        "ACTOR": settings.actor,
    }
    for name, value in named.items():
        os.environ[f"ESTIMATES_{name}"] = value or ""
