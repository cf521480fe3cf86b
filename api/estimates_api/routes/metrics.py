"""Metrics for Prometheus."""

from __future__ import annotations

from functools import partial

from litestar import get
from litestar.di import NamedDependency
from litestar.types import ASGIApp
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from estimates import instants
from estimates.catalog.run_record import Run
from estimates.errors import EstimatesError
from estimates_api.access.route_access import OPT, watches
from estimates_api.http.metric_families import ServiceMetrics
from estimates_api.http.representation import Representation
from estimates_api.http.route import InjectedFollower, answers
from estimates_api.http.url_text import ReadRequest
from estimates_api.serving.follower import Follower
from estimates_api.serving.threads import off_loop
from estimates_api.serving.worker_metrics import SharedMetrics

_RUNS = 500


@get(
    "/metrics",
    opt={OPT: "metrics"},
    **answers(str, description="Metrics.", media_type="text/plain"),
)
@off_loop
def metrics(
    request: ReadRequest,
    follower: InjectedFollower,
    shared: NamedDependency[SharedMetrics],
) -> ASGIApp:
    """What Prometheus scrapes; the counters are sums over all workers of this server."""
    registry = CollectorRegistry()
    registry.register(
        ServiceMetrics(
            shared.all(),
            follower.known,
            instants.now(),
            partial(_runs, follower),
            partial(watches, request.scope),
        )
    )
    encode, media_type = choose_encoder(request.headers.get("accept", ""))
    return Representation(encode(registry), media_type=media_type, headers={"vary": "accept"})


def _runs(follower: Follower, name: str) -> list[Run]:
    """The newest runs of a set; none while the catalog is away: then reasons are less exact."""
    try:
        return follower.store.catalog.runs(name, _RUNS)
    except EstimatesError:
        return []


ROUTES = [metrics]
