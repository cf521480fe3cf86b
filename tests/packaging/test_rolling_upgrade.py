"""Two releases on one store: services are replaced one by one under load, both publish.

No release was made yet. A wheel of the first commit whose catalog has the present revision stands
for the one before.
"""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from estimates.catalog import schema
from tests.api.served import Served, fill, path_of
from tests.builders import SET, TARGETS, TICKERS, frame, make_store
from tests.made_once import made_once
from tests.mlflow_tables import AddMlflow
from tests.packaging.environments import SOURCE, build_wheel, lend_packages, run
from tests.ports import free_port
from tests.waiting import until

pytestmark = pytest.mark.stack
KEY = (TICKERS[0], TARGETS[0])
# All calls of client_reads.py but those that show what is not installed.
READ = """
import pathlib, sys
names = {}
text = pathlib.Path(sys.argv[1]).read_text().removesuffix("main(*sys.argv[1:])\\n")
exec(text, names)
with names["Client"](sys.argv[2]) as client:
    closes = client[names["SET"]]
    answer = closes.get(*names["KEY"])
    assert client.sets() and client.events(limit=2) and client.pin()
    for name, call in (names["READS"] | names["FRAMES"]).items():
        assert call(closes, answer) is not None, name
print("read")
"""
_READERS = 3


class Release(NamedTuple):
    """A program: its Python, and the tree that it was built of."""

    python: Path
    tree: Path

    def command(self, root: Path, *words: object) -> str:
        """What `estimates` of this release prints about the store."""
        estimates = self.python.with_name("estimates")
        return run([estimates, *map(str, words), "--store", root], root.parent)


def commit_before() -> str:
    """The first commit of the present revision; skips where git does not know it."""
    changed = f'REVISION = "{schema.REVISION}"'
    command = ["git", "log", "--format=%H", "-S", changed, "--", "estimates/catalog/schema.py"]
    log = subprocess.run(command, cwd=SOURCE, capture_output=True, text=True, check=False)
    if not log.stdout:
        pytest.skip("there is no history of this repository")
    return log.stdout.split()[-1]


def make_release(folder: Path) -> None:
    """Build that commit's wheel in a folder, and an environment of it."""
    archive = ["git", "archive", commit_before()]
    content = subprocess.run(archive, cwd=SOURCE, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(content)) as tree:
        tree.extractall(folder / "tree", filter="data")
    build_wheel(folder / "wheel", folder / "tree")
    lend_packages(next((folder / "wheel").glob("*.whl")), folder)


@pytest.fixture(scope="module")
def before(shared: Path) -> Release:
    """The release before."""
    folder = shared / "release-before"
    made_once(folder, make_release)
    return Release(folder / "venv" / "bin" / "python", folder / "tree")


@pytest.fixture(scope="module")
def now(lent_environment: Path) -> Release:
    """The present one, from its wheel."""
    return Release(lent_environment, SOURCE)


@pytest.fixture
def root(tmp_path: Path, add_mlflow: AddMlflow) -> Path:
    """The folder of a store with versions in every state, made by the present release."""
    store = make_store(tmp_path / "store")
    add_mlflow(tmp_path / "store")
    fill(store)
    store.catalog.engine.dispose()
    return tmp_path / "store"


@contextmanager
def serving(release: Release, root: Path) -> Iterator[Served]:
    """A service of a release, once it is ready."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen(
        [release.python, "-m", "estimates_api.server", "--port", str(port)],
        env={**os.environ, "ESTIMATES_STORE": str(root)},
        cwd=root.parent,
    ) as process:
        try:
            until(lambda: _is_ready(url))
            yield Served(url, process)
        finally:
            process.terminate()


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/ready", timeout=20).status_code == 200
    except httpx.TransportError:
        return False


class Readers:
    """Clients of a balancer: it sends each lookup to one of its services, and to another if that
    does not answer.

    values  what each version says of KEY
    """

    def __init__(self, values: dict[int, float]) -> None:
        self.services: list[str] = []
        self.values = values
        self.answers = 0
        self.failed: list[str] = []
        self._over = threading.Event()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Meanwhile they read."""
        threads = [threading.Thread(target=self._read) for _ in range(_READERS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join()
        assert self.failed == []

    def further(self) -> None:
        """Wait for more answers."""
        enough = self.answers + 30
        until(lambda: self.answers > enough or self.failed)

    def _read(self) -> None:
        with httpx.Client(timeout=20) as client:
            while not self._over.is_set():
                self._look_up(client, list(self.services))
                self.services = self.services[1:] + self.services[:1]
                self._over.wait(0.005)

    def _look_up(self, client: httpx.Client, services: list[str]) -> None:
        said = "no service"
        for url in services:
            try:
                answer = client.get(url + path_of(SET, *KEY))
            except httpx.TransportError as error:
                said = repr(error)
                continue
            body = answer.json()
            right = answer.status_code == 200 and (
                body["estimate"]["value"] == self.values[body["version"]]
            )
            self.answers += right
            if not right:
                self.failed.append(answer.text)
            return
        self.failed.append(said)


def value_at(level: float) -> float:
    """What a version of this level says of KEY."""
    return float(frame(level).filter(ticker=KEY[0], target_date=KEY[1])["value"][0])


def promote_next(release: Release, root: Path, values: dict[int, float]) -> None:
    """A release publishes the next version and moves production to it."""
    number = max(values) + 1
    level = 102.0 + number / 8
    values[number] = value_at(level)
    file = root.parent / f"{number}.parquet"
    frame(level).write_parquet(file)
    through = f"2024-01-{number:02}T21:00:00Z"
    release.command(root, "publish", SET, file, "--run-id", f"r{number}", "--through", through)
    release.command(root, "promote", SET, number, "--reason", "rolling")


def test_clients_of_each_release_read_the_services_of_the_other(
    before: Release, now: Release, root: Path
) -> None:
    """Every method that the client had before answers, those of frames too."""
    reads = before.tree / "tests" / "packaging" / "client_reads.py"
    with serving(before, root) as old, serving(now, root) as new:
        for release, service in ((now, old), (before, new)):
            assert run([release.python, "-c", READ, reads, service.url], root.parent) == "read\n"


def test_a_rolling_upgrade_under_load(before: Release, now: Release, root: Path) -> None:
    """Services of the release before are replaced one by one while both releases publish and
    promote: no lookup fails, each says what its version says, and nothing is lost or damaged for
    either.
    """
    values = {4: value_at(102.0), 6: value_at(104.0)}  # version 5 lacks the key
    readers = Readers(values)
    with ExitStack() as services:
        old = [services.enter_context(serving(before, root)) for _ in range(2)]
        readers.services = [service.url for service in old]
        with readers.reading():
            for service in old:
                promote_next(before, root, values)
                readers.further()
                promote_next(now, root, values)
                readers.further()
                new = services.enter_context(serving(now, root))
                readers.services = [*(set(readers.services) - {service.url}), new.url]
                assert service.stop() == 0
                readers.further()
            promote_next(before, root, values)
            newest = max(values)
            for url in readers.services:
                until(lambda url=url: _looked_up(url)[0] == newest)
                assert {ref: _looked_up(url, ref)[1] for ref in values} == values
    for release in (before, now):
        assert f"production → {newest}" in release.command(root, "log", SET).replace(
            f"{newest - 1} → {newest}", f"→ {newest}"
        )
        release.command(root, "verify")
        release.command(root, "audit")


def _looked_up(url: str, ref: int | str = "production") -> tuple[int, float]:
    """The version that a ref names, and what it says of KEY."""
    body = httpx.get(url + path_of(SET, *KEY), params={"ref": ref}, timeout=20).json()
    return body["version"], body["estimate"]["value"]
