"""The log of the service: lines that a machine reads, ids of requests, and no keys."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from litestar.testing import TestClient
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from estimates import Store
from estimates_api.app import create_app
from estimates_api.serving.service_log import ACCESS, JsonLines, TextLines
from estimates_api.serving.telemetry import observing
from tests.api.served import path_of
from tests.builders import SET

pytest_plugins = ("tests.api.fixtures",)

ONE = path_of(SET, "AAPL", "2024-06-03")


class Lines(logging.Handler):
    """Keeps what is logged, as JSON lines."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonLines())
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.lines.append(json.loads(self.format(record)))


@pytest.fixture
def logged() -> Iterator[list[dict[str, Any]]]:
    """The lines of an access log."""
    handler, logger = Lines(), logging.getLogger("api")
    logger.addHandler(handler)
    logging.getLogger(ACCESS).setLevel(logging.INFO)
    yield handler.lines
    logging.getLogger(ACCESS).setLevel(logging.NOTSET)
    logger.removeHandler(handler)


def test_an_access_log_has_a_line_for_each_answer(
    filled: Store, logged: list[dict[str, Any]]
) -> None:
    """Of both ways, with route, status and id, and without a key."""
    with TestClient(create_app(filled)) as client:
        for path, status, route in (
            (ONE, 200, "/v1/sets/{set}/estimates/{key}"),
            (ONE + "?ref=77", 404, "/v1/sets/{set}/estimates/{key}"),
            ("/health/live", 200, "/health/live"),
            ("/nowhere", 404, ""),
        ):
            client.get(path, headers={"x-request-id": "mine-7"})
            line = logged[-1]
            assert (line["status"], line["route"]) == (status, route)
            assert (line["request_id"], line["method"]) == ("mine-7", "GET")
    assert "AAPL" not in json.dumps(logged)


def test_an_answer_names_its_request(client: TestClient[Any]) -> None:
    """By the id that it came with, on both ways, or else by a new one that errors are logged
    with.
    """
    for path in (ONE, ONE + "?ref=77"):
        answer = client.get(path, headers={"x-request-id": "mine-7"})
        assert answer.headers["x-request-id"] == "mine-7"
    first, second = (client.get(ONE + "?ref=77").headers["x-request-id"] for _ in range(2))
    assert len(first) == 16
    assert first != second
    strange = client.get(ONE + "?ref=77", headers={"x-request-id": "a" * 500})
    assert len(strange.headers["x-request-id"]) == 16


def test_a_fault_is_one_line_of_json() -> None:
    """Its trace is a field, so that no line of a log is half of something."""
    try:
        raise ZeroDivisionError("by\nzero")
    except ZeroDivisionError as error:
        info = (type(error), error, error.__traceback__)
        record = logging.LogRecord("api", logging.ERROR, "x", 1, "failed: %s", ("a",), info)
    line = JsonLines().format(record)
    assert "\n" not in line
    fields = json.loads(line)
    assert (fields["level"], fields["message"]) == ("error", "failed: a")
    assert "ZeroDivisionError" in fields["trace"]
    assert TextLines().format(record).splitlines()[0].endswith("Z ERROR api: failed: a")


def test_a_span_and_a_duration_for_each_answer(filled: Store) -> None:
    """Where telemetry is on: the route and no key, within the trace of who asks, an error for a
    fault of the service; it is off by default.
    """
    spans, reader = InMemorySpanExporter(), InMemoryMetricReader()
    traces = TracerProvider()
    traces.add_span_processor(SimpleSpanProcessor(spans))
    app = create_app(filled)
    assert app.telemetry is None
    app.telemetry = observing(traces, MeterProvider([reader]))
    trace = "0af7651916cd43dd8448eb211c80319c"
    with TestClient(app) as client:
        client.get(ONE, headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
        client.get("/nowhere")
    first, second = spans.get_finished_spans()
    assert first.name == "GET /v1/sets/{set}/estimates/{key}"
    assert first.context is not None
    assert f"{first.context.trace_id:032x}" == trace
    assert (second.name, dict(second.attributes or {})["http.response.status_code"]) == ("GET", 404)
    assert "AAPL" not in first.to_json()
    assert "http.server.request.duration" in reader.get_metrics_data().to_json()  # type: ignore


def test_what_was_not_sent_is_sent_when_the_service_stops(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Spans wait for seconds and metrics for a minute; a collector gets both at the end."""
    taken: dict[str, bytes] = {}

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Take it."""
            taken[self.path] = self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as collector:
        Thread(target=collector.serve_forever, daemon=True).start()
        endpoint = f"http://127.0.0.1:{collector.server_port}"
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
        with TestClient(create_app(filled)) as client:
            client.get(ONE)
        collector.shutdown()
    assert {*taken} == {"/v1/traces", "/v1/metrics"}
    assert b"GET /v1/sets/{set}/estimates/{key}" in taken["/v1/traces"]
    assert b"AAPL" not in taken["/v1/traces"] + taken["/v1/metrics"]
