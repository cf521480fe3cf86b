"""Serving a store until interrupted."""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from contextlib import closing, suppress
from pathlib import Path

import click

from estimates.access.access_rules import access_rules
from estimates.errors import InvalidError
from estimates.extras import needs
from estimates.settings import Settings
from estimates_jobs.cli.interface.command import Options, open_store

_SERVER = "estimates_api.server"  # by name: jobs never import the api

host_option = click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on: 127.0.0.1 answers this machine alone, 0.0.0.0 every network that "
    "it is in; say with --access who may read then.",
)

port_option = click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8000,
    show_default=True,
    help="Port to listen on.",
)


def serve_store(options: Options, settings: Settings, host: str, port: int, *more: str) -> None:
    """Serve until interrupted; `more` are further arguments of the server.

    Raises InvalidError (`port_in_use`, `bad_host`, `access_needed`, `bad_access`) and what opening
    the store raises.
    """
    check_address(host, port)
    _check_access(settings.access, host)
    open_store(settings).catalog.engine.dispose()  # the workers are other processes
    hand_down(settings)
    # A process of its own: workers are forked, and a fork of one that has used polars hangs in
    # polars' threads.
    _run_in_batches()
    sys.stdout.flush()
    form = "json" if options.json else "text"
    arguments = ["--host", host, "--port", str(port), "--announce", form, *more]
    os.execv(sys.executable, [sys.executable, "-m", _SERVER, *arguments])


def _run_in_batches() -> None:
    """Have Linux let each thread finish its turn: a worker's I/O thread that wakes would else take
    the core each time.

    On one core that nearly doubled the requests per second (docs/performance.md).
    """
    if hasattr(os, "SCHED_BATCH"):
        with suppress(OSError):  # forbidden in some sandboxes, and only slower without
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def _check_access(access: str | None, host: str) -> None:
    """Raises InvalidError: `access_needed` (other machines could read what nobody opened),
    `bad_access`.
    """
    access_rules(access)
    if access is None and not _is_loopback(host):
        raise InvalidError(
            "access_needed",
            f"--host {host}: other machines could read everything",
            remedy="say who may: --access tokens, --access FILE.toml, or --access anyone",
        )


def _is_loopback(host: str) -> bool:
    return all(
        ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback
        for *_, address in socket.getaddrinfo(host, None)
    )


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


def hand_down(settings: Settings) -> None:
    """The workers read their settings from the environment; what is not set must not come from
    elsewhere.
    """
    store = settings.store if "://" in settings.store else str(Path(settings.store).absolute())
    named = {
        "STORE": store,
        "CATALOG": settings.catalog,
        "CACHE": settings.cache,
        "ACTOR": settings.claimed,
        "ROOT_KEY": settings.root_key,
        "ACCESS": settings.access,
    }
    for name, value in named.items():
        os.environ[f"ESTIMATES_{name}"] = value or ""
