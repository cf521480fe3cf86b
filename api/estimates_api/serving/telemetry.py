"""Traces and metrics of OpenTelemetry: off unless OTEL_EXPORTER_OTLP_ENDPOINT is set.

The extra `otel` brings what it needs; all else is set by OpenTelemetry's own variables. A span says
which route was answered, and no key.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from estimates.extras import needs
from estimates_api.serving.request_counts import METHODS

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
# Method, route, status, seconds that it took, the headers of the request.
Observe = Callable[[str, str, int, float, Any], None]
_NAMES = {"_OTHER": "HTTP"}  # what OpenTelemetry has in the name of a span of such a method
_LAST_S = 2.0  # for what is sent when the service stops


class Telemetry(NamedTuple):
    """What is reported of each answer, and what sends the rest of it."""

    observe: Observe
    end: Callable[[], None]

    @asynccontextmanager
    async def lifespan(self, _app: Any) -> AsyncGenerator[None, None]:
        """Send at the end what was not sent yet, but do not wait long for who takes it."""
        yield
        ending = threading.Thread(target=self.end, daemon=True)
        ending.start()
        await asyncio.to_thread(ending.join, _LAST_S)


def configured() -> Telemetry | None:
    """What is reported of each answer, where an endpoint is named; sends beside the requests."""
    if not os.environ.get(ENDPOINT):
        return None
    os.environ.setdefault("OTEL_SERVICE_NAME", "estimates")
    with needs("otel"):
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    traces = TracerProvider()
    traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    metrics = MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())])

    def end() -> None:
        traces.shutdown()
        metrics.shutdown()

    return Telemetry(observing(traces, metrics), end)


def observing(traces: Any, metrics: Any) -> Observe:
    """What is reported of each answer, to a provider of traces and one of metrics."""
    from opentelemetry.trace import SpanKind, Status, StatusCode
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    tracer = traces.get_tracer("estimates_api")
    duration = metrics.get_meter("estimates_api").create_histogram(
        "http.server.request.duration", "s", "How long answers took."
    )
    propagator = TraceContextTextMapPropagator()

    def observe(method: str, route: str, status: int, seconds: float, headers: Any) -> None:
        if method not in METHODS:  # clients make up as many as they like, and each is kept
            method = "_OTHER"
        attributes = {"http.request.method": method, "http.response.status_code": status}
        if route:
            attributes["http.route"] = route
        duration.record(seconds, attributes)
        carrier = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in headers
            if name in (b"traceparent", b"tracestate")
        }
        ended = time.time_ns()
        span = tracer.start_span(
            f"{_NAMES.get(method, method)} {route}".rstrip(),
            propagator.extract(carrier) if carrier else None,
            SpanKind.SERVER,
            attributes,
            start_time=ended - round(seconds * 1e9),
        )
        if status >= 500:
            span.set_status(Status(StatusCode.ERROR))
        span.end(ended)

    return observe
