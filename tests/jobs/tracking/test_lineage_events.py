"""A real HTTP server gets what OpenLineage's client sends of a run."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from estimates.errors import InvalidError
from estimates.store.store import Store
from estimates_jobs.run.runner import publish_file, read_candidate
from tests import builders


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """What a lineage server got."""
    got: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(201)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("OPENLINEAGE_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    yield got
    server.shutdown()
    server.server_close()


@pytest.mark.slow
def test_a_run_is_told(local_store: Store, tmp_path: Path, events: list[dict[str, Any]]) -> None:
    """START, then COMPLETE with inputs, output and rows, or FAIL with the message; one run, one
    id.
    """
    builders.define(local_store)
    file = tmp_path / "closes.parquet"
    builders.frame().write_parquet(file)
    candidate = read_candidate(local_store, "closes", file, data_through="2024-01-02", run_id="r1")
    publish_file(local_store, "closes", *candidate)
    assert [event["eventType"] for event in events] == ["START", "COMPLETE"]
    assert len({event["run"]["runId"] for event in events}) == 1
    done = events[1]
    assert (done["job"]["name"], done["inputs"][0]["name"]) == ("closes", str(file))
    assert done["inputs"][0]["facets"]["version"]["datasetVersion"]
    (output,) = done["outputs"]
    assert (output["name"], output["facets"]["version"]["datasetVersion"]) == ("closes", "1")
    assert output["outputFacets"]["outputStatistics"]["rowCount"] == 6
    frame, provenance = read_candidate(
        local_store, "closes", file, data_through="2024-01-03", run_id="r2"
    )
    with pytest.raises(InvalidError):
        publish_file(local_store, "closes", frame.drop("value"), provenance)
    assert [event["eventType"] for event in events[2:]] == ["START", "FAIL"]
    assert "value" in events[3]["run"]["facets"]["errorMessage"]["message"]
