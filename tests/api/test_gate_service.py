"""A file judged with a service in place of the store: the same verdict, byte for byte, and nothing
is stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest

from estimates.client import AsyncClient, Client
from estimates.client.plans import Reply
from estimates.contract.contract_file import parse_contract
from estimates.errors import CorruptError, NotFoundError
from estimates.gate.policy_table import PolicyInForce
from estimates.gate.verdict import Verdict, render_json
from estimates.store.store import Store
from tests.api.bad_requests import assert_problem
from tests.api.served import actual_values, serving
from tests.builders import (
    POLICY,
    SET,
    START,
    TARGETS,
    TICKERS,
    define,
    frame,
    make_store,
    promoted,
    provenance,
    publish,
    source,
)
from tests.jobs.cli.calls import Called, call

LISTED, CHANGED, EMPTY, RULED = "listed", "changed", "empty", "ruled"
JUDGED = START + timedelta(days=40)
NOW = JUDGED.isoformat()
MOVES = 22  # more than the 20 from which the gate says what is usual
FROZEN = "[stability]\nfrozen_after = 3\n"
KEYS = pl.DataFrame(
    {"ticker": [ticker for ticker in TICKERS for _ in TARGETS], "target_date": [*TARGETS] * 3}
)


@pytest.fixture(scope="module")
def judging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """With a long past, with listed keys, with production in an older shape, with nothing there,
    with a policy.
    """
    store = make_store(tmp_path_factory.mktemp("judging") / "store")
    define(store, more=FROZEN)
    for day in range(MOVES):
        promoted(store, f"run {day}", 100.0 + day % 3, day=day)
    publish(store, "refused", 900.0, day=MOVES)
    store.judge(SET, MOVES + 1)
    text = source(LISTED, more='[domain]\nkind = "file"\nfile = "keys.csv"\n')
    store.define(parse_contract(text), text, KEYS)
    promoted(store, "listed", name=LISTED)
    define(store, CHANGED)
    promoted(store, "changed", name=CHANGED)
    store.define(
        parse_contract(source(CHANGED).replace("USD", "EUR")), source(CHANGED).replace("USD", "EUR")
    )
    define(store, EMPTY)
    define(store, RULED)
    define(store, RULED, more=POLICY)
    yield store
    store.catalog.engine.dispose()


@pytest.fixture(scope="module")
def url(judging: Store) -> Iterator[str]:
    """A service over that store."""
    with serving(Path(judging.root)) as url:
        yield url


def bodies(store: Store, url: str, name: str, *arguments: Any, **named: Any) -> list[bytes]:
    """The verdict as the store, the client that waits and the one that is awaited give it."""

    async def awaited() -> Verdict:
        async with AsyncClient(url) as client:
            return await client[name].judge_frame(*arguments, **named)

    with Client(url) as client:
        verdicts = [
            store[name].judge_frame(*arguments, **named),
            client[name].judge_frame(*arguments, **named),
            asyncio.run(awaited()),
        ]
    return [render_json(verdict) for verdict in verdicts]


@pytest.mark.parametrize(
    ("name", "rows", "named"),
    [
        (SET, frame(101.0), {}),
        (SET, frame(900.0), {}),
        (SET, frame(101.0).drop("value"), {}),
        (SET, frame(101.0).head(3), {"against": 2}),
        (SET, frame(101.0), {"against": "latest"}),
        (SET, frame(101.0), {"against": MOVES + 1}),
        (SET, frame(101.0), {"actuals": actual_values()}),
        (LISTED, frame(101.0), {}),
        (LISTED, frame(101.0).head(4), {}),
        (CHANGED, frame(101.0), {}),
        (EMPTY, frame(101.0), {}),
        (EMPTY, frame(101.0).head(0), {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_verdict_is_that_of_the_store(
    judging: Store, url: str, name: str, rows: pl.DataFrame, named: dict[str, Any]
) -> None:
    """Good and bad files, against every kind of baseline and none: three ways, the same bytes."""
    came_from = provenance("new", day=30)
    first, *others = bodies(judging, url, name, rows, came_from, judged_at=JUDGED, **named)
    assert others == [first, first]


def test_the_past_counts_over_a_service_too(judging: Store, url: str) -> None:
    """What was usual, and what stood still, is asked of the service: both checks say something."""
    with Client(url) as client:
        verdict = client[SET].judge_frame(frame(101.0), provenance("new", day=30), judged_at=JUDGED)
    assert verdict.check("unusual_change").status == "pass"
    assert "moves changed at most" in verdict.check("unusual_change").message
    assert verdict.check("frozen").n == 6


def test_nothing_happens_in_the_store(judging: Store, url: str) -> None:
    """Judging a file leaves no version, no verdict and no event."""
    before = judging.view().last_event
    bodies(judging, url, SET, frame(101.0), provenance("new", day=30), judged_at=JUDGED)
    assert judging.refresh().last_event == before


@pytest.mark.parametrize(
    ("name", "against", "code"), [(SET, 99, "unknown_version"), (SET, "other", "unknown_alias")]
)
def test_a_baseline_that_is_not_there_is_an_error(
    judging: Store, url: str, name: str, against: Any, code: str
) -> None:
    """Whoever names a version to compare with gets no verdict without it."""
    with Client(url) as client:
        for estimates in (judging[name], client[name]):
            with pytest.raises(NotFoundError) as error:
                estimates.judge_frame(frame(), provenance("new"), against=against, judged_at=JUDGED)
            assert error.value.code == code


def gate(where: object, *options: object, rows: pl.DataFrame | None = None, folder: Path) -> Called:
    """`estimates gate SET --file` at a store or a service."""
    file = folder / "new.parquet"
    (frame(101.0) if rows is None else rows).write_parquet(file)
    fixed = ("--through", "2024-02-01", "--now", NOW, "--store", where)
    return call("gate", SET, "--file", file, *fixed, *options)


@pytest.mark.parametrize("style", ["text", "json", "junit", "markdown", "github"])
@pytest.mark.parametrize("level", [101.0, 900.0])
def test_the_command_prints_the_same(
    judging: Store, url: str, tmp_path: Path, style: str, level: float
) -> None:
    """With a URL as --store, every form and the exit code are those of the store."""
    here = gate(judging.root, "--format", style, rows=frame(level), folder=tmp_path)
    there = gate(url, "--format", style, rows=frame(level), folder=tmp_path)
    assert here == there
    assert (here.code, here.err) == (int(level == 900.0), "")


def test_the_offenders_are_the_same(judging: Store, url: str, tmp_path: Path) -> None:
    """Every offender, found on the runner, is the row that the store finds."""
    for where, name in ((judging.root, "here"), (url, "there")):
        gate(
            where,
            "--write",
            f"offenders={tmp_path / name}",
            rows=frame(900.0).head(4),
            folder=tmp_path,
        )
    assert (tmp_path / "here").read_bytes() == (tmp_path / "there").read_bytes()
    assert pl.read_parquet(tmp_path / "here").height > 4


@pytest.mark.parametrize("name", [SET, LISTED, CHANGED, RULED])
def test_the_policy_in_force_is_that_of_the_service(judging: Store, url: str, name: str) -> None:
    """Profiles, groups, severities, checks of its own, their sources: of the newest contract that
    the service has.
    """
    expected = judging[name].policy()
    assert (expected.contract_revision or 0) == len(judging.view().set(name).contracts)

    async def awaited() -> PolicyInForce:
        async with AsyncClient(url) as client:
            return await client[name].policy()

    with Client(url) as client:
        assert client[name].policy() == asyncio.run(awaited()) == expected
    for style in ("text", "json"):
        there = call("gate", "policy", name, "--store", url, "--format", style)
        assert there == call("gate", "policy", name, "--store", judging.root, "--format", style)
        assert there.code == 0
    if name == RULED:
        assert "no_cents" in call("gate", "policy", name, "--store", url).text


def test_the_policy_of_an_unknown_set_is_not_found(url: str) -> None:
    """As in the store; what replays a history needs the store itself, and says so."""
    unknown = call("gate", "policy", "nobody", "--store", url, "--format", "json")
    assert (unknown.code, unknown.error["code"]) == (2, "unknown_set")
    replayed = call("gate", "backtest", SET, "--store", url, "--format", "json")
    assert (replayed.code, replayed.error["code"]) == (2, "service_url")


def test_judging_a_version_again_needs_the_store(url: str) -> None:
    """A verdict of a version is kept, which a service that only reads cannot do."""
    called = call("gate", SET, 1, "--again", "--store", url, "--format", "json")
    assert (called.code, called.error["code"]) == (2, "service_url")


def test_listed_keys_are_served_by_their_digest(judging: Store, url: str) -> None:
    """The keys of a `file` domain, as the contract's digest names them, for ever; another digest
    names nothing.
    """
    with httpx.Client(base_url=url) as client:
        digest = client.get(f"/v1/sets/{LISTED}").json()["contract"]["domain"]["digest"]
        answer = client.get(f"/v1/sets/{LISTED}/domains/{digest}")
        assert pl.read_parquet(answer.content).equals(judging.domain_keys(LISTED))
        assert "immutable" in answer.headers["cache-control"]
        again = client.get(answer.url, headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        for name, other in ((LISTED, "0" * 64), (SET, digest), (LISTED, "..%2F..%2Fcatalog")):
            assert_problem(client.get(f"/v1/sets/{name}/domains/{other}"), 404, "unknown_domain")


def test_a_file_that_came_damaged_is_no_baseline(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes that do not match the digest that came with them are refused and never compared."""
    received = Client._received

    def damaged(client: Client, request: httpx.Request) -> Reply:
        reply = received(client, request)
        body = reply.body[:-1] if "/data" in str(request.url) else reply.body
        return Reply(reply.status, reply.headers, body)

    monkeypatch.setattr(Client, "_received", damaged)
    client = Client(url)
    with pytest.raises(CorruptError) as error:
        client[SET].judge_frame(frame(101.0), provenance("new", day=30), judged_at=JUDGED)
    assert error.value.code == "file_damaged"
    client.close()
