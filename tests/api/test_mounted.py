"""The service below a path of somebody else's app answers as it does alone."""

from __future__ import annotations

import gc
import re
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.handlers import asgi
from litestar.testing import TestClient
from starlette.applications import Starlette
from starlette.routing import Mount

from estimates.store.store import Store
from estimates_api.app import ReadService, create_app, tuned_collector
from tests.api.served import ODD, ODD_KEYS, path_of
from tests.builders import SET

DOCUMENT = Path(__file__).parents[2] / "docs" / "http.md"
pytest_plugins = ("tests.api.fixtures",)

PATHS = (
    "/v1/sets",
    path_of(SET, "BRK/B", "2024-06-03"),
    f"/v1/sets/{SET}/estimates?ticker=AAPL",
    "/docs",
    "/schema/openapi.json",
    "/nowhere",
    *(path_of(ODD, key, step) for step, key in enumerate(ODD_KEYS)),
)


@asynccontextmanager
async def _running(host: Any) -> AsyncGenerator[None, None]:
    async with host.state.service.lifespan():
        yield


def _starlette(service: ReadService) -> Any:
    host = Starlette(routes=[Mount("/estimates", app=service)], lifespan=_running)
    host.state.service = service
    return host


def _litestar(service: ReadService) -> Any:
    mounted = asgi("/estimates", is_mount=True, copy_scope=True)(service)
    host = Litestar([mounted], lifespan=[_running], openapi_config=None)
    host.state.service = service
    return host


def test_the_document_mounts_it(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The two examples of docs/http.md answer as they stand."""
    section = DOCUMENT.read_text().partition("## Below a path")[2]
    starlette, litestar = re.findall(r"^```python\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    for code in (starlette.replace('"churn-store"', repr(filled.root)), litestar):
        exec(code, names)
        with TestClient(names["app"]) as host:
            assert host.get("/estimates/v1/sets").status_code == 200


@pytest.mark.parametrize("make", [_starlette, _litestar])
def test_a_mounted_service_answers_the_same(
    filled: Store, client: TestClient[Any], make: Callable[[ReadService], Any]
) -> None:
    """Estimates of odd keys, batches, pages and problems are those of the service alone."""
    keys = {"keys": [["AAPL", "2024-06-03"]]}
    with TestClient(make(create_app(filled)), raise_server_exceptions=False) as mounted:
        for path in PATHS:
            alone, below = client.get(path), mounted.get(f"/estimates{path}")
            assert (below.status_code, below.content) == (alone.status_code, alone.content), path
        batch = f"/v1/sets/{SET}/estimates"
        below = mounted.post(f"/estimates{batch}", json=keys)
        assert below.content == client.post(batch, json=keys).content
        for page in ("", "/", "/sets/closes"):
            assert mounted.get(f"/estimates{page}").status_code == 200, page


@pytest.fixture
def collector() -> Iterator[None]:
    """The garbage collector set up in another way; afterwards as the tests have it."""
    before = gc.get_threshold()
    gc.set_threshold(30_000, 20, 50)
    yield
    gc.freeze()
    gc.set_threshold(*before)


@pytest.mark.usefixtures("collector")
def test_the_collector_is_tuned_where_nobody_else_has() -> None:
    """While the app runs, what was imported is frozen; what a host has frozen stays so."""
    gc.freeze()  # as a host
    frozen = gc.get_freeze_count()
    with TestClient(Litestar(lifespan=[tuned_collector])):
        assert gc.get_threshold() == (30_000, 20, 50)
    assert gc.get_freeze_count() > frozen / 2  # some are let go
    gc.unfreeze()
    with TestClient(Litestar(lifespan=[tuned_collector])):
        assert gc.get_freeze_count() > frozen / 2
        assert gc.get_threshold() == (20_000, 20, 50)
    assert (gc.get_freeze_count(), gc.get_threshold()) == (0, (30_000, 20, 50))
