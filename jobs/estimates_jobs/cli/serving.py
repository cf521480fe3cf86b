"""Commands that show the whole: serve, demo."""

from __future__ import annotations

import os
import socket
import sys
from contextlib import closing, suppress
from pathlib import Path

import click

from estimates.errors import InvalidError
from estimates.settings import Settings
from estimates_jobs.cli import show
from estimates_jobs.cli.command import Options, command, open_store
from estimates_jobs.cli.requests import example_requests

_APP = "estimates_api.app:create_app"  # by name: jobs never import the api
_DEMO_STORE = "demo-store"
_DRAIN_S = 10  # for the requests under way when the service is told to stop
_CONCURRENT = 1024  # requests of each worker at a time, open event streams included

_host = click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
_port = click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8000,
    show_default=True,
    help="Port to listen on.",
)


@command(
    "serve",
    examples=(
        "estimates serve --store ./estimates-store",
        "estimates serve --host 0.0.0.0 --port 8080 --workers 4",
    ),
)
@_host
@_port
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Processes that answer.",
)
def serve(options: Options, host: str, port: int, workers: int) -> None:
    """Answer over HTTP, reading only; the routes are described at /docs.

    Promotions and rollbacks are followed within a second, without a restart. On SIGTERM or Ctrl-C
    it accepts nothing new, finishes the requests under way, ends the event streams and exits with 0
    after at most 10 seconds.
    """
    serve_store(options, options.settings(), host, port, workers)


@command(
    "demo",
    examples=(
        "estimates demo                                  # in ./demo-store, then serves it",
        "estimates demo --no-serve --store /tmp/demo",
    ),
)
@click.option(
    "--serve/--no-serve",
    "serves",
    default=True,
    show_default=True,
    help="Serve the store at the end.",
)
@_host
@_port
def demo(options: Options, serves: bool, host: str, port: int) -> None:
    """A week of a real set: the closes of 20 stocks, forecast on eight trading days with only the
    data up to each.

    One day's price feed is broken: the gate refuses that version and production stays. Then a
    rollback, a promotion with a reason, a diff, a history. The store is ./demo-store unless --store
    says otherwise; run again, it goes on where it was interrupted, or shows a finished week again.
    """
    from estimates_jobs.demo import play

    root = options.store or _DEMO_STORE
    if serves:
        _check_address(host, port)
    played = play(root, quiet=options.json)
    if options.json:
        show.value(played)
    settings = Settings(store=root, actor=Settings.from_environment().actor)
    if serves:
        serve_store(options, settings, host, port, 1)


def serve_store(options: Options, settings: Settings, host: str, port: int, workers: int) -> None:
    """Serve until interrupted. Raises InvalidError (`port_in_use`, `bad_host`) and what opening the
    store raises.
    """
    _check_address(host, port)
    _print_requests(options, settings, host, port)
    _hand_down(settings)
    # A process of its own: workers are forked, and a fork of one that has used polars hangs in
    # polars' threads.
    command = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "asgi",
        "--factory",
        "--no-ws",
        "--log-level",
        "warning",
    ]
    command += ["--workers-kill-timeout", str(_DRAIN_S), "--backpressure", str(_CONCURRENT)]
    command += [
        "--host",
        host,
        "--port",
        str(port),
        "--workers",
        str(workers),
        "estimates_api.app:create_app",
    ]
    _run_in_batches()
    sys.stdout.flush()
    os.execv(sys.executable, command)


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
        show.value(
            {
                "url": url,
                "store": store.root,
                "requests": [{"what": r.what, "command": r.command} for r in requests],
            }
        )
        return
    show.line()
    show.line(f"Serving {store.root}; stop with Ctrl-C", "bold")
    show.facts([("address", url), ("documentation", f"{url}/docs")])
    if not requests:
        show.line("nothing is in production yet, so there is nothing to ask for")
    for request in requests:
        show.line()
        show.line(f"# {request.what}", "dim")
        show.page(request.command)


def _check_address(host: str, port: int) -> None:
    """Say that an address cannot be had before anything is started. SO_REUSEADDR: as the server
    itself will ask.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        with closing(socket.socket(family, kind, protocol)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except socket.gaierror as error:
        raise InvalidError("bad_host", f"--host {host}: {error.strerror}") from None
    except OSError as error:
        reason = error.strerror or error
        raise InvalidError(
            "port_in_use", f"cannot listen on {host}:{port}: {reason}; choose another --port"
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
