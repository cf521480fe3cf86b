"""Run the lines of `commands.txt` in the current folder and keep what they print."""

from __future__ import annotations

import io
import json
import re
import runpy
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, redirect_stderr, redirect_stdout
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from tests.golden import as_tester
from tests.golden.as_tester import ESTIMATES
from tests.ports import free_port

STREAMED = 3  # blocks of an event stream that are read


class Output(NamedTuple):
    """What was printed: lines above it, which are text as well, and the bytes."""

    title: str
    body: bytes


class Replay:
    """A recording under way."""

    def __init__(self) -> None:
        self.words = {"receiver": _receiver(Path("received.jsonl").absolute())}
        self._beside: dict[str, subprocess.Popen[bytes]] = {}  # commands beside the others
        self._http = httpx.Client(timeout=60, verify=False)  # reading authorities takes 30 ms

    def run(self, line: str) -> Iterator[Output]:
        """Run one line."""
        kind, _, rest = re.sub(r"{(at )?(\w+)}", self._word, line).partition(" ")
        yield Output(f"\n$ {line}\n", b"")
        if kind == "estimates" and rest.endswith(" &"):
            self._start(*rest.split()[:-1])
        elif kind == "estimates":
            yield from _command(shlex.split(rest))
        elif kind in ("wait", "stop"):
            yield from self._end(rest, stop=kind == "stop")
        elif kind == "cat":
            yield Output("", Path(rest).read_bytes())
        elif kind == "damage":
            min(Path.cwd().glob(rest)).write_bytes(b"damaged")
        else:
            yield self._request(kind, rest)

    def events(self, store: str = "store") -> list[dict[str, Any]]:
        """The events of a store."""
        return json.loads(_call(["log", "--limit", "0", "--format", "json", "--store", store])[1])[
            "events"
        ]

    def close(self) -> None:
        """End what still runs."""
        self._http.close()
        for process in self._beside.values():
            process.kill()

    def _word(self, match: re.Match[str]) -> str:
        if match[1]:
            return next(event["at"] for event in self.events() if event["id"] == int(match[2]))
        return self._service() if match[2] == "service" else self.words[match[2]]

    def _start(self, name: str, *more: str) -> None:
        if name == "serve":
            port = str(free_port())
            self.words["service"], more = f"http://127.0.0.1:{port}", (*more, "--port", port)
        with Path(f"{name}.out").open("wb") as out, Path(f"{name}.err").open("wb") as err:
            command = [sys.executable, as_tester.__file__, name, *more]
            self._beside[name] = subprocess.Popen(command, stdout=out, stderr=err)

    def _end(self, name: str, *, stop: bool) -> Iterator[Output]:
        process = self._beside.pop(name)
        if stop:
            process.terminate()
        code = process.wait()
        return _printed(code, *(Path(f"{name}.{form}").read_bytes() for form in ("out", "err")))

    def _service(self) -> str:
        """The URL of the service, once it is ready."""
        while self._beside["serve"].poll() is None:
            try:
                if self._http.get(f"{self.words['service']}/health/ready").is_success:
                    return self.words["service"]
            except httpx.TransportError:
                time.sleep(0.05)  # nothing else says when it listens
        raise RuntimeError(f"the service has ended: {Path('serve.err').read_text()}")

    def _request(self, method: str, words: str) -> Output:
        words, brace, body = words.partition(" {")
        path, *headers = words.split()
        url, content = self._service() + path, (brace + body).strip()
        sent = dict(header.split(":", 1) for header in headers)
        request = self._http.build_request(method, url, headers=sent, content=content)
        answer, printed = _answer(self._http, request)
        while answer.status_code == 202:  # it is being computed, where the machine is busy
            time.sleep(0.2)
            answer, printed = _answer(self._http, request)
        named = re.findall(r'"(next|digest)":"([^"]+)"', printed.decode(errors="replace"))
        self.words |= dict(named) | {"etag": answer.headers.get("etag", "")}
        lines = [f"{name}: {value}\n" for name, value in sorted(answer.headers.items())]
        head = "".join(line for line in lines if not line.startswith("date:"))
        return Output(f"{answer.status_code}\n{head}\n", printed)


def _answer(client: httpx.Client, request: httpx.Request) -> tuple[httpx.Response, bytes]:
    """An answer and its body, or what an endless one begins with."""
    answer = client.send(request, stream=True)
    with closing(answer):
        if not answer.headers.get("content-type", "").startswith("text/event-stream"):
            return answer, answer.read()
        lines, printed = answer.iter_lines(), b""
        while printed.count(b"\n\n") < STREAMED:
            printed += next(lines).encode() + b"\n"
        return answer, printed


def _command(arguments: list[str]) -> Iterator[Output]:
    """Run a command as a shell would: from a file as standard input, or to one."""
    if "<" in arguments[-2:]:
        return _printed(*_call(arguments[:-2], Path(arguments[-1]).read_bytes()))
    if ">" not in arguments[-2:]:
        return _printed(*_call(arguments))
    code, out, err = _call(arguments[:-2])
    Path(arguments[-1]).write_bytes(out)
    return _printed(code, b"", err)


def _printed(code: int, out: bytes, err: bytes) -> Iterator[Output]:
    yield Output("", out)
    if err:
        yield Output("[stderr]\n", err)
    if code:
        yield Output(f"[exit {code}]\n", b"")


def _call(arguments: list[str], stdin: bytes = b"") -> tuple[int, bytes, bytes]:
    """Exit code, standard output and standard error of the console script, run in this process."""
    sys.argv = ["estimates", *arguments]
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin), "utf-8")
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    code: object = None
    with redirect_stdout(out), redirect_stderr(err):
        try:
            runpy.run_path(str(ESTIMATES), run_name="__main__")
        except SystemExit as ended:
            code = ended.code
    assert isinstance(code, int)
    return code, out.buffer.getvalue(), err.buffer.getvalue()


def _receiver(file: Path) -> str:
    """The URL of a receiver of notifications that writes their bodies to a file."""

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            with file.open("ab") as received:
                received.write(self.rfile.read(int(self.headers["content-length"])) + b"\n")
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"
