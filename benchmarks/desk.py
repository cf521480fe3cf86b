"""Pages of the desk, in processor time: with ten times as many versions, and what they cost those
who look up keys.
"""

from __future__ import annotations

import asyncio
import shutil
import statistics
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import estimates_migrations
from benchmarks.keeping import log_of_versions
from benchmarks.line import Line
from benchmarks.stores import add_set, make_frame, make_store, path_of
from estimates import Store
from estimates.catalog.catalog import Catalog
from estimates.storage.objects import Objects
from estimates.store.open_store import catalog_url
from estimates.store.recover import find_log, rebuild
from estimates_api import app as service
from estimates_api.desk.answers import Answer, call
from estimates_api.http.representation import JSON

SET = "small"
ROWS, KINDS = 2000, 4  # of a version; contents that the versions repeat
ROUNDS, LOOKUPS = 5, 2000
SLOWEST_MS = 300.0


def pages(folder: Path, versions: int) -> Iterator[Line]:
    """The slowest page of a set of many versions; all pages beside a tenth of the versions; a
    lookup with the desk's pages mounted beside one without.
    """
    stores = {n: _store_of(folder / str(n), n) for n in (versions // 10, versions)}
    taken = {n: asyncio.run(_page_times(store, n)) for n, store in stores.items()}
    slowest, seconds = max(taken[versions].items(), key=lambda page: page[1])
    what = f"slowest page of {versions:,} versions ({slowest}), processor time"
    yield Line(what, seconds * 1000, "ms", SLOWEST_MS, at_most=True)
    few, many = (sum(times.values()) for times in taken.values())
    what = f"all pages with {versions:,} versions ({many * 1000:.0f} ms) / with {versions // 10:,}"
    yield Line(what, many / few, "×", 2.0, at_most=True)
    with_desk, without = asyncio.run(_lookups(stores[versions // 10]))
    what = f"a lookup without the desk ({without * 1e6:.1f} µs) / with it, pages between"
    yield Line(f"{what} ({with_desk * 1e6:.1f} µs)", without / with_desk, "×", 0.95)


def _store_of(root: Path, versions: int) -> Store:
    """A store whose versions were all judged and promoted, rebuilt from a log made of a few."""
    small = root.with_name(f"{root.name}-few")
    store = make_store(small)
    add_set(store, SET, [make_frame(ROWS, seed) for seed in range(KINDS)])
    entries = [*store.catalog.entries()]
    store.catalog.engine.dispose()
    shutil.copytree(small, root, ignore=shutil.ignore_patterns("catalog*", "log"))
    log_of_versions(root, entries, versions)
    estimates_migrations.upgrade(catalog_url(root))
    rebuild(find_log(Objects(str(root))), Catalog(catalog_url(root)))
    return Store(root)


async def _page_times(store: Store, newest: int) -> dict[str, float]:
    """Seconds of processor time of each page, its reports kept."""
    of_set = f"/sets/{SET}"
    paths = [
        "/",
        of_set,
        f"{of_set}/versions/{newest}",
        f"{of_set}/verdicts/{newest}",
        f"{of_set}/diff/{newest - 1}/{newest}",
        f"{of_set}/keys",
        f"{of_set}/keys/K00000001/3",
        f"{of_set}/stability",
        f"{of_set}/accuracy",
        "/events",
    ]
    app = service.create_app(store)
    async with app.lifespan():
        return {path: await _seconds(app, path) for path in paths}


async def _seconds(app: service.ReadService, path: str) -> float:
    answer = await call(app, path)
    while answer.status == 202:
        await asyncio.sleep(0.2)
        answer = await call(app, path)
    taken: list[float] = []
    for _ in range(ROUNDS):
        started = time.process_time()
        _expect(await call(app, path))
        taken.append(time.process_time() - started)
    return statistics.median(taken)


async def _lookups(store: Store) -> tuple[float, float]:
    """Seconds of processor time of a lookup, with the desk's pages mounted and without: by
    turns, a page asked for before each round; the best of each, since what else runs only adds.
    """
    every = service.ROUTES
    with_desk = service.create_app(store)
    service.ROUTES = [route for route in every if not _is_page(route)]
    without = service.create_app(Store(store.root))
    service.ROUTES = every
    paths = [path_of(SET, number % ROWS) for number in range(LOOKUPS)]
    taken: tuple[list[float], list[float]] = ([], [])
    async with with_desk.lifespan(), without.lifespan():
        for _ in range(4 * ROUNDS):
            for app, seconds in zip((with_desk, without), taken, strict=True):
                _expect(await call(with_desk, f"/sets/{SET}"))
                seconds.append(await _lookup_seconds(app, paths))
    return min(taken[0]), min(taken[1])


async def _lookup_seconds(app: service.ReadService, paths: Sequence[str]) -> float:
    started = time.process_time()
    for path in paths:
        _expect(await call(app, path, JSON))
    return (time.process_time() - started) / len(paths)


def _is_page(route: object) -> bool:
    handler = getattr(route, "fn", None)
    return getattr(handler, "__module__", "").startswith("estimates_api.desk")


def _expect(answer: Answer) -> None:
    if answer.status != 200:
        raise AssertionError(f"{answer.url}: {answer.status}")
