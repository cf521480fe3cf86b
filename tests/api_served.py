"""What is served in tests: two sets, versions in several states, keys that try a URL; and a real server."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx
import polars as pl

from estimates.contract import parse_contract
from estimates.store import Store
from tests.builders import SET, define, frame, promoted, provenance, publish

ODD = "odd"
ODD_KEYS = ("batch", "%41", "a/b", "/", "//", "a b", "a+b", "ÆØÅ", "a?b=c", "a#b", "...", "a%2Fb", "日本", "a;b,c", "%")

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
    """`closes` 1 to 6: superseded, refused, rolled back, production, refused for removed keys, unjudged; and `odd`."""
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
    odd = pl.DataFrame({"name": list(ODD_KEYS), "step": range(len(ODD_KEYS)), "score": [0.5] * len(ODD_KEYS)})
    store.publish(ODD, odd, provenance("odd"))
    store.judge(ODD, 1)
    store.promote(ODD, 1, reason="test")


def path_of(name: str, *parts: object, route: str = "estimates") -> str:
    """The path of a key."""
    return f"/v1/sets/{name}/{route}/" + "/".join(quote(str(part), safe="") for part in parts)


@contextmanager
def serving(root: Path, *options: str) -> Iterator[str]:
    """A real granian on a free port of the loopback; gives its URL once it is ready."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "api.app:create_app"]
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port), "--log-level", "warning", *options],
        env=os.environ | {"ESTIMATES_STORE": str(root)},
        cwd=Path(__file__).parent.parent,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_ready(url, process)
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server has ended"
        try:
            if httpx.get(f"{url}/health/ready").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError("the server did not become ready")
