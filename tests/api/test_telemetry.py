"""What is reported of each answer to OpenTelemetry."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from estimates_api.serving import telemetry
from estimates_api.serving.telemetry import Observe, configured, observing


class Reported(NamedTuple):
    """Where telemetry goes to, in memory."""

    observe: Observe
    spans: InMemorySpanExporter
    metrics: InMemoryMetricReader

    @property
    def methods(self) -> list[Any]:
        """The methods that the metric has a series of."""
        data: Any = self.metrics.get_metrics_data()
        (metric,) = data.resource_metrics[0].scope_metrics[0].metrics
        return sorted(point.attributes["http.request.method"] for point in metric.data.data_points)


@pytest.fixture
def reported() -> Reported:
    """Telemetry that is on."""
    spans, reader, traces = InMemorySpanExporter(), InMemoryMetricReader(), TracerProvider()
    traces.add_span_processor(SimpleSpanProcessor(spans))
    return Reported(observing(traces, MeterProvider([reader])), spans, reader)


def test_methods_that_clients_make_up_are_one(reported: Reported) -> None:
    """Each series stays in memory as long as the service runs."""
    for number in range(20):
        reported.observe(f"M{number}", "", 405, 0.001, [])
    reported.observe("GET", "/v1/sets", 200, 0.001, [])
    assert reported.methods == ["GET", "_OTHER"]
    assert {span.name for span in reported.spans.get_finished_spans()} == {"HTTP", "GET /v1/sets"}


@pytest.mark.parametrize(
    ("status", "code"), [(200, StatusCode.UNSET), (404, StatusCode.UNSET), (503, StatusCode.ERROR)]
)
def test_faults_of_the_service_are_errors(
    reported: Reported, status: int, code: StatusCode
) -> None:
    """What a client did wrong is none; a span lasts as long as the answer took."""
    reported.observe("GET", "/v1/sets", status, 0.25, [])
    (span,) = reported.spans.get_finished_spans()
    assert span.status.status_code is code
    assert span.end_time is not None
    assert span.start_time is not None
    assert span.end_time - span.start_time == 250_000_000


def test_a_trace_that_is_none_is_not_joined(reported: Reported) -> None:
    """Text that anybody sends begins a trace of its own."""
    reported.observe("GET", "/v1/sets", 200, 0.1, [(b"traceparent", b"\xff nonsense")])
    (span,) = reported.spans.get_finished_spans()
    assert span.parent is None


def test_it_is_off_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an endpoint, or with an empty one, nothing is sent anywhere."""
    monkeypatch.delenv(telemetry.ENDPOINT, raising=False)
    assert configured() is None
    monkeypatch.setenv(telemetry.ENDPOINT, "")
    assert configured() is None
