"""What the service tells Prometheus: requests by route, and how each set stands against its
contract.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.types import ASGIApp
from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from estimates import instants
from estimates.catalog.freshness import freshness, stale_from
from estimates.catalog.records import Version
from estimates.catalog.ref import PRODUCTION
from estimates.catalog.set_view import SetView
from estimates.catalog.view import View
from estimates_api.http.event_stream import Streams
from estimates_api.http.representation import Representation
from estimates_api.http.routing import off_loop
from estimates_api.routes.documentation import documented
from estimates_api.serving.follower import Follower
from estimates_api.serving.worker_metrics import Tallies, Tally

# Upper ends of the latency buckets, in seconds; the last one has none.
BUCKETS = (
    0.0001,
    0.00025,
    0.0005,
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
)
NO_ROUTE = "none"
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


class Requests:
    """Requests answered by this process: how many and how long, by route template, method and
    status.

    counted  by (route, method, status): the number in each bucket of BUCKETS, in the one above, and
             the seconds in all
    """

    def __init__(self) -> None:
        self.counted: dict[tuple[str, str, int], list[float]] = {}

    def observe(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count an answer; `route` is the template of the path, never the path, and empty for an
        unknown one.
        """
        row = self.counted.get((route, method, status))
        if row is None:
            row = self._row(route, method, status)
        row[bisect_left(BUCKETS, seconds)] += 1
        row[-1] += seconds

    def _row(self, route: str, method: str, status: int) -> list[float]:
        """The counters of what was not seen before; what clients make up must not add any."""
        named = (route or NO_ROUTE, method if method in _METHODS else "other", status)
        return self.counted.setdefault(named, [0.0] * (len(BUCKETS) + 2))


requests = Requests()


class Metrics(Collector):
    """All that is told at one time: the sum over the workers, and the sets as this worker serves
    them.
    """

    def __init__(self, tallies: list[Tally], view: View | None, now: datetime) -> None:
        self._tallies = tallies
        self._view = view
        self._now = now

    def collect(self) -> Iterator[Metric]:
        """Each family of metrics."""
        yield from _of_requests(self._tallies)
        yield from _of_workers(self._tallies)
        if self._view is not None:
            yield from _of_sets(self._view, self._tallies, self._now)


def own_tally(follower: Follower, streams: Streams) -> Tally:
    """What this worker has to tell."""
    known = follower.known
    return Tally(
        requests=[(*labels, list(row)) for labels, row in list(requests.counted.items())],
        streams=streams.count,
        read_files=follower.store.read_files.count,
        errors=follower.errors,
        read_at=None if follower.read_at is None else follower.read_at.timestamp(),
        last_event=None if known is None else known.last_event,
        faults=list(follower.faults.values()),
    )


@get(
    "/metrics",
    responses=documented(str, description="Metrics in the text format of Prometheus.")
    | {
        200: ResponseSpec(
            str, generate_examples=False, description="Metrics.", media_type="text/plain"
        )
    },
)
@off_loop
def metrics(
    request: Request[Any, Any, Any],
    follower: NamedDependency[Follower],
    tallies: NamedDependency[Tallies],
) -> ASGIApp:
    """What Prometheus scrapes; the counters are sums over all workers of this server."""
    registry = CollectorRegistry()
    registry.register(Metrics(tallies.all(), follower.known, instants.now()))
    encode, media_type = choose_encoder(request.headers.get("accept", ""))
    return Representation(encode(registry), media_type=media_type, headers={"vary": "accept"})


def _of_requests(tallies: list[Tally]) -> Iterator[Metric]:
    count: Counter[tuple[str, str, str]] = Counter()
    latency: dict[str, list[float]] = {}
    for tally in tallies:
        for route, method, status, row in tally.requests:
            count[route, method, str(status)] += int(sum(row[:-1]))
            summed = latency.setdefault(route, [0.0] * len(row))
            for at, number in enumerate(row):
                summed[at] += number
    requests_family = CounterMetricFamily(
        "estimates_requests",
        "Answers by route, method and status.",
        labels=["route", "method", "status"],
    )
    for labels, number in sorted(count.items()):
        requests_family.add_metric(labels, number)
    yield requests_family
    seconds = HistogramMetricFamily(
        "estimates_request_seconds", "Time to answer, in seconds.", labels=["route"]
    )
    for route, row in sorted(latency.items()):
        seconds.add_metric([route], _cumulated(row[:-1]), row[-1])
    yield seconds


def _cumulated(buckets: list[float]) -> list[tuple[str, float]]:
    """Buckets as Prometheus has them: each with all that lies below it."""
    found: list[tuple[str, float]] = []
    total = 0.0
    for end, number in zip([*map(str, BUCKETS), "+Inf"], buckets, strict=True):
        total += number
        found.append((end, total))
    return found


def _of_workers(tallies: list[Tally]) -> Iterator[Metric]:
    yield _gauge("workers", "Workers that these numbers are summed over.", len(tallies))
    yield _gauge("event_streams", "Open event streams.", sum(tally.streams for tally in tallies))
    yield _gauge(
        "read_files",
        "Open read files, one a version and worker.",
        sum(t.read_files for t in tallies),
    )
    errors = sum(tally.errors for tally in tallies)
    yield CounterMetricFamily(
        "estimates_catalog_errors", "How often the catalog could not be read.", errors
    )
    reads = [tally.read_at for tally in tallies if tally.read_at is not None]
    if reads:
        told = "When the catalog was last read, by the worker for which that is longest ago; Unix time."
        yield _gauge("catalog_read_timestamp_seconds", told, min(reads))
    known = [tally.last_event for tally in tallies if tally.last_event is not None]
    if known:
        yield _gauge("last_event", "The newest event that every worker knows.", min(known))


def _of_sets(view: View, tallies: list[Tally], now: datetime) -> Iterator[Metric]:
    """How each set stands; sets without production have no production metrics."""
    faulty = Counter(
        name for name, _ in {(f.set, f.alias) for tally in tallies for f in tally.faults}
    )
    families = _Families()
    for name, held in view.sets.items():
        families.add("versions", "Versions, expired ones too.", [name], len(held.versions))
        families.add(
            "faults", "Aliases whose version cannot be read by some worker.", [name], faulty[name]
        )
        for alias, pointed in sorted(held.aliases.items()):
            told = "1 after a rollback, until a person promotes."
            families.add("held", told, [name, alias], pointed.held, "alias")
        if PRODUCTION in held.aliases:
            pointed_to = held.versions[held.aliases[PRODUCTION].version - 1]
            fallback = view.fallback(name)
            _add_production(
                families, name, held, pointed_to, fallback.version if fallback else pointed_to, now
            )
    yield from families.all.values()
    yield _events(view)


def _add_production(
    families: _Families,
    name: str,
    held: SetView,
    pointed_to: Version,
    served: Version,
    now: datetime,
) -> None:
    promise = held.contract.freshness
    add = families.add
    add("production_version", "The version that production points to.", [name], pointed_to.version)
    add(
        "serving_version",
        "The version that answers for production: another one after damage.",
        [name],
        served.version,
    )
    told = "Since the last moment of data that the answering version could see."
    add("data_age_seconds", told, [name], _seconds(now - served.data_through))
    told = "Since the answering version was published."
    add("published_age_seconds", told, [name], _seconds(now - served.published_at))
    if promise.max_age_duration is not None:
        add(
            "max_age_seconds",
            "How old the contract lets data get.",
            [name],
            _seconds(promise.max_age_duration),
        )
        stale = stale_from(held, served)
        add("stale", "1 when data_age is above max_age.", [name], stale is not None and now > stale)
    if promise.cadence_duration is not None:
        add(
            "cadence_seconds",
            "How often the contract promises versions.",
            [name],
            _seconds(promise.cadence_duration),
        )
        told = "1 when the newest version is older than cadence."
        add("overdue", told, [name], bool(freshness(held, now).overdue))


def _events(view: View) -> Metric:
    family = CounterMetricFamily(
        "estimates_events", "Events by set and kind.", labels=["set", "kind"]
    )
    for name, held in view.sets.items():
        kinds = held.memoize(
            "kinds", lambda held=held: Counter(event.kind for event in held.events)
        )
        for kind, number in sorted(kinds.items()):
            family.add_metric([name, kind], number)
    return family


class _Families:
    """The gauges of sets, each made when its first set comes."""

    def __init__(self) -> None:
        self.all: dict[str, GaugeMetricFamily] = {}

    def add(self, name: str, told: str, labels: Iterable[str], value: float, *more: str) -> None:
        """One set's value; `more` are labels after `set`."""
        family = self.all.get(name)
        if family is None:
            family = self.all[name] = GaugeMetricFamily(
                f"estimates_set_{name}", told, labels=["set", *more]
            )
        family.add_metric(list(labels), float(value))


def _gauge(name: str, told: str, value: float) -> Metric:
    return GaugeMetricFamily(f"estimates_{name}", told, value)


def _seconds(duration: timedelta) -> float:
    return duration.total_seconds()


ROUTES = [metrics]
