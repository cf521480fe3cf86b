"""Metrics for Prometheus."""

from __future__ import annotations

from litestar import get
from litestar.di import NamedDependency
from litestar.types import ASGIApp
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from estimates import instants
from estimates_api.http.metric_families import ServiceMetrics
from estimates_api.http.representation import Representation
from estimates_api.http.route import InjectedFollower, answers
from estimates_api.http.url_text import ReadRequest
from estimates_api.serving.threads import off_loop
from estimates_api.serving.worker_metrics import SharedMetrics


@get(
    "/metrics",
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
    registry.register(ServiceMetrics(shared.all(), follower.known, instants.now()))
    encode, media_type = choose_encoder(request.headers.get("accept", ""))
    return Representation(encode(registry), media_type=media_type, headers={"vary": "accept"})


ROUTES = [metrics]
