"""What Prometheus is told: requests by route, workers, and each set against its contract."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import accumulate

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from estimates.catalog.approved_moves import standing_unapproved
from estimates.catalog.freshness import freshness, stale_from
from estimates.catalog.punctuality import (
    Punctuality,
    deadlines_until,
    next_deadline,
    punctuality,
)
from estimates.catalog.ref import PRODUCTION
from estimates.catalog.run_record import Run
from estimates.catalog.set_view import SetView
from estimates.catalog.view import View
from estimates_api.serving.request_counts import BUCKETS
from estimates_api.serving.worker_metrics import WorkerMetrics


class ServiceMetrics(Collector):
    """All metrics at one time: sums over the workers, and the sets as this worker serves them."""

    def __init__(
        self,
        workers: list[WorkerMetrics],
        view: View | None,
        now: datetime,
        runs: Runs,
        shows: Callable[[str], bool],
    ) -> None:
        """shows: whether who asks may have the metrics of a set."""
        self._shows = shows
        self._workers = workers
        self._runs = runs
        self._view = view
        self._now = now

    def collect(self) -> Iterator[Metric]:
        """Each family of metrics."""
        yield from _of_requests(self._workers)
        yield from _of_workers(self._workers)
        if self._view is not None:
            sets = [name for name in self._view.sets if self._shows(name)]
            yield from _of_sets(self._view, sets, self._workers, self._now, self._runs)
            yield _events(self._view, sets)
            yield from _unauthorised(self._view, self._shows)


def _of_requests(workers: list[WorkerMetrics]) -> Iterator[Metric]:
    count: Counter[tuple[str, str, str]] = Counter()
    latency: dict[str, list[float]] = {}
    for worker in workers:
        for route, method, status, row in worker.requests:
            count[route, method, str(status)] += int(sum(row[:-1]))
            summed = latency.setdefault(route, [0.0] * len(row))
            latency[route] = [a + b for a, b in zip(summed, row, strict=True)]
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
    return list(zip([*map(str, BUCKETS), "+Inf"], accumulate(buckets), strict=True))


def _of_workers(workers: list[WorkerMetrics]) -> Iterator[Metric]:
    yield _gauge("workers", "Workers that these numbers are summed over.", len(workers))
    yield _gauge("event_streams", "Open event streams.", sum(worker.streams for worker in workers))
    read_files = sum(worker.read_files for worker in workers)
    yield _gauge("read_files", "Open read files, one a part and worker.", read_files)
    yield CounterMetricFamily(
        "estimates_catalog_errors",
        "How often the catalog could not be read.",
        sum(worker.errors for worker in workers),
    )
    reads = [worker.read_at for worker in workers if worker.read_at is not None]
    if reads:
        text = (
            "When the catalog was last read, by the worker for which that is longest ago; Unix "
            "time."
        )
        yield _gauge("catalog_read_timestamp_seconds", text, min(reads))
    events = [worker.last_event for worker in workers if worker.last_event is not None]
    if events:
        yield _gauge("last_event", "The newest event that every worker knows.", min(events))


# Gauges of a set, in the order of the exposition: name, and what it says.
_OF_SET = {
    "versions": "Versions, expired ones too.",
    "faults": "Aliases whose version cannot be read by some worker.",
    "held": "1 after a rollback, until a person promotes.",
    "production_version": "The version that production points to.",
    "serving_version": "The version that answers for production: another one after damage.",
    "data_age_seconds": "Since the newest data that the answering version saw.",
    "published_age_seconds": "Since the answering version was published.",
    "max_age_seconds": "How old the contract lets data get.",
    "stale": "1 when data_age is above max_age.",
    "cadence_seconds": "How often the contract promises versions.",
    "overdue": "1 when the newest version is older than cadence, or a deadline was missed.",
    "due_timestamp_seconds": "The next deadline that is not met yet; Unix time.",
    "start_by_timestamp_seconds": "Until when a run has to start to meet it; Unix time.",
    "due_at_risk": "1 when a run that starts within its usual duration may miss the next deadline.",
    "deadlines": "Deadlines of the last 90 days.",
    "deadlines_met_ratio": "The share of them that was met in time.",
    "deadline_worst_delay_seconds": "How late the latest of their versions came.",
    "deadlines_missed": "Those that were not met in time, by the reason.",
    "retired": "1 when the set takes no new versions.",
}
_LABELS = {"held": ["set", "alias"], "deadlines_missed": ["set", "because"]}
_SLO = timedelta(days=90)
Runs = Callable[[str], list[Run]]  # of a set, newest first


def _of_sets(
    view: View, sets: list[str], workers: list[WorkerMetrics], now: datetime, runs: Runs
) -> Iterator[Metric]:
    """How each set stands; sets without production have no production metrics."""
    faulty = Counter(name for name, _ in {(f.set, f.alias) for w in workers for f in w.faults})
    families = {
        name: GaugeMetricFamily(f"estimates_set_{name}", text, labels=_LABELS.get(name, ["set"]))
        for name, text in _OF_SET.items()
    }
    for name in sets:
        part = view.sets[name]
        values = {"versions": len(part.versions), "faults": faulty[name]}
        for alias, pointed in sorted(part.aliases.items()):
            families["held"].add_metric([name, alias], float(pointed.held))
        if PRODUCTION in part.aliases:
            values |= _of_production(view, name, part, now)
        if part.retirement is not None:
            values["retired"] = 1
        elif part.contract.freshness.due is not None:
            of_set = runs(name)
            values |= _of_next_deadline(part, of_set, now)
            kept = punctuality(deadlines_until(part, of_set, now), now - _SLO)
            values |= _of_deadlines(kept)
            for because, late in sorted(Counter(late.because for late in kept.late).items()):
                families["deadlines_missed"].add_metric([name, str(because)], late)
        for metric, value in values.items():
            families[metric].add_metric([name], float(value))
    yield from (family for family in families.values() if family.samples)


def _of_production(view: View, name: str, part: SetView, now: datetime) -> dict[str, float]:
    pointed_to = part.versions[part.aliases[PRODUCTION].version - 1]
    fallback = view.fallback(name)
    served = pointed_to if fallback is None else fallback.version
    values: dict[str, float] = {
        "production_version": pointed_to.version,
        "serving_version": served.version,
        "data_age_seconds": (now - served.newest_data).total_seconds(),
        "published_age_seconds": (now - served.published_at).total_seconds(),
    }
    promise = part.contract.freshness
    if part.retirement is not None:
        return values
    if promise.max_age_duration is not None:
        stale = stale_from(part, served)
        values["max_age_seconds"] = promise.max_age_duration.total_seconds()
        values["stale"] = stale is not None and now > stale
    if promise.cadence_duration is not None:
        values["cadence_seconds"] = promise.cadence_duration.total_seconds()
    if (overdue := freshness(part, now).overdue) is not None:
        values["overdue"] = overdue
    return values


def _of_next_deadline(part: SetView, runs: list[Run], now: datetime) -> dict[str, float]:
    coming = next_deadline(part, runs, now)
    if coming is None or coming.due is None:
        return {}
    values = {"due_timestamp_seconds": coming.due.timestamp(), "due_at_risk": coming.at_risk}
    if coming.start_by is not None:
        values["start_by_timestamp_seconds"] = coming.start_by.timestamp()
    return values


def _of_deadlines(kept: Punctuality) -> dict[str, float]:
    values: dict[str, float] = {"deadlines": kept.deadlines}
    if kept.share is not None:
        values["deadlines_met_ratio"] = kept.share
        values["deadline_worst_delay_seconds"] = kept.worst.late_s if kept.worst else 0
    return values


def _events(view: View, sets: list[str]) -> Metric:
    family = CounterMetricFamily(
        "estimates_events", "Events by set and kind.", labels=["set", "kind"]
    )
    for name in sets:
        part = view.sets[name]
        kinds = part.memoize(
            "kinds", lambda part=part: Counter(event.kind for event in part.events)
        )
        for kind, number in sorted(kinds.items()):
            family.add_metric([name, kind], number)
    return family


def _unauthorised(view: View, shows: Callable[[str], bool]) -> Iterator[Metric]:
    law, names = view.law, [name for name in view.sets if shows(name)]
    if law.record is None and not any(view.sets[name].contract.gate.approvals for name in names):
        return
    text = "Events that nobody was allowed to write, and moves without approvals that stand."
    unlawful = [each for each in law.unlawful if not each.set or shows(each.set)]
    moves = standing_unapproved(view, names)
    yield _gauge("unauthorised_events", text, len(unlawful) + len(moves))


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"estimates_{name}", text, value)
