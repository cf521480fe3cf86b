"""Load on a server: granian on one core, wrk on the other."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import click
import httpx

SERVER_CORE, CLIENT_CORE = "0", "1"
_SCRIPT = Path(__file__).with_name("load.lua")
SERVICE = "estimates_api.app:create_app"
_ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Load:
    """What wrk saw. `errors` are broken or timed-out connections, `refused` answers with a status
    of 400 and above.
    """

    requests_per_s: float
    p50_ms: float
    p99_ms: float
    errors: int
    refused: int


@dataclass(frozen=True)
class Server:
    """A running server: its URL and its first process."""

    url: str
    process: subprocess.Popen[bytes]

    def memory_mb(self, field: str = "Pss") -> float:
        """Memory of all its processes, see `memory_mb`."""
        return memory_mb(family(self.process.pid), field)


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(
    factory: str,
    ready: str,
    environment: Mapping[str, str] | None = None,
    workers: int = 1,
    python: str = sys.executable,
) -> Iterator[Server]:
    """The service as `estimates serve` starts it, or granian with another factory
    "module:function", up once the path `ready` answers 200.
    """
    port = free_port()
    if factory == SERVICE:
        command = [python, "-m", "estimates_api.server"]
    else:
        granian = "--interface asgi --factory --no-ws --http 1 --log-level warning"
        command = [python, "-m", "granian", *granian.split(), factory]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)]
    with running(command, f"http://127.0.0.1:{port}", ready, environment) as server:
        yield server


@contextmanager
def running(
    command: Sequence[str], url: str, ready: str, environment: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """A command that serves `url`, on the server's core, up once the path `ready` answers 200;
    ended afterwards.
    """
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            ["chrt", "--batch", "0", "taskset", "-c", SERVER_CORE, *command],
            env=os.environ | (environment or {}),
            cwd=_ROOT,
            stdout=log,
            stderr=log,
        )
        try:
            if not _is_ready(url + ready, process):
                log.seek(0)
                raise click.ClickException(
                    f"the server did not answer {url + ready}: {log.read()[-2000:].strip()}"
                )
            yield Server(url, process)
        finally:
            stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process gently, and after 20 s not so gently, with what it started."""
    members = family(process.pid)
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        for pid in members:
            os.kill(pid, signal.SIGKILL)
        process.wait()


def http_request(
    path: str, method: str = "GET", headers: Mapping[str, str] | None = None, body: bytes = b""
) -> bytes:
    """The bytes of one HTTP/1.1 request, as wrk sends them."""
    lines = {"Host": "127.0.0.1"} | dict(headers or {})
    if body:
        lines |= {"Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def run_wrk(
    url: str,
    requests: Sequence[bytes],
    seconds: float,
    connections: int = 64,
    rate: float | None = None,
) -> Load:
    """Send the requests in turn, over and over, from the client's core, for some (whole) seconds.

    Without a rate, each connection asks again as soon as it is answered. With a rate (requests/s),
    requests fall due at random moments (a Poisson process) whether or not earlier ones are
    answered, as long as a connection is free.
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        raise click.ClickException("wrk is not installed; on Debian: apt-get install wrk")
    with tempfile.NamedTemporaryFile() as file:
        file.writelines(b"%d\n%b" % (len(request), request) for request in requests)
        file.flush()
        command = [
            "taskset",
            "-c",
            CLIENT_CORE,
            wrk,
            "--threads",
            "1",
            "--connections",
            str(connections),
        ]
        command += [
            "--duration",
            f"{max(1, round(seconds))}s",
            "--timeout",
            "30s",
            "--script",
            str(_SCRIPT),
        ]
        environment = os.environ | ({"LOAD_RATE": str(rate)} if rate else {})
        ended = subprocess.run(
            [*command, _address(url), "--", file.name],
            env=environment,
            capture_output=True,
            text=True,
        )
    line = next((line for line in ended.stdout.splitlines() if line.startswith("LOAD ")), None)
    if line is None:
        raise click.ClickException(f"wrk failed: {(ended.stderr or ended.stdout).strip()}")
    count, micros, p50, p99, errors, refused = map(float, line.split()[1:])
    return Load(count / micros * 1e6, p50 / 1e3, p99 / 1e3, int(errors), int(refused))


def family(pid: int) -> list[int]:
    """A process and all it started, by /proc."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return []
    return [pid, *(member for child in children for member in family(int(child)))]


def memory_mb(pids: Sequence[int], field: str = "Pss") -> float:
    """Memory of processes by a field of smaps_rollup: Pss counts a shared page once, Anonymous has
    no file.
    """
    return sum(_memory_kb(pid, field) for pid in pids) / 1024


def _address(url: str) -> str:
    return f"http://{urlsplit(url).netloc}"


def _is_ready(url: str, process: subprocess.Popen[bytes]) -> bool:
    """Whether it answers 200 within three minutes: a busy machine takes one to import Feast."""
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(url, timeout=60).status_code == 200:
                return True
        except httpx.TransportError:
            pass
        time.sleep(0.02)
    return False


def _memory_kb(pid: int, field: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))
