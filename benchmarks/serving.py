"""The read service over HTTP: one granian worker on one core, wrk on the other, random keys, ratios
side by side.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import httpx
import msgspec

from benchmarks.line import Line
from benchmarks.load import Load, http_request, run_wrk, serving
from benchmarks.stores import START, STEPS, add_set, make_frame, make_store, path_of
from estimates import Store
from estimates.catalog.records import Provenance

SECOND = {"bench": "integer", "dated": "date"}
READY = "/health/ready"
KEYS = 50_000  # random ones that wrk goes through
BATCH = 1000
VERSIONS = 10_000


class Rival(NamedTuple):
    """Somebody to ask, and what."""

    url: str
    requests: Sequence[bytes]


class Effort(NamedTuple):
    """How long and how often each is measured."""

    rounds: int
    seconds: float


def race(rivals: dict[str, Rival], effort: Effort) -> dict[str, list[Load]]:
    """Ask all in turn, over and over: what the machine does meanwhile hits all of them alike."""
    loads: dict[str, list[Load]] = {name: [] for name in rivals}
    for rival in rivals.values():
        run_wrk(rival.url, rival.requests, 1)
    for _ in range(effort.rounds):
        for name, rival in rivals.items():
            loads[name].append(_healthy(run_wrk(rival.url, rival.requests, effort.seconds), name))
    return loads


def ratio(loads: dict[str, list[Load]], ours: str, theirs: str) -> float:
    """The median over the rounds of one rate divided by the other."""
    pairs = zip(loads[ours], loads[theirs], strict=True)
    return statistics.median(a.requests_per_s / b.requests_per_s for a, b in pairs)


def rate(loads: Sequence[Load]) -> float:
    """The median rate of some rounds, in requests/s."""
    return statistics.median(load.requests_per_s for load in loads)


def single_lookups(folder: Path, rows: int, effort: Effort) -> Iterator[Line]:
    """Lookups, batches, partial keys and conditional requests against handlers that answer a
    constant.
    """
    store = make_store(folder / "single")
    for name, second in SECOND.items():
        add_set(store, name, [make_frame(rows, second=second)], second)
    as_of = f"{store.view().moment:%Y-%m-%dT%H:%M:%S.%fZ}"
    with ExitStack() as stack:
        environment = {"ESTIMATES_STORE": store.root}
        ours = stack.enter_context(serving("estimates_api.app:create_app", READY, environment)).url
        ready = path_of("bench", 0)
        struct = stack.enter_context(serving("benchmarks.constant:litestar_app", ready)).url
        bare = stack.enter_context(serving("benchmarks.constant:bare_app", ready)).url
        for name, second in SECOND.items():
            paths = random_paths(name, rows, second)
            yield from _one_estimate(ours, struct, bare, paths, f"string + {second} key", effort)
        paths = random_paths("bench", rows)
        yield from _half_load(ours, struct, paths, effort)
        yield from _other_questions(ours, paths, as_of, effort)
        in_memory = serving("benchmarks.ready:ready_app", _page_path(paths[0]), environment)
        at_hand = stack.enter_context(in_memory).url
        yield from _many_at_once(ours, at_hand, paths, rows, effort)
        yield from _swap(ours, store, paths, effort)


def random_paths(name: str, rows: int, second: str = "integer", count: int = KEYS) -> list[str]:
    """Paths of random estimates."""
    numbers = random.Random(1)
    return [path_of(name, numbers.randrange(rows), second) for _ in range(count)]


def gets(paths: Sequence[str], query: str = "") -> list[bytes]:
    """Requests for some paths."""
    return [http_request(path + query) for path in paths]


def _one_estimate(
    ours: str, struct: str, bare: str, paths: list[str], key: str, effort: Effort
) -> Iterator[Line]:
    requests = gets(paths)
    loads = race(
        {
            "ours": Rival(ours, requests),
            "struct": Rival(struct, requests),
            "bare": Rival(bare, requests),
        },
        effort,
    )
    rate_text = f"one estimate, {key} ({rate(loads['ours']):,.0f}/s)"
    yield Line(
        f"{rate_text} / constant Struct ({rate(loads['struct']):,.0f}/s)",
        ratio(loads, "ours", "struct"),
        "×",
        1.0,
    )
    yield Line(
        f"{rate_text} / bare ASGI ({rate(loads['bare']):,.0f}/s)",
        ratio(loads, "ours", "bare"),
        "×",
        0.55,
    )


def _half_load(ours: str, struct: str, paths: list[str], effort: Effort) -> Iterator[Line]:
    requests = gets(paths)
    slow: dict[str, list[float]] = {ours: [], struct: []}
    full = {url: run_wrk(url, requests, effort.seconds).requests_per_s for url in slow}
    for _ in range(effort.rounds):
        for url, p99s in slow.items():
            p99s.append(run_wrk(url, requests, effort.seconds, rate=full[url] / 2).p99_ms)
    p99 = {url: statistics.median(p99s) for url, p99s in slow.items()}
    what = f"p99 at half load ({p99[ours]:.2f} ms) / constant Struct's ({p99[struct]:.2f} ms)"
    yield Line(what, p99[ours] / p99[struct], "×", 3.0, at_most=True)


def _other_questions(ours: str, paths: list[str], as_of: str, effort: Effort) -> Iterator[Line]:
    few = paths[:5000]
    with httpx.Client(base_url=ours) as client:
        tags = [client.get(path).headers["etag"] for path in few]
    rivals = {
        "alias": gets(paths),
        "number": gets(paths, "?ref=1"),
        "as_of": gets(paths, f"?as_of={as_of}"),
        "unchanged": [
            http_request(path, headers={"If-None-Match": tag})
            for path, tag in zip(few, tags, strict=True)
        ],
    }
    loads = race({name: Rival(ours, requests) for name, requests in rivals.items()}, effort)
    yield Line(
        "one estimate by version number / by alias", ratio(loads, "number", "alias"), "×", 0.9
    )
    yield Line("one estimate as_of / by alias", ratio(loads, "as_of", "alias"), "×", 0.9)
    yield Line("304 / 200", ratio(loads, "unchanged", "alias"), "×", 1.0)


def _many_at_once(
    ours: str, at_hand: str, paths: list[str], rows: int, effort: Effort
) -> Iterator[Line]:
    """Batches and partial keys, against an app that has all rows in a dictionary and against
    lookups.
    """
    pages, batches = gets([_page_path(path) for path in paths]), _batches(rows)
    rivals = {
        "single": Rival(ours, gets(paths)),
        "batch": Rival(ours, batches),
        "page": Rival(ours, pages),
        "batch at hand": Rival(at_hand, batches),
        "page at hand": Rival(at_hand, pages),
    }
    _same_answers(ours, at_hand, batches[0], _page_path(paths[0]))
    loads = race(rivals, effort)
    keys = {name: rate(loads[name]) * BATCH for name in ("batch", "batch at hand")}
    what = f"batch of {BATCH:,} random keys ({keys['batch']:,.0f} keys/s)"
    plain = f"from a dictionary ({keys['batch at hand']:,.0f} keys/s)"
    yield Line(f"{what} / {plain}", ratio(loads, "batch", "batch at hand"), "×", 0.4)
    yield Line(f"{what} / one estimate", ratio(loads, "batch", "single") * BATCH, "×", None)
    what = f"a partial key with {STEPS} rows ({rate(loads['page']):,.0f}/s)"
    plain = f"from a dictionary ({rate(loads['page at hand']):,.0f}/s)"
    yield Line(f"{what} / {plain}", ratio(loads, "page", "page at hand"), "×", 0.55)
    yield Line(f"{what} / one estimate", ratio(loads, "page", "single"), "×", 0.8)


def _page_path(path: str) -> str:
    """The path of all estimates under the first part of the key of one."""
    return f"/v1/sets/bench/estimates?name={path.split('/')[5]}"


def _same_answers(ours: str, at_hand: str, batch: bytes, page: str) -> None:
    body = batch.partition(b"\r\n\r\n")[2]
    batches = [
        httpx.post(f"{url}/v1/sets/bench/estimates", content=body) for url in (ours, at_hand)
    ]
    pages = [httpx.get(url + page) for url in (ours, at_hand)]
    assert batches[0].content == batches[1].content
    assert pages[0].content == pages[1].content


def _batches(rows: int, count: int = 50) -> list[bytes]:
    numbers = random.Random(2)
    answers: list[bytes] = []
    for _ in range(count):
        keys = [
            (f"K{number // STEPS:08d}", number % STEPS)
            for number in numbers.sample(range(rows), BATCH)
        ]
        answers.append(
            http_request(
                "/v1/sets/bench/estimates", "POST", body=msgspec.json.encode({"keys": keys})
            )
        )
    return answers


def _swap(ours: str, store: Store, paths: list[str], effort: Effort) -> Iterator[Line]:
    """Promote new versions under full load: the second in which the answers change against the
    seconds before.
    """
    requests, rows = gets(paths), store.resolve("bench").rows
    steady: list[float] = []
    swapped: list[float] = []
    failed = 0
    for version in range(2, 2 + effort.rounds):
        store.publish(
            "bench",
            make_frame(rows, version),
            Provenance(START + timedelta(days=version), f"swap-{version}"),
        )
        store.judge("bench", version)
        steady.append(run_wrk(ours, requests, 1).p99_ms)
        store.promote("bench", version, reason="bench")
        loads = list(_until(ours, paths[0], version, requests))
        swapped.append(loads[-1].p99_ms)
        failed += sum(load.errors + load.refused for load in loads)
    calm, busy = statistics.median(steady), statistics.median(swapped)
    yield Line(
        "failed requests while production is promoted under full load", failed, "", 0, at_most=True
    )
    what = f"p99 in the second of the swap ({busy:.2f} ms) / steady ({calm:.2f} ms)"
    yield Line(what, busy / calm, "×", 2.0, at_most=True)


def _until(url: str, path: str, version: int, requests: Sequence[bytes]) -> Iterator[Load]:
    """The load of each second until that version answers."""
    for _ in range(60):
        yield run_wrk(url, requests, 1)
        if httpx.get(url + path).headers["estimates-version"] == str(version):
            return
    raise AssertionError(f"version {version} did not answer within a minute")


def growth(folder: Path, rows: int, effort: Effort) -> Iterator[Line]:
    """The rate of lookups with many rows against few, and with many versions in the catalog against
    few.
    """
    for name, count in (("few", 10_000), ("many", rows)):
        add_set(make_store(folder / name), "bench", [make_frame(count)])
    for name, count in (("young", 10), ("old", VERSIONS)):
        store, frame = make_store(folder / name), make_frame(1000)
        add_set(store, "bench", [frame])
        for number in range(2, count + 1):
            store.publish("bench", frame, Provenance(START, f"run-{number}"))
    with ExitStack() as stack:
        urls = {
            name: stack.enter_context(
                serving(
                    "estimates_api.app:create_app", READY, {"ESTIMATES_STORE": str(folder / name)}
                )
            ).url
            for name in ("few", "many", "young", "old")
        }
        sizes = {"few": 10_000, "many": rows, "young": 1000, "old": 1000}
        rivals = {
            name: Rival(url, gets(random_paths("bench", sizes[name]))) for name, url in urls.items()
        }
        loads = race(rivals, effort)
    yield Line(f"lookups with {rows:,} rows / with 10,000", ratio(loads, "many", "few"), "×", 0.85)
    yield Line(
        f"lookups with {VERSIONS:,} versions / with 10", ratio(loads, "old", "young"), "×", 0.95
    )


def _healthy(load: Load, name: str) -> Load:
    assert not load.errors, f"{name}: {load.errors} connections broke"
    assert not load.refused, f"{name}: {load.refused} answers were errors"
    return load
