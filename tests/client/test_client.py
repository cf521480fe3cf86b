"""The clients against a real service: pinning, caching, threads, events; and what they are without
httpx.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest

from estimates import instants
from estimates.catalog.records import VersionHead
from estimates.client import AsyncClient, Client
from estimates.contract.contract_file import parse_contract
from estimates.errors import EstimatesError, InvalidError, NotFoundError
from estimates.gate.verdict import render_json
from estimates.store.store import Store
from tests.api.served import ODD, serving
from tests.builders import SET, TICKERS, define, frame, make_store, promoted, provenance
from tests.jobs.cli.calls import call
from tests.waiting import until

pytestmark = pytest.mark.slow

pytest_plugins = ("tests.api.fixtures",)

KEY = ("AAPL", "2024-06-03")
CUSTOMER = '[key.customer]\ntype = "string"'
# The set's key the other way round, under a name that the first shape has for the other column.
TURNED = f"""\
name = "{SET}"
[key.ticker]
type = "date"
target = true
[key.second]
type = "string"
[columns.value]
unit = "USD"
[columns.note]
role = "attribute"
type = "string"
nullable = true
"""


@pytest.fixture(scope="module")
def remote(server: httpx.Client) -> Iterator[Client]:
    """A client of a service over `filled`."""
    with Client(str(server.base_url)) as client:
        yield client


@pytest.fixture
def moving(tmp_path: Path) -> Iterator[tuple[Store, Client]]:
    """A store of its own with version 1 in production, and a client of a service over it."""
    store = make_store(tmp_path / "store")
    define(store)
    promoted(store, "one")
    with serving(Path(store.root)) as url, Client(url) as client:
        yield store, client
    store.catalog.engine.dispose()


def test_the_answer_names_its_version(remote: Client, filled: Store) -> None:
    """Number, shape, publication and data_through of the version that answered; one read is enough
    for all.
    """
    version = filled[SET].resolve()
    answer = remote[SET].get(*KEY)
    assert isinstance(answer.version, VersionHead)
    assert answer.version == VersionHead(SET, 4, 1, version.published_at, version.data_through)
    assert answer["value"] == filled[SET].get(*KEY)["value"]
    page = remote[SET].scan("AAPL", limit=1)
    assert page.version == answer.version
    assert (page.total, page.cursor) == (2, filled[SET].scan("AAPL", limit=1).cursor)


def test_what_is_told_of_sets_and_versions(remote: Client, filled: Store) -> None:
    """Sets, contract, versions, one version with its provenance, and what a ref named at a time."""
    closes = filled[SET]
    assert remote.sets() == filled.sets()
    assert remote.head() == filled.view().head
    assert remote[SET].contract == closes.contract
    summaries, versions = remote[SET].versions(), closes.versions()
    assert [summary.snapshot_id for summary in summaries] == [
        version.snapshot_id for version in versions
    ]
    assert [summary.state for summary in summaries] == [
        filled.state(version) for version in versions
    ]
    assert [remote[SET].state(version) for version in versions] == [
        closes.state(version) for version in versions
    ]
    assert remote[SET].resolve("latest") == closes.resolve("latest")
    first = filled.view().set(SET).moves["production"][0][0]
    assert remote[SET].resolve("production", first).version == 1


def test_the_verdict_is_the_one_on_record(remote: Client, filled: Store) -> None:
    """Of a number, an alias and a refused version; without one the same error as in process."""
    for ref in (2, "production", 3):
        assert remote[SET].verdict(ref) == filled[SET].verdict(ref)
    for closes in (remote[SET], filled[SET]):
        with pytest.raises(NotFoundError, match="not judged yet") as error:
            closes.verdict(6)
        assert error.value.code == "no_verdict"


def test_a_service_shows_a_verdict_and_judges_no_version(remote: Client, filled: Store) -> None:
    """`estimates gate SET N` prints what the service has; to judge anew it needs the store."""
    here = call("gate", SET, 3, "--store", remote.url, "--format", "json")
    verdict = filled[SET].verdict(3)
    assert (here.code, here.out) == (int(verdict.blocks), render_json(verdict))
    assert "on record" in call("gate", SET, 3, "--store", remote.url).text
    again = call("gate", SET, 3, "--store", remote.url, "--again", "--format", "json")
    assert (again.code, again.error["code"]) == (2, "service_url")


def test_an_error_has_class_code_message_and_details(remote: Client, filled: Store) -> None:
    """What HTTP sends as a problem is raised as in process, and is a LookupError or a ValueError as
    there.
    """
    for ref in (5, "nothing", 9):
        with pytest.raises(NotFoundError) as over_http:
            remote[SET].get(*KEY, ref=ref)
        with pytest.raises(NotFoundError) as in_process:
            filled[SET].get(*KEY, ref=ref)
        assert over_http.value.code == in_process.value.code
        assert over_http.value.message == in_process.value.message
        assert over_http.value.details == in_process.value.details
    with pytest.raises(LookupError, match="no set"):
        remote["nobody"].get(*KEY)


def test_too_many_parts_are_the_same_error(remote: Client, filled: Store) -> None:
    """A scan under more parts than the key has is refused in the words of the store."""
    for closes in (remote[SET], filled[SET]):
        with pytest.raises(
            InvalidError, match=re.escape("{ticker}/{target_date}; got 3: AAPL, x, y")
        ):
            closes.scan("AAPL", "x", "y")


@pytest.mark.parametrize("key", [".", ".."])
def test_dots_are_a_key_like_any_other(remote: Client, filled: Store, key: str) -> None:
    """A key part of dots is not taken out of the path on its way."""
    for method in ("get", "scan", "history"):
        outcomes: list[Any] = []
        for closes in (remote[ODD], filled[ODD]):
            try:
                outcomes.append(getattr(closes, method)(key, 1).json)
            except EstimatesError as error:
                outcomes.append((error.code, error.message))
        assert outcomes[0] == outcomes[1]


def test_what_cannot_be_sent_is_refused_before(remote: Client) -> None:
    """No key, empty parts and names, floats, naive datetimes, lone surrogates: an error, never
    another page.
    """
    wrong: list[tuple[Any, ...]] = [
        (),
        ("", 1),
        ("a", ""),
        (1.5, 1),
        (None, 1),
        (datetime(2026, 1, 1), 1),
    ]
    for key in [*wrong, ("\ud800", 1)]:
        with pytest.raises(InvalidError):
            remote[ODD].get(*key)
    for ask in (
        lambda: remote[""],
        lambda: remote[SET].resolve(""),
        lambda: remote.at("2026-01-01"),
    ):
        with pytest.raises(InvalidError):
            ask()
    with pytest.raises(InvalidError, match="time zone"):
        remote[SET].get(*KEY, as_of=datetime(2026, 1, 1))


def test_times_of_any_offset_are_one_moment(remote: Client, filled: Store) -> None:
    """A datetime with an offset other than UTC asks about the same moment."""
    at = filled.view().set(SET).moves["production"][0][0]
    assert remote[SET].get(*KEY, as_of=at.astimezone(timezone(timedelta(hours=-5))))["version"] == 1


def test_a_pinned_client_stays_at_its_moment(moving: tuple[Store, Client]) -> None:
    """Pinned before a promotion, every question is answered from before it; the client itself moves
    on.
    """
    store, client = moving
    pinned = client.pin()
    assert client[SET].get(*KEY)["version"] == 1
    promoted(store, "two", 101.0, day=1)
    _wait_for_version(client, 2)
    closes = pinned[SET]
    assert closes.get(*KEY)["version"] == 1
    assert closes.get_many([KEY])["version"] == 1
    assert closes.scan("AAPL")["version"] == closes.scan()["version"] == 1
    assert closes.get(*KEY, ref="latest")["version"] == 1
    assert closes.resolve().version == 1
    assert [entry["version"] for entry in closes.history(*KEY)["history"]] == [1]
    assert [version.version for version in closes.versions()] == [1]
    assert (closes.diff("latest").from_, closes.diff("latest").to) == (1, 1)
    assert closes.get(*KEY, ref=2)["version"] == 2
    assert client.at(pinned.as_of)[SET].get(*KEY)["version"] == 1
    assert client.pin()[SET].get(*KEY)["version"] == 2


def test_an_async_client_pins_too(moving: tuple[Store, Client]) -> None:
    """The moment of one client is the moment of another, sync or async."""
    store, client = moving

    async def ask() -> list[int]:
        async with AsyncClient(client.url) as other:
            pinned = await other.pin()
            promoted(store, "two", 101.0, day=1)
            await asyncio.to_thread(_wait_for_version, client, 2)
            answers = await asyncio.gather(
                *(pinned[SET].get(*KEY) for _ in range(5)), other[SET].get(*KEY)
            )
            assert client.at(pinned.as_of)[SET].get(*KEY)["version"] == 1
            return [answer["version"] for answer in answers]

    assert asyncio.run(ask()) == [1] * 5 + [2]


def test_a_prefix_finds_its_columns_in_every_shape(moving: tuple[Store, Client]) -> None:
    """When the key columns change their order, a leading part still means the first columns of the
    version asked.
    """
    store, client = moving
    assert client[SET].scan("AAPL").total == 2
    store.define(parse_contract(TURNED), TURNED)
    other = frame(101.0).rename({"ticker": "second", "target_date": "ticker"})
    store.publish(SET, other, provenance("two", 1))
    store.judge(SET, 2)
    store.promote(SET, 2, reason="test", new_shape=True)
    _wait_for_version(client, 2, ("2024-06-03", "AAPL"))
    expected = store[SET].scan("2024-06-03").json
    assert client[SET].scan("2024-06-03").json == expected
    assert client[SET].scan("2024-06-03").total == 3
    assert client[SET].scan("AAPL", ref=1).json == store[SET].scan("AAPL", ref=1).json
    assert client[SET].contract_of(client[SET].resolve()) == store[SET].contract_of(
        store[SET].resolve()
    )
    with pytest.raises(NotFoundError, match="whose shape is 2"):
        client[SET].contract_of(client[SET].resolve(1))
    with Client(client.url) as fresh:
        assert fresh[SET].scan(date(2024, 6, 3)).json == expected


def _wait_for_version(client: Client, version: int, key: tuple[str, ...] = KEY) -> None:
    def is_there() -> bool:
        with suppress(EstimatesError):
            return client[SET].get(*key)["version"] == version
        return False

    until(is_there)


def test_events_are_told_once(remote: Client, filled: Store) -> None:
    """Pages of events, each after the last id seen, are all events in order; then there is nothing
    newer.
    """
    seen = []
    while page := remote.events(after=seen[-1].id if seen else 0, limit=3):
        assert len(page) <= 3
        seen += page
    events = sorted(
        (e for of_set in filled.view().sets.values() for e in of_set.events),
        key=lambda event: event.id,
    )
    assert seen == events


def test_threads_share_a_client(remote: Client, filled: Store) -> None:
    """Many threads ask through one client, and each gets the answer to its own question."""
    keys = [
        (ticker, day) for ticker in ("AAPL", "BRK/B", "ÆØÅ") for day in ("2024-06-03", "2024-06-04")
    ] * 20
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda key: remote[SET].get(*key).json, keys))
    assert answers == [filled[SET].get(*key).json for key in keys]


def test_the_library_does_without_httpx() -> None:
    """Importing estimates loads no httpx; where there is none, the client says what to install."""
    loaded = (
        "import sys, estimates, estimates.reading.reader, "
        "estimates.store.store; assert 'httpx' not in sys.modules"
    )
    missing = "import sys; sys.modules['httpx'] = None; import estimates.client"
    subprocess.run([sys.executable, "-c", loaded], check=True)
    failed = subprocess.run(
        [sys.executable, "-c", missing], capture_output=True, text=True, check=False
    )
    assert failed.returncode != 0
    assert "pip install 'estimates-store[client]'" in failed.stderr


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node on this machine")
def test_another_language_reads_the_same_bytes(server: httpx.Client, filled: Store) -> None:
    """The ten lines of examples/client.mjs print the bytes of the answer, and fail with the
    problem's words.
    """
    script = str(Path(__file__).parents[2] / "examples" / "client.mjs")

    def run(*key: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["node", script, str(server.base_url), *key], capture_output=True, check=False
        )

    for ticker in TICKERS:
        assert run(SET, ticker, "2024-06-03").stdout == filled[SET].get(ticker, "2024-06-03").json
    missing = run(SET, "nobody", "2024-06-03")
    assert (missing.returncode, missing.stdout) == (1, b"")
    assert b"outside_domain" in missing.stderr


def test_the_documented_snippets_run(tmp_path: Path) -> None:
    """The snippets of docs/client.md do what they say, on a store with the sets they name; the
    cache has its own.
    """
    text = (Path(__file__).parents[2] / "docs" / "client.md").read_text()
    first, second, _, _ = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    store = make_store(tmp_path / "store")
    for name, key in (
        ("sp500-close", '[key.ticker]\ntype = "string"\n[key.day]\ntype = "date"'),
        ("churn", CUSTOMER),
    ):
        source = f'name = "{name}"\n{key}\n[columns.value]\nunit = "USD"\n'
        store.define(parse_contract(source), source)
    closes = pl.DataFrame({"ticker": ["AAPL"], "day": [date(2021, 12, 30)], "value": [131.5]})
    churn = pl.DataFrame({"customer": ["000137"], "value": [0.5]})
    for name, table in (("sp500-close", closes), ("churn", churn)):
        store.publish(name, table, provenance(name))
        store.judge(name, 1)
        store.promote(name, 1, reason="test")
    now = instants.text(store.view().moment)
    with serving(Path(store.root)) as url:
        shared: dict[str, Any] = {}
        exec(first.replace("http://127.0.0.1:8000", url), shared)
        assert shared["answer"]["value"] == 131.5
        assert (shared["page"].total, shared["page"].cursor) == (1, None)
        with Client(url) as client:
            exec(second.replace("2026-11-24T16:00:00Z", now), shared | {"client": client})
    store.catalog.engine.dispose()
