"""What takes long to compute: once for all workers, 202 while it lasts, apart from lookups,
whatever is killed.
"""

from __future__ import annotations

import ctypes
import os
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest
from litestar.testing import TestClient

from estimates.client import Client
from estimates.compare.queries import DiffQuery
from estimates.contract.contract_file import parse_contract
from estimates.errors import UnavailableError
from estimates.stability.pages.report_markdown import render_markdown
from estimates.stability.pages.report_text import render_json, render_text
from estimates.storage.file_lock import file_lock
from estimates.store.store import Store
from estimates_api.app import create_app
from estimates_api.serving import reports
from tests.api.served import caught_up, serving, started
from tests.builders import SET, define, make_store, promoted, provenance
from tests.client.stub import Scripted, stub
from tests.client.unwaited import unwaited_pauses
from tests.waiting import until

pytest_plugins = ("tests.api.fixtures",)

LARGE = "large"
ROWS = 110_000  # two versions have more rows than are compared in a thread
_SOURCE = f'name = "{LARGE}"\n[key.id]\ntype = "integer"\n[columns.value]\n'
DIFF, SERIES = f"/v1/sets/{SET}/diff?from=1&to=4", f"/v1/sets/{SET}/stability"
LARGE_DIFF, LARGE_SERIES = f"/v1/sets/{LARGE}/diff?from=1&to=2", f"/v1/sets/{LARGE}/stability"
_MOVED_TO = 0x80


@pytest.fixture
def small(tmp_path: Path) -> Store:
    """Two versions of a small set, the second in production."""
    store = make_store(tmp_path / "store")
    define(store)
    promoted(store, "one")
    promoted(store, "two", 101.0, day=1)
    return store


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Two versions that the report worker compares; tests empty the cache of reports."""
    store = make_store(tmp_path_factory.mktemp("large") / "store")
    store.define(parse_contract(_SOURCE), _SOURCE)
    for number in (1, 2):
        values = pl.int_range(ROWS, eager=True) * (1 + 0.001 * number)
        store.publish(
            LARGE,
            pl.DataFrame({"id": range(ROWS), "value": values}),
            provenance(f"run {number}", number),
        )
        store.promote(LARGE, number, reason="test")
    return store


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request waits for a moment, and is answered with 202."""
    monkeypatch.setattr(reports, "PATIENCE_S", 0.1)


def forget(store: Store) -> None:
    """Empty the cache of reports."""
    for path in store.reports.folder.glob("*"):
        path.unlink()


def name_of(
    store: Store, set_name: str, first: int, second: int, *, headline_only: bool = False
) -> str:
    """The name under which a report is kept."""
    return store.compare(set_name, DiffQuery(first, second)).cache_name(
        "headline" if headline_only else "report"
    )


@contextmanager
def computing(store: Store, name: str) -> Iterator[None]:
    """As if some other process were computing this report just now."""
    with file_lock(store.reports.folder / f"{name}.lock"):
        yield


def answered(client: Any, url: str, **settings: Any) -> httpx.Response:
    """The answer, asked for again as long as it is being computed."""

    def ready() -> list[httpx.Response]:
        answer = client.get(url, **settings)
        return [] if answer.status_code == 202 else [answer]

    return until(ready)[0]


def children(process: int) -> list[int]:
    """The processes that a process has started to compute reports."""
    ids: list[int] = []
    for task in Path(f"/proc/{process}/task").iterdir():
        ids += map(int, _proc(task / "children").split())
    return [
        child
        for child in ids
        if b"estimates_api.serving.report_worker" in _proc(Path(f"/proc/{child}/cmdline"))
    ]


def _proc(file: Path) -> bytes:
    """What the system says of a thread or a process; nothing where that has ended."""
    try:
        return file.read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


@pytest.mark.usefixtures("impatient")
def test_what_is_not_ready_is_a_202(small: Store) -> None:
    """It says where to look and when; asked again it is the answer, and a request that waits long
    enough gets it.
    """
    url = f"/v1/sets/{SET}/diff?from=1&to=2"
    (small.reports.folder / name_of(small, SET, 1, 2)).unlink()  # the gate's
    with TestClient(create_app(small)) as client:
        with computing(small, name_of(small, SET, 1, 2)):
            answer = client.get(url)
            assert answer.status_code == 202
            assert answer.json() == {
                "status": "computing",
                "location": "diff?from=1&to=2",
                "retry_after": 1,
            }
            assert (answer.headers["location"], answer.headers["retry-after"]) == (
                "diff?from=1&to=2",
                "1",
            )
            assert (answer.headers["cache-control"], "etag" in answer.headers) == (
                "no-cache",
                False,
            )
            head = client.head(url)
            assert (head.status_code, head.content) == (202, b"")
        pending = answered(
            client, str(httpx.URL(f"http://testserver{url}").join(answer.headers["location"]))
        )
        assert pending.content == render_json(small[SET].diff(1, 2))
        with computing(small, name_of(small, SET, 1, 2, headline_only=True)):
            waiting = client.get(f"/v1/sets/{SET}/stability")
            assert (waiting.status_code, waiting.headers["location"]) == (202, "stability")
        assert answered(client, f"/v1/sets/{SET}/stability").content == small[SET].stability().json


def test_a_client_waits_for_the_answer(small: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 202 is asked again until there is an answer, or the timeout is over."""
    pauses = unwaited_pauses(monkeypatch)
    body = small[SET].stability().json
    busy = Scripted(202, b'{"status":"computing"}', headers={"retry-after": "0"})
    with stub(busy, busy, Scripted(200, body)) as server, Client(server.url) as client:
        assert client[SET].stability() == small[SET].stability()
        assert len(server.requests) == 3
    pauses.clear()
    with stub(busy) as server, Client(server.url, timeout_s=5.0) as client:
        with pytest.raises(UnavailableError) as raised:
            client[SET].stability()
        assert raised.value.code == "computing"
        assert len(server.requests) == len(pauses) + 1 > 2
        assert 4.8 < sum(pauses) <= 5.0


def test_forms_of_a_report(client: TestClient[Any], filled: Store) -> None:
    """A report comes as JSON, as a page of text and as Markdown; anything else is a 406."""
    report = filled[SET].diff(1, 4)
    pages = {"text/plain": render_text(report), "text/markdown": render_markdown(report)}
    for form, page in pages.items():
        answer = client.get(DIFF, headers={"accept": form})
        assert (answer.text, answer.headers["content-type"]) == (page, f"{form}; charset=utf-8")
    assert client.get(DIFF, headers={"accept": "image/png"}).status_code == 406
    tags = {
        client.get(DIFF, headers={"accept": form}).headers["etag"]
        for form in (*pages, "application/json")
    }
    assert len(tags) == 3


@pytest.mark.usefixtures("impatient")
def test_a_report_with_pictures(small: Store) -> None:
    """The page that the store draws, in a browser's first choice too; drawn once, and again from
    what is kept.
    """
    url = f"/v1/sets/{SET}/diff?from=1&to=2"
    with TestClient(create_app(small)) as client:
        answer = answered(
            client, url, headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
        )
        assert (answer.status_code, answer.headers["content-type"]) == (
            200,
            "text/html; charset=utf-8",
        )
        assert answer.text.count("<svg") > 1
        kept = small.reports.get(small.compare(SET, DiffQuery(1, 2)).cache_name("page"))
        assert answer.content == kept
        small.reports.put(small.compare(SET, DiffQuery(1, 2)).cache_name("page"), b"kept")
        assert small[SET].page(1, 2) == "kept"
        with file_lock(
            small.reports.folder / f"{small.compare(SET, DiffQuery(2, 1)).cache_name('page')}.lock"
        ):
            waiting = client.get(
                f"/v1/sets/{SET}/diff?from=2&to=1", headers={"accept": "text/html"}
            )
            assert (waiting.status_code, waiting.headers["refresh"]) == (202, "1")
        assert (
            answered(
                client, f"/v1/sets/{SET}/diff?from=2&to=1", headers={"accept": "text/html"}
            ).status_code
            == 200
        )


def test_versions_of_two_sets(small: Store) -> None:
    """`other` names the set of `to`: the same bytes as in Python, kept apart from those of one set,
    and its errors.
    """
    define(small, "others")
    promoted(small, "three", 103.0, name="others", day=1)
    define(small, "second", more="[columns.more]\n")
    url = f"/v1/sets/{SET}/diff?from=1&to=1&other="
    with TestClient(create_app(small)) as client:
        answer = client.get(f"{url}others")
        expected = small[SET].diff(1, 1, other="others")
        assert answer.content == render_json(expected)
        assert (expected.to, answer.headers["estimates-version"]) == ("others version 1", "1")
        assert (
            client.get(f"/v1/sets/{SET}/diff?from=production&other=others").json()["keys"]["common"]
            == 6
        )
        missing = client.get(f"{url}nobody")
        assert (missing.status_code, missing.json()["code"]) == (404, "unknown_set")
        assert client.get(f"{url}second").json()["code"] == "unknown_version"


def test_forms_of_a_series(client: TestClient[Any], filled: Store) -> None:
    """The rows of the JSON as NDJSON, and flat as CSV and Arrow."""
    series = filled[SET].stability()
    assert client.get(SERIES).content == series.json
    arrow = client.get(SERIES, headers={"accept": "application/vnd.apache.arrow.stream"})
    assert pl.read_ipc_stream(arrow.content).equals(series.frame())
    table = client.get(SERIES, headers={"accept": "text/csv"})
    assert pl.read_csv(table.content, schema=series.frame().schema).equals(series.frame())
    lines = client.get(SERIES, headers={"accept": "application/x-ndjson"}).text.splitlines()
    assert f'"pairs":[{",".join(lines)}]' in client.get(SERIES).text


def test_nothing_is_computed_for_who_has_it(small: Store) -> None:
    """The tag is enough to know: 304 while the report is being computed elsewhere."""
    for url, name in (
        (f"/v1/sets/{SET}/diff?from=1&to=2", name_of(small, SET, 1, 2)),
        (f"/v1/sets/{SET}/stability", name_of(small, SET, 1, 2, headline_only=True)),
    ):
        with TestClient(create_app(small)) as client:
            etag = answered(client, url).headers["etag"]
        forget(small)
        with TestClient(create_app(small)) as client, computing(small, name):
            answer = client.get(url, headers={"if-none-match": etag})
            assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)


def test_a_new_contract_gives_two_numbers_a_new_report(small: Store) -> None:
    """Another tolerance is another tag and another report."""
    url = f"/v1/sets/{SET}/diff?from=1&to=2"
    with TestClient(create_app(small)) as client:
        before = client.get(url)
        define(small, more="[stability]\nrtol = 0.001\n")
        caught_up(client, small)
        after = client.get(url, headers={"if-none-match": before.headers["etag"]})
        assert (before.json()["rtol"], after.status_code, after.json()["rtol"]) == (
            0.01,
            200,
            0.001,
        )


@pytest.mark.one_part
def test_a_report_of_the_report_worker_is_the_same(large: Store, tmp_path: Path) -> None:
    """Reports and series of large versions are those that are computed in process; the second time
    they are kept.
    """
    expected = render_json(large.compare(LARGE, DiffQuery(1, 2)).report())
    forget(large)
    with TestClient(create_app(large)) as client:
        assert answered(client, LARGE_DIFF).content == expected
        assert answered(client, LARGE_SERIES).json()["pairs"][0]["common"] == ROWS
    assert large.reports.get(name_of(large, LARGE, 1, 2)) is not None
    assert answered_without_files(large, tmp_path, LARGE_DIFF) == expected


def answered_without_files(store: Store, elsewhere: Path, url: str) -> bytes:
    """The answer of a service that has kept reports, but cannot read the versions."""
    parts = Path(store.root) / "sets" / LARGE / "parts"
    parts.rename(elsewhere / "parts")
    try:
        with TestClient(create_app(store)) as client:
            return client.get(url).content
    finally:
        (elsewhere / "parts").rename(parts)


@pytest.mark.one_part
def test_a_cache_that_cannot_be_written_is_no_error(large: Store, tmp_path: Path) -> None:
    """A large report is computed and answered, though it can be kept in memory alone."""
    expected = render_json(large[LARGE].diff(1, 2))
    (tmp_path / "file").write_bytes(b"")
    store = Store(large.root)
    store.reports.folder = tmp_path / "file" / "reports"
    with TestClient(create_app(store)) as client:
        assert answered(client, LARGE_DIFF).content == expected


@pytest.mark.one_part
def test_damage_is_told_by_the_report_worker(large: Store) -> None:
    """What is wrong with a file is the same problem as in process; the report is there once the
    file is.
    """
    forget(large)
    file = next(Path(large.root).glob(f"sets/{LARGE}/parts/*.parquet"))
    whole = file.read_bytes()
    try:
        file.write_bytes(whole[:-1])
        with TestClient(create_app(large), raise_server_exceptions=False) as client:
            answer = answered(client, LARGE_DIFF)
            assert (answer.status_code, answer.json()["code"]) == (500, "file_damaged")
            file.write_bytes(whole)
            assert answered(client, LARGE_DIFF).status_code == 200
    finally:
        file.write_bytes(whole)


@pytest.mark.one_part
@pytest.mark.usefixtures("impatient")
def test_a_killed_report_worker_is_started_again(large: Store) -> None:
    """kill -9 while it computes: who asks next is told once to retry, and then it is computed;
    nothing is broken.
    """
    forget(large)
    with TestClient(create_app(large), raise_server_exceptions=False) as client:
        with computing(large, name_of(large, LARGE, 1, 2)):
            assert client.get(LARGE_DIFF).status_code == 202
            (child,) = until(lambda: children(os.getpid()))
            os.kill(child, signal.SIGKILL)
            answer = answered(client, LARGE_DIFF)
            assert (answer.status_code, answer.json()["code"]) == (503, "report_ended")
        assert answered(client, LARGE_DIFF).content == render_json(large[LARGE].diff(1, 2))


_OWNER = """
import sys
from estimates.compare.queries import DiffQuery
from estimates.store.store import Store
from estimates_api.serving.report_worker import ReportWorker

store = Store(sys.argv[1])
worker = ReportWorker(store.root, store.reports, store.manifests)
worker.reports([store.compare("large", DiffQuery(1, 2))], "report")
"""


@pytest.mark.one_part
def test_the_report_worker_ends_with_its_service(large: Store) -> None:
    """A worker that is killed leaves no process behind that computes for nobody."""
    forget(large)
    with computing(large, name_of(large, LARGE, 1, 2)):
        command = [sys.executable, "-c", _OWNER, large.root]
        owner = subprocess.Popen(command, cwd=Path(__file__).parents[2])
        (child,) = until(lambda: children(owner.pid))
        os.kill(owner.pid, signal.SIGKILL)
        owner.wait(60)
        until(lambda: _proc(Path(f"/proc/{child}/stat")).rpartition(b")")[2][:2] in (b"", b" Z"))


@pytest.mark.one_part
def test_workers_compute_it_once(large: Store) -> None:
    """Many who ask two workers at the same time get the same bytes, and the report is kept once."""
    expected, name = render_json(large[LARGE].diff(1, 2)), name_of(large, LARGE, 1, 2)
    forget(large)
    with serving(Path(large.root), workers=2) as server:
        with ThreadPoolExecutor(12) as pool, kept(large.reports.folder) as names:
            with computing(large, name):
                futures = [pool.submit(_ask, server + LARGE_DIFF) for _ in range(12)]
                until(lambda: all(future.running() or future.done() for future in futures))
            assert {future.result(60) for future in futures} == {expected}
        assert names.count(name) == 1


def _ask(url: str) -> bytes:
    with httpx.Client(timeout=60) as client:
        return answered(client, url).content


@contextmanager
def kept(folder: Path) -> Iterator[list[str]]:
    """The names of the files that are put into a folder meanwhile, each as often as it is: the
    system counts them.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    watch = libc.inotify_init1(os.O_NONBLOCK)
    assert libc.inotify_add_watch(watch, os.fsencode(folder), _MOVED_TO) >= 0
    names: list[str] = []
    yield names
    content = b""
    try:
        while True:
            content += os.read(watch, 65536)
    except BlockingIOError:
        pass
    os.close(watch)
    while content:
        _, _, _, length = struct.unpack_from("iIII", content)
        names.append(content[16 : 16 + length].rstrip(b"\0").decode())
        content = content[16 + length :]


@pytest.mark.one_part
def test_a_killed_service_leaves_nothing_broken(large: Store) -> None:
    """kill -9 of all its processes while one computes: the next service computes it."""
    forget(large)
    name = name_of(large, LARGE, 1, 2)
    with started(Path(large.root)) as served, computing(large, name):
        assert httpx.get(served.url + LARGE_DIFF, timeout=30).status_code == 202
        served.kill()
    assert large.reports.get(name) is None
    with serving(Path(large.root)) as server:
        assert _ask(server + LARGE_DIFF) == render_json(large[LARGE].diff(1, 2))
