"""What is served in tests: two sets, versions in several states, keys that try a URL; and a real
server.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx
import polars as pl

from estimates.contract.contract_file import parse_contract
from estimates.store.store import Store
from tests.builders import SET, TARGETS, define, frame, promoted, provenance, publish
from tests.ports import free_port
from tests.waiting import until

ODD = "odd"
ODD_KEYS = (
    "batch",
    "%41",
    "a/b",
    "/",
    "//",
    "a b",
    "a+b",
    "ÆØÅ",
    "a?b=c",
    "a#b",
    "...",
    "a%2Fb",
    "日本",
    "a;b,c",
    "%",
)

_ODD_SOURCE = """\
name = "odd"
[key.name]
type = "string"
[key.step]
type = "integer"
[columns.score]
role = "score"
"""


def fill(store: Store) -> None:
    """`closes` 1 to 6: superseded, refused, rolled back, production, refused (removed keys),
    unjudged; and `odd`.
    """
    define(store)
    promoted(store, "one", 100.0, day=0)
    publish(store, "two", 900.0, day=1)
    store.judge(SET, 2)
    promoted(store, "three", 101.0, day=2)
    store.rollback(SET, reason="looked wrong")
    promoted(store, "four", 102.0, day=3)
    part = frame(103.0).filter(pl.col("ticker") != "AAPL")
    store.publish(SET, part, provenance("five", 4))
    store.judge(SET, 5)
    publish(store, "six", 104.0, day=5)
    store.define(parse_contract(_ODD_SOURCE), _ODD_SOURCE)
    odd = pl.DataFrame(
        {
            "name": list(ODD_KEYS),
            "step": range(len(ODD_KEYS)),
            "score": [0.5 + i / 100 for i in range(len(ODD_KEYS))],
        }
    )
    store.publish(ODD, odd, provenance("odd"))
    store.judge(ODD, 1)
    store.promote(ODD, 1, reason="test")
    store[SET].score(actual_values(), versions=[4])


def actual_values() -> pl.DataFrame:
    """What the closes of the first target date turned out to be: 2 above `frame(100.0)`, one of
    them not known.
    """
    return (
        frame(102.0)
        .filter(pl.col("target_date") == TARGETS[0])
        .with_columns(
            value=pl.when(pl.col("ticker") == "AAPL").then(None).otherwise(pl.col("value") + 0.5)
        )
    )


def path_of(name: str, *parts: object, route: str = "estimates") -> str:
    """The path of a key."""
    return f"/v1/sets/{name}/{route}/" + "/".join(quote(str(part), safe="") for part in parts)


def caught_up(client: Any, store: Store) -> None:
    """Wait until an app has followed to the newest event of a store."""
    follower = client.app.state.follower
    until(lambda: follower.view.last_event == store.catalog.last_event())


class Asking(httpx.HTTPTransport):
    """Asks again while an answer is being computed, as it is where the machine is busy."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The answer to a request."""
        while (response := super().handle_request(request)).status_code == 202:
            response.close()
        return response


class Served(NamedTuple):
    """A running service."""

    url: str
    process: subprocess.Popen[bytes]

    def stop(self) -> int:
        """Tell it to stop, as a supervisor would; gives its exit code."""
        self.process.terminate()
        return self.process.wait(timeout=60)

    def kill(self) -> None:
        """End all its processes at once, as a machine that fails would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=60)


@contextmanager
def started(
    root: Path | str,
    workers: int = 1,
    *options: str,
    log: Path | None = None,
    secret: str | None = None,
    access: Path | str = "",
) -> Iterator[Served]:
    """A real granian on a free port of the loopback, as `estimates serve` starts it, with further
    options; given once all of it is ready.

    log     where its standard error goes
    secret  of a token that may read metrics; the service then wants to know who reads
    access  a file that says who may read
    """
    port = free_port()
    command = [sys.executable, "-m", "estimates_api.server", "--port", str(port)]
    who = str(access) if secret is None else "tokens"
    process = subprocess.Popen(
        [*command, "--workers", str(workers), *options],
        env=os.environ | {"ESTIMATES_STORE": str(root), "ESTIMATES_ACCESS": who},
        cwd=Path(__file__).parents[2],
        start_new_session=True,
        stderr=None if log is None else log.open("wb"),
    )
    scheme = "https" if "--tls-certificate" in options else "http"
    served = Served(f"{scheme}://127.0.0.1:{port}", process)
    try:
        _wait_until_ready(served.url, process, workers, secret)
        yield served
    finally:
        if process.poll() is None:
            served.stop()


@contextmanager
def serving(root: Path | str, workers: int = 1, *, access: Path | str = "") -> Iterator[str]:
    """The URL of a running service."""
    with started(root, workers, access=access) as served:
        yield served.url


def _wait_until_ready(
    url: str, process: subprocess.Popen[bytes], workers: int, secret: str | None
) -> None:
    workers_line = f"estimates_workers {workers}.0\n"

    def ready() -> bool:
        assert process.poll() is None, "the server has ended"
        try:
            return (
                client.get("/health/ready").status_code == 200
                and workers_line in client.get("/metrics").text
            )
        except httpx.TransportError:
            return False

    headers = {} if secret is None else {"authorization": f"Bearer {secret}"}
    with httpx.Client(base_url=url, headers=headers) as client:
        until(ready)
