"""The server under attack and under fire: real processes, and what clients of them see."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from estimates_api.server import Announcement
from tests.api.served import Served, path_of, started
from tests.builders import SET, define, make_store, promoted
from tests.ports import free_port
from tests.waiting import until

DOCS = Path(__file__).parents[2] / "docs"
ONE = path_of(SET, "AAPL", "2024-06-03")
BATCH = f"POST /v1/sets/{SET}/estimates HTTP/1.1\r\nhost: x\r\n".encode()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a store with one version in production."""
    store = make_store(tmp_path_factory.mktemp("server") / "store")
    define(store)
    promoted(store, "one")
    store.catalog.engine.dispose()
    return Path(store.root)


@pytest.fixture(scope="module")
def one_worker(root: Path) -> Iterator[Served]:
    """A server of one worker."""
    with started(root) as served:
        yield served


def connected(served: Served, data: bytes = b"") -> socket.socket:
    """A connection on which something was sent."""
    connection = socket.create_connection(("127.0.0.1", urlsplit(served.url).port or 0), 60)
    connection.sendall(data)
    return connection


def answer_to(served: Served, data: bytes) -> bytes:
    """The first line of the answer to these bytes."""
    with connected(served, data) as connection:
        return connection.recv(1000).partition(b"\r\n")[0]


def looked_up(served: Served) -> bool:
    """Whether a lookup on a connection of its own is answered."""
    with suppress(httpx.TransportError):
        return httpx.get(served.url + ONE, timeout=60).status_code == 200
    return False


def workers(served: Served) -> list[int]:
    """The processes that answer."""
    pid = served.process.pid
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def memory_mb(pid: int) -> int:
    """The private memory of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("RssAnon")).split()[1]) // 1024


def killed(served: Served, number: int) -> int:
    """Kill a worker by a signal, and give the one that takes its place."""
    before = workers(served)
    os.kill(before[0], number)
    until(lambda: before[0] not in workers(served))
    return until(lambda: next((pid for pid in workers(served) if pid not in before), 0))


def test_silent_connections_and_stalled_bodies_leave_lookups_alone(one_worker: Served) -> None:
    """1,030 connections that say nothing, and 2,200 that hold a body back."""
    (worker,) = workers(one_worker)
    before = memory_mb(worker)
    with ExitStack() as connections:
        for data in [b""] * 1030 + [BATCH + b"content-length: 1000\r\n\r\nabc"] * 2200:
            connections.enter_context(connected(one_worker, data))
        assert looked_up(one_worker)
        assert httpx.get(one_worker.url + "/health/ready", timeout=60).status_code == 200
        assert memory_mb(worker) < before + 150


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"transfer-encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n", 400),
        (b"content-length: 20000\r\n\r\n" + b"[" * 20_000, 422),
        (b'content-length: 20\r\n\r\n{"keys":[["\xff\xfe","a"]]}'[:44], 422),
        (b"content-length: 99999999\r\n\r\n", 413),
        (b"content-length: x\r\n\r\n", 400),
    ],
)
def test_no_bad_body_is_an_error_of_the_server(
    one_worker: Served, data: bytes, status: int
) -> None:
    """Chunks that are none, JSON that is too deep or not UTF-8, and lengths that nobody sends."""
    assert b" %d " % status in answer_to(one_worker, BATCH + data)


def test_no_bad_path_is_an_error_of_the_server(one_worker: Served) -> None:
    """Bytes that are no UTF-8, in a key and in a query."""
    for path in (b"/\xff/x", b"?ticker=\xff", b"/%ff/x"):
        line = b"GET /v1/sets/%b/estimates%b HTTP/1.1\r\nhost: x\r\n\r\n" % (SET.encode(), path)
        assert b" 400 " in answer_to(one_worker, line)


def test_a_client_that_leaves_is_no_fault(one_worker: Served) -> None:
    """It closes while its body is awaited: no request of it counts as one that failed."""
    connected(one_worker, BATCH + b"content-length: 100\r\n\r\nabc").close()
    connected(
        one_worker, BATCH.replace(b" HTTP", b"?x=1 HTTP") + b"content-length: 9\r\n\r\n"
    ).close()
    assert looked_up(one_worker)
    metrics = httpx.get(one_worker.url + "/metrics", timeout=60).text
    assert 'status="500"' not in metrics


def test_a_worker_that_dies_is_replaced_whatever_it_dies_of(one_worker: Served, root: Path) -> None:
    """Killed twice in a row, then by a read file that was cut off under it: that is made again."""
    killed(one_worker, signal.SIGKILL)
    until(lambda: looked_up(one_worker))
    killed(one_worker, signal.SIGSEGV)
    until(lambda: looked_up(one_worker))
    (worker,) = workers(one_worker)
    mapped = {line.split()[-1] for line in Path(f"/proc/{worker}/maps").read_text().splitlines()}
    files = [Path(name) for name in mapped if name.startswith(str(root)) and "lookup" in name]
    for file in files:
        os.truncate(file, 0)
    assert files
    looked_up(one_worker)
    until(lambda: worker not in workers(one_worker))
    until(lambda: looked_up(one_worker))


@contextmanager
def proxied(served: Served, folder: Path) -> Iterator[int]:
    """nginx in front of a server, as docs/proxy.md configures it; gives its port."""
    port = free_port()
    text = (DOCS / "proxy.md").read_text()
    text = text[text.index("```nginx\n") + 9 :].partition("```")[0]
    text = text.replace("127.0.0.1:8000", urlsplit(served.url).netloc)
    short, long = (f"client_body_timeout {seconds}s;" for seconds in (10, 120))
    assert short in text
    text = text.replace(short, long)  # on a slow machine 100 bodies are not there in ten seconds
    (folder / "nginx.conf").write_text(text.replace(":8080", f":{port}"))
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder / kind}; " for kind in kinds)
    conf = (folder / "nginx.conf").read_text().replace("http {", f"http {{ {temporary}", 1)
    (folder / "nginx.conf").write_text(conf)
    options = f"daemon off; master_process off; pid {folder / 'pid'}; error_log {folder / 'log'};"
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    assert nginx
    command = [nginx, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", options]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            until(lambda: _get(port).status_code == 200)
            yield port
        finally:
            process.terminate()


def _get(port: int, address: str = "127.0.0.1") -> httpx.Response:
    """The answer to a lookup through the proxy, from an address of this machine."""
    transport = httpx.HTTPTransport(local_address=address)
    try:
        with httpx.Client(transport=transport, timeout=60) as client:
            return client.get(f"http://127.0.0.1:{port}{ONE}")
    except httpx.TransportError:
        return httpx.Response(0)


@pytest.mark.skipif(
    not shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin"),
    reason="nginx is not installed: apt-get install nginx-light",
)
def test_a_proxy_limits_what_the_server_cannot_see(one_worker: Served, tmp_path: Path) -> None:
    """An address that holds 100 bodies back gets no more (429); others are answered, and the
    server hears of none of these bodies.
    """
    with proxied(one_worker, tmp_path) as port, ExitStack() as connections:
        for _ in range(100):
            connection = socket.create_connection(("127.0.0.1", port), 60)
            connections.enter_context(connection)
            connection.sendall(BATCH + b"content-length: 1000\r\n\r\nabc")
        until(lambda: _get(port).status_code == 429)
        assert _get(port, "127.0.0.2").status_code == 200


def test_two_workers_stop_in_order(root: Path, tmp_path: Path) -> None:
    """One may die and the other answers; told to stop, readiness goes first, lookups go on, then
    it exits with 0; nothing was logged of clients that left.
    """
    log = tmp_path / "log"
    with (
        started(root, 2, "--notice", "5", log=log) as served,
        httpx.Client(base_url=served.url, timeout=60) as client,
    ):
        connected(served, BATCH + b"content-length: 100\r\n\r\nabc").close()
        killed(served, signal.SIGKILL)
        until(lambda: looked_up(served) and looked_up(served))
        served.process.terminate()
        until(lambda: client.get("/health/ready").json().get("code") == "stopping")
        assert client.get(ONE).status_code == 200
        assert served.process.wait(60) == 0
    assert "Traceback" not in log.read_text()
    assert "was not done" not in log.read_text()


def test_a_worker_in_anothers_place_waits_for_the_store(root: Path, tmp_path: Path) -> None:
    """Where another answers it leaves all to that. Where none does it is alive and not ready; once
    the store can be opened it answers.
    """
    store = shutil.copytree(root, tmp_path / "store")
    catalog, away = store / "catalog.db", tmp_path / "catalog.db"
    with started(store, 2, log=tmp_path / "log") as served:
        catalog.rename(away)
        before = workers(served)
        os.kill(before[0], signal.SIGKILL)
        until(lambda: "cannot start" in (tmp_path / "log").read_text())
        assert all(looked_up(served) for _ in range(20))
        os.kill(before[1], signal.SIGKILL)
        assert httpx.get(f"{served.url}/health/live", timeout=60).status_code == 200
        answer = httpx.get(served.url + ONE, timeout=60)
        assert (answer.status_code, answer.json()["code"]) == (503, "starting")
        away.rename(catalog)
        until(lambda: looked_up(served))


def test_a_stop_while_it_starts_waits_for_nothing(root: Path, tmp_path: Path) -> None:
    """A worker that still imports has nothing to drain, and ends at once."""
    command = [sys.executable, "-m", "estimates_api.server", "--port", str(free_port())]
    environment = os.environ | {"ESTIMATES_STORE": str(root)}
    log = tmp_path / "log"
    with log.open("wb") as err, subprocess.Popen(command, env=environment, stderr=err) as process:
        until(lambda: workers(Served("", process)))
        process.terminate()
        assert process.wait(60) == 0
    assert "was not done" not in log.read_text()


def test_interrupted_at_a_terminal_it_stops_in_order(root: Path) -> None:
    """Ctrl-C reaches workers too: they answer on, not ready, until they are told to stop."""
    with started(root, 1, "--notice", "5") as served:
        (worker,) = workers(served)
        os.killpg(served.process.pid, signal.SIGINT)
        until(lambda: httpx.get(f"{served.url}/health/ready", timeout=60).status_code == 503)
        assert looked_up(served)
        assert workers(served) == [worker]
        assert served.process.wait(60) == 0


def test_a_dead_master_leaves_no_orphans(root: Path) -> None:
    """Its workers end with it, and the port is free."""
    with started(root) as served:
        pids = workers(served)
        os.kill(served.process.pid, signal.SIGKILL)
        served.process.wait(60)
        until(lambda: not any(_lives(pid) for pid in pids))
        assert not looked_up(served)


def _lives(pid: int) -> bool:
    with suppress(FileNotFoundError, ProcessLookupError):
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    return False


def test_a_server_that_cannot_start_says_why_and_ends(tmp_path: Path) -> None:
    """It is not started again and again: where there is no store it says so and exits."""
    log = tmp_path / "log"
    with (
        pytest.raises(AssertionError, match="the server has ended"),
        started(tmp_path / "none", log=log),
    ):
        pass
    assert "there is no store at" in log.read_text()
    assert "Traceback" not in log.read_text()


def test_who_dies_before_it_has_spoken_is_followed() -> None:
    """The first worker says where the service listens; one in its place where it died before it
    was done; afterwards nobody says it again.
    """
    said = Announcement("http://127.0.0.1:1", "json", multiprocessing.Value("i"))
    assert said.begins()
    assert not said.begins()
    dead = subprocess.Popen(["true"])
    dead.wait()
    said.speaker.value = dead.pid
    assert said.begins()
    said.ends()
    assert not said.begins()
