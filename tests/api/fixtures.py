"""Fixtures of the tests of the service: a store to read, a client of the app, a client of a real
server.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar.testing import TestClient

from estimates.store.store import Store
from estimates_api.app import create_app
from tests.api.served import Asking, fill, serving
from tests.builders import make_store


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The store of `fill`, shared by tests that only read."""
    store = make_store(tmp_path_factory.mktemp("api") / "store")
    fill(store)
    yield store
    store.catalog.engine.dispose()


@pytest.fixture(scope="session")
def client(filled: Store) -> Iterator[TestClient[Any]]:
    """The app over `filled`, without a server."""
    with TestClient(create_app(filled), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="session")
def server(filled: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of a real server over `filled`, which says all that the store itself says."""
    access = tmp_path_factory.mktemp("access") / "access.toml"
    access.write_text('provenance = "full"\n')
    with (
        serving(Path(filled.root), access=access) as url,
        httpx.Client(base_url=url, transport=Asking()) as client,
    ):
        yield client
