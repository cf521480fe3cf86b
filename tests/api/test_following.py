"""The service follows the catalog: promotions without a restart, the last view while the catalog is
away, readiness.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from litestar.testing import TestClient

from estimates import Store, instants
from estimates.catalog.view import View
from estimates_api.app import create_app
from estimates_api.serving import follower, targets
from tests.api.served import path_of, serving
from tests.builders import SET, define, frame, make_store, promoted, provenance
from tests.long_patience import SERVICE_S
from tests.store.catalog_rows import recovered
from tests.waiting import until

ONE = path_of(SET, "AAPL", "2024-06-03")
OTHER = "others"
_WITHOUT = "alembic mlflow statsforecast pandas estimates_jobs estimates_migrations"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder of a store with one version in production."""
    store = make_store(tmp_path / "store")
    define(store)
    promoted(store, "one")
    store.catalog.engine.dispose()  # all that was written is in the catalog's file
    return tmp_path / "store"


def connecting(url: str) -> httpx.Client:
    """A client that makes a connection for each request: the workers share them out."""
    return httpx.Client(base_url=url, headers={"connection": "close"})


def versions(client: httpx.Client, **parameters: str) -> set[int]:
    """The versions that answer in 40 requests."""
    return {client.get(ONE, params=parameters).json()["version"] for _ in range(40)}


def metric(client: httpx.Client, name: str) -> float:
    """A number without labels from /metrics."""
    lines = client.get("/metrics").text.splitlines()
    return float(next(line for line in lines if line.startswith(f"estimates_{name} ")).split()[1])


def wait_for_a_read(client: httpx.Client) -> None:
    """Wait until the catalog was read again."""
    known = metric(client, "catalog_read_timestamp_seconds")
    until(lambda: metric(client, "catalog_read_timestamp_seconds") > known)


@contextmanager
def unreachable(store: Store) -> Iterator[None]:
    """The catalog's file is not where it was."""
    path = Path(store.root) / "catalog.db"
    store.catalog.engine.dispose()
    path.rename(path.with_name("away.db"))
    try:
        yield
    finally:
        path.with_name("away.db").rename(path)


# below with two services and with two workers
@pytest.mark.stack
@pytest.mark.parametrize("workers", [1, 2])
def test_a_promotion_is_followed(root: Path, workers: int) -> None:
    """A running server answers from the new version on all workers, then from the old one after a
    rollback.
    """
    store = Store(root, actor="tester")
    with serving(root, workers) as url, connecting(url) as client:
        assert versions(client) == {1}
        promoted(store, "two", 101.0, day=1)
        until(lambda: versions(client) == {2})
        store.rollback(SET, reason="looked wrong")
        until(lambda: versions(client) == {1})


def test_several_services_follow_one_store(root: Path) -> None:
    """Two servers, one of two workers: all answer from the promoted version, and from a
    rollback's.
    """
    store = Store(root, actor="tester")
    with (
        serving(root, 2) as first,
        serving(root) as other,
        connecting(first) as a,
        connecting(other) as b,
    ):
        promoted(store, "two", 101.0, day=1)
        until(lambda: (versions(a), versions(b)) == ({2}, {2}))
        store.rollback(SET, reason="looked wrong")
        until(lambda: (versions(a), versions(b)) == ({1}, {1}))


def test_a_promotion_is_followed_at_the_next_look(root: Path) -> None:
    """What is committed before a service begins to look at the catalog it serves when it looks
    again; looks, and the wait for a version to be opened, take less than a second together.
    """
    served: list[int] = []

    class Looked(Store):
        def refresh(self) -> View:
            """Note what was served until this look."""
            if client.app.state.follower.known is not None:
                view = client.app.state.follower.view
                served.append(view.set(SET).aliases["production"].version)
            return super().refresh()

    client: TestClient[Any] = TestClient(create_app(Looked(root)))
    with client:
        until(lambda: client.get("/health/ready").status_code == 200)
        promoted(Store(root), "two", 101.0, day=1)
        served.clear()
        until(lambda: len(served) > 3)
    assert set(served[1:]) == {2}
    assert follower.INTERVAL_S + SERVICE_S[f"{targets.__name__}.OPENING_S"] < 1


def test_a_pinned_moment_is_the_same_on_every_worker(root: Path) -> None:
    """As soon as a promotion is committed, as_of its moment answers from it: a worker that is
    behind looks it up.
    """
    store = Store(root, actor="tester")
    with serving(root, 2) as url, connecting(url) as client:
        for number, level in enumerate((101.0, 102.0, 103.0), start=2):
            promoted(store, str(number), level, day=number)
            assert versions(client, as_of=instants.text(store.view().moment)) == {number}


def test_a_view_read_while_an_event_is_committed_does_not_claim_to_know_it(root: Path) -> None:
    """A catalog read between a promotion's time and its commit lacks it; as_of that time finds it
    all the same.
    """
    store = Store(root, actor="tester")
    second = store.publish(SET, frame(101.0), provenance("two", day=1))
    store.judge(SET, second.version)

    with TestClient(create_app(Store(root))) as client:

        def dawdle(connection: sa.Connection) -> None:
            """Wait until the follower has read twice before a writer's commit."""
            if connection.get_execution_options().get("write"):
                wait_for_a_read(client)
                wait_for_a_read(client)

        until(lambda: client.get("/health/ready").status_code == 200)
        sa.event.listen(store.catalog.engine, "commit", dawdle)
        store.promote(SET, second.version, reason="test")
        moment = store.view().moment
        assert (
            client.get(ONE, params={"as_of": instants.text(moment)}).json()["version"]
            == second.version
        )


def test_an_empty_store_is_served(tmp_path: Path) -> None:
    """No sets is an answer, and ready; a set defined later appears."""
    store = make_store(tmp_path / "store")
    with TestClient(create_app(store)) as client:
        until(lambda: client.get("/health/ready").status_code == 200)
        assert client.get("/v1/sets").json()["sets"] == []
        assert client.get("/v1/events").json()["events"] == []
        define(store)
        promoted(store, "one")
        until(lambda: client.get(ONE).status_code == 200)


def test_the_last_view_answers_while_the_catalog_is_away(root: Path) -> None:
    """Reads go on and say their version; only a moment the view does not know is a 503; then it
    follows again.
    """
    store, served = Store(root), Store(root)
    with TestClient(create_app(served)) as client:
        until(lambda: client.get("/health/ready").status_code == 200)
        with unreachable(served):
            until(lambda: metric(client, "catalog_errors_total") > 1)
            assert client.get(ONE).json()["version"] == 1
            late = client.get(ONE, params={"as_of": instants.text(instants.now())})
            assert (late.status_code, late.json()["code"]) == (503, "catalog")
            assert late.headers["retry-after"] == "1"
            assert str(root) not in late.text
            store.catalog.engine.dispose()
        promoted(store, "two", 101.0, day=1)
        until(lambda: client.get(ONE).json()["version"] == 2)


def move_catalog(root: Path, to: Path) -> None:
    """Move the files of a store's catalog away."""
    to.mkdir()
    for path in root.glob("catalog.db*"):
        path.rename(to / path.name)


def catalog_fault(client: httpx.Client) -> str | None:
    """Why the catalog is not followed, as readiness says it."""
    return client.get("/health/ready").json()["catalog"]["code"]


def test_a_recovered_catalog_is_followed(root: Path, tmp_path: Path) -> None:
    """A service whose catalog is moved away says so and makes no empty one; it follows the one that
    is recovered, not the file it had open.
    """
    with TestClient(create_app(Store(root))) as client:
        until(lambda: client.get("/health/ready").status_code == 200)
        assert catalog_fault(client) is None
        move_catalog(root, tmp_path / "away")
        until(lambda: catalog_fault(client) == "catalog")
        errors = metric(client, "catalog_errors_total")
        until(lambda: metric(client, "catalog_errors_total") > errors)
        assert not list(root.glob("catalog.db*"))
        assert client.get(ONE).json()["version"] == 1
        promoted(recovered(str(root)), "two", 101.0, day=1)
        until(lambda: client.get(ONE).json()["version"] == 2)
        assert catalog_fault(client) is None


def test_a_catalog_of_another_history_is_told(root: Path, tmp_path: Path) -> None:
    """Another store's catalog, or an older one, in the place of a running service's is not
    followed and told; the right one is followed when it is back.
    """
    store, other, older = Store(root), make_store(tmp_path / "other"), tmp_path / "older"
    store.catalog.engine.dispose()
    shutil.copytree(root, older)
    promoted(store, "two", 101.0, day=1)
    store.catalog.engine.dispose()
    define(other)
    promoted(other, "one")
    other.catalog.engine.dispose()
    with TestClient(create_app(Store(root))) as client:
        until(lambda: client.get("/health/ready").status_code == 200)
        for place, code in ((Path(other.root), "other_store"), (older, "catalog_behind")):
            move_catalog(root, tmp_path / code)
            (place / "catalog.db").rename(root / "catalog.db")
            until(lambda code=code: catalog_fault(client) == code)
            assert client.get(ONE).json()["version"] == 2
            for path in root.glob("catalog.db*"):
                path.unlink()
            for path in (tmp_path / code).iterdir():
                path.rename(root / path.name)
            until(lambda: catalog_fault(client) is None)


def test_a_catalog_that_is_written_over_in_place_is_noticed(root: Path, tmp_path: Path) -> None:
    """An older one, or that of another store, that is copied into the file of a running service's
    is not followed and told; the newest one is followed when it is copied back.
    """
    store, other = Store(root), make_store(tmp_path / "other")
    store.catalog.engine.dispose()
    older, newest = tmp_path / "older.db", tmp_path / "newest.db"
    shutil.copyfile(root / "catalog.db", older)
    promoted(store, "two", 101.0, day=1)
    store.catalog.engine.dispose()
    shutil.copyfile(root / "catalog.db", newest)
    define(other)
    promoted(other, "one")
    other.catalog.engine.dispose()
    with TestClient(create_app(Store(root))) as client:
        until(lambda: client.get("/health/ready").status_code == 200)
        places = ((older, "catalog_behind"), (tmp_path / "other" / "catalog.db", "other_store"))
        for place, code in places:
            inode = (root / "catalog.db").stat().st_ino
            shutil.copyfile(place, root / "catalog.db")
            assert (root / "catalog.db").stat().st_ino == inode
            until(lambda code=code: catalog_fault(client) == code)
            assert client.get(ONE).json()["version"] == 2
            shutil.copyfile(newest, root / "catalog.db")
            until(lambda: catalog_fault(client) is None)


def test_a_service_waits_for_its_catalog(root: Path) -> None:
    """Started while the catalog is away it is alive and not ready, and becomes ready by itself."""
    store = Store(root)
    with unreachable(store):
        client = TestClient(create_app(store))
        client.__enter__()
        assert client.get("/health/live").status_code == 200
        for path in ("/health/ready", "/v1/sets", ONE):
            answer = client.get(path)
            assert (answer.status_code, answer.json()["code"]) == (503, "starting")
    until(lambda: client.get("/health/ready").status_code == 200)
    assert client.get(ONE).json()["version"] == 1
    client.__exit__()


def test_the_service_needs_neither_jobs_nor_migrations(root: Path) -> None:
    """Serving an estimate, a batch and a diff loads no pandas, MLflow, statsforecast, Alembic, and
    none of our jobs.
    """
    promoted(Store(root), "two", 101.0, day=1)
    code = f"""\
import shutil, sys
from litestar.testing import TestClient
from estimates.catalog.view import View
from estimates_api.app import create_app
from estimates_api.serving import follower, targets
from estimates_api.serving.follower import INTERVAL_S
shutil.rmtree({str(root / "cache")!r})
with TestClient(create_app()) as client:
    assert client.get({ONE!r}).status_code == 200
    assert client.get("/v1/sets/{SET}/diff?from=1&to=2").status_code == 200
    assert client.get("/v1/sets/{SET}/versions/1/verdict").status_code == 200
    assert client.post("/v1/sets/{SET}/estimates", json={{"keys": []}}).status_code == 200
print(*sorted(set({_WITHOUT!r}.split()) & set(sys.modules)))
"""
    environment: dict[str, Any] = {"ESTIMATES_STORE": str(root), "PATH": ""}
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.stdout, ran.stderr, ran.returncode) == ("\n", "", 0)
