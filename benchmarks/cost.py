"""The processor time of a lookup, beside that of constants: it says the same on a busy machine."""

from __future__ import annotations

import os
import statistics
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks.line import Line
from benchmarks.load import Server, family, run_wrk, serving
from benchmarks.serving import READY, Effort, gets, random_paths
from benchmarks.stores import add_set, make_frame, make_store, path_of

_TICK = 1e6 / os.sysconf("SC_CLK_TCK")


def lookups(folder: Path, rows: int, effort: Effort) -> Iterator[Line]:
    """A lookup against a constant Struct of Litestar and bare ASGI, all by turns."""
    store = make_store(folder / "cost")
    add_set(store, "bench", [make_frame(rows)])
    requests = gets(random_paths("bench", rows))
    taken: dict[str, list[float]] = {"ours": [], "struct": [], "bare": []}
    with ExitStack() as stack:
        environment = {"ESTIMATES_STORE": store.root}
        ready = path_of("bench", 0)
        servers = {
            "ours": serving("estimates_api.app:create_app", READY, environment),
            "struct": serving("benchmarks.constant:litestar_app", ready),
            "bare": serving("benchmarks.constant:bare_app", ready),
        }
        up = {name: stack.enter_context(server) for name, server in servers.items()}
        for _ in range(effort.rounds):
            for name, server in up.items():
                taken[name].append(_micros(server, requests, effort.seconds))
    micros = {name: statistics.median(values) for name, values in taken.items()}
    what = f"processor time of a constant Struct ({micros['struct']:.3g} µs) / of one estimate"
    yield Line(f"{what} ({micros['ours']:.3g} µs)", micros["struct"] / micros["ours"], "×", 1.0)
    what = f"processor time of bare ASGI ({micros['bare']:.3g} µs) / of one estimate"
    yield Line(f"{what} ({micros['ours']:.3g} µs)", micros["bare"] / micros["ours"], "×", 0.55)


def _micros(server: Server, requests: list[bytes], seconds: float) -> float:
    """Microseconds of processor time that the server takes for a request."""
    before = _ticks(server)
    load = run_wrk(server.url, requests, seconds)
    return (_ticks(server) - before) * _TICK / (load.requests_per_s * seconds)


def _ticks(server: Server) -> int:
    words = [
        Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        for pid in family(server.process.pid)
    ]
    return sum(int(fields[11]) + int(fields[12]) for fields in words)
