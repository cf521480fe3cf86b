"""`estimates serve` answers over HTTP what the command line answers; what it prints to paste
works.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from estimates.store.store import Store
from estimates_api.serving.example_requests import example_requests, pages
from tests import builders
from tests.builders import SET
from tests.jobs.cli.calls import call
from tests.ports import free_port
from tests.waiting import until

SOURCE = Path(__file__).parents[3]
KEY = ("BRK/B", "2024-06-03")
PATH = f"/v1/sets/{SET}/estimates/BRK%2FB/2024-06-03"


class Served(NamedTuple):
    """A running service: its store, its URL and what it printed."""

    store: Store
    url: str
    printed: dict[str, object]
    pid: int

    def get(self, path: str) -> bytes:
        """The body of a GET, asked for again while it is being computed."""
        while True:
            with urllib.request.urlopen(self.url + path, timeout=60) as response:
                if response.status != 202:
                    return response.read()

    def post(self, path: str, content: object) -> bytes:
        """The body of a POST."""
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, json.dumps(content).encode(), headers)
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.read()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Three versions, rolled back once, served by `estimates serve` as a process of its own."""
    store = builders.make_store(tmp_path_factory.mktemp("served") / "store")
    builders.define(store)
    for number in range(3):
        builders.promoted(store, f"r{number}", 100.0 + number, day=number)
    store.rollback(SET, reason="test")
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "estimates_jobs.cli",
        "serve",
        "--port",
        str(port),
        "--format",
        "json",
        "--store",
        store.root,
    ]
    environment = os.environ | {"PYTHONPATH": str(SOURCE)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True
    ) as process:
        assert process.stdout is not None
        printed = ""
        while not printed.endswith("\n}\n"):
            line = process.stdout.readline()
            assert line, process.stderr.read() if process.stderr else ""
            printed += line
        running = Served(store, f"http://127.0.0.1:{port}", json.loads(printed), process.pid)
        until(lambda: _is_alive(running))
        yield running
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0
    store.catalog.engine.dispose()


def _is_alive(served: Served) -> bool:
    try:
        served.get("/health/live")
    except OSError:
        return False
    return True


def _cli(served: Served, *arguments: object) -> bytes:
    called = call(*arguments, "--store", served.store.root, "--format", "json")
    assert called.code == 0, called.err
    return called.out


def test_http_and_command_line_give_the_same_bytes(served: Served, tmp_path: Path) -> None:
    """One estimate, a page, a batch, a history, as of a time and a diff: the same body from
    both.
    """
    rollback = served.store.view().set(SET).events[-1].at.isoformat().replace("+00:00", "Z")
    assert served.get(PATH) == _cli(served, "get", SET, *KEY)
    assert served.get(f"{PATH}?ref=3&fields=value") == _cli(
        served, "get", SET, *KEY, "--ref", 3, "--fields", "value"
    )
    assert served.get(f"/v1/sets/{SET}/estimates?ticker=AAPL") == _cli(served, "get", SET, "AAPL")
    keys = [list(KEY), ["ZZZ", "2024-06-03"]]
    (tmp_path / "keys.json").write_text(json.dumps({"keys": keys}))
    batch = served.post(f"/v1/sets/{SET}/estimates", {"keys": keys})
    assert batch == _cli(served, "get", SET, "--keys", tmp_path / "keys.json")
    history = f"/v1/sets/{SET}/history/BRK%2FB/2024-06-03"
    assert served.get(history) == _cli(served, "history", SET, *KEY)
    assert served.get(f"{PATH}?as_of={rollback}") == _cli(
        served, "get", SET, *KEY, "--as-of", rollback
    )
    assert served.get(f"/v1/sets/{SET}/diff?from=1&to=3") == _cli(served, "diff", SET, 1, 3)


def test_errors_have_the_same_code_over_http_and_on_the_command_line(served: Served) -> None:
    """An unknown key is the same mistake in both places."""
    with pytest.raises(urllib.error.HTTPError) as caught:
        served.get(f"/v1/sets/{SET}/estimates/ZZZ/2024-06-03")
    called = call("get", SET, "ZZZ", "2024-06-03", "--store", served.store.root, "--format", "json")
    assert json.loads(caught.value.read())["code"] == called.error["code"] == "outside_domain"


def test_the_requests_to_paste_work(served: Served) -> None:
    """Every printed curl line answers 200 with JSON, every page is there, and the one from before
    the rollback names the version promised.
    """
    printed = example_requests(served.store, served.url)
    assert served.printed["requests"] == [
        {"what": request.title, "command": request.command} for request in printed
    ]
    for page in pages(served.store, served.url):
        assert served.get(page.url.removeprefix(served.url))
    seen = []
    for title, command in printed:
        words = shlex.split(command)
        url = next(word for word in words if word.startswith("http"))
        path = url.removeprefix(served.url)
        if words[1] == "-sG":
            path += f"?{words[3]}"
        is_batch = words[-1] != url
        body = json.loads(
            served.post(path, json.loads(words[-1])) if is_batch else served.get(path)
        )
        promised = re.search(r"version (\d+)$", title)
        if promised is not None:
            seen.append((int(promised[1]), body["version"]))
    assert seen == [(3, 3)]
    assert len(printed) == 6


def test_a_promotion_is_followed_without_a_restart(served: Served) -> None:
    """A promotion by another process is answered within a second or so."""
    before = json.loads(served.get(PATH))["version"]
    wanted = {2: 3, 3: 2}[before]
    served.store.promote(SET, wanted, reason="test")
    until(lambda: json.loads(served.get(PATH))["version"] == wanted)


@pytest.mark.skipif(not hasattr(os, "SCHED_BATCH"), reason="Linux schedules so")
def test_the_server_and_its_workers_finish_their_turns(served: Served) -> None:
    """All processes of the service are batch processes, so that network threads do not take the
    core from Python.
    """
    workers = Path(f"/proc/{served.pid}/task/{served.pid}/children").read_text().split()
    assert workers
    for pid in (served.pid, *map(int, workers)):
        assert os.sched_getscheduler(pid) == os.SCHED_BATCH


def test_a_port_in_use_and_an_unknown_host_are_bad_input(served: Served) -> None:
    """Nothing is started where nobody can listen; the message says what to do."""
    port = served.url.rpartition(":")[2]
    taken = call("serve", "--port", port, "--store", served.store.root, "--format", "json")
    assert (taken.code, taken.error["code"]) == (2, "port_in_use")
    nowhere = call(
        "serve", "--host", "no.such.host.invalid", "--store", served.store.root, "--format", "json"
    )
    assert (nowhere.code, nowhere.error["code"]) == (2, "bad_host")
    assert nowhere.out == b""


def test_without_anything_in_production_there_is_nothing_to_paste(local_store: Store) -> None:
    """Example requests name only what is there."""
    assert example_requests(local_store, "http://x") == []
    builders.define(local_store)
    builders.publish(local_store, "r1")
    assert example_requests(local_store, "http://x") == []
