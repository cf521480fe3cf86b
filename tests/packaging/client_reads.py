"""A program for an environment that has a client and little else: `client_reads.py URL PART`.

client  calls every method of both clients; those that give frames or judge name their extra
frames  calls those that give frames; judging names its extra
"""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from estimates.catalog.records import Provenance
from estimates.client import AsyncClient, AsyncRemoteSet, Client, RemoteSet

SET = "closes"
KEY = ("AAPL", "2024-06-03")
JUDGED = Provenance(datetime(2024, 1, 1, tzinfo=UTC), "new")
Calls = dict[str, Callable[[Any, Any], Any]]
# Method → its call on a set, given one answer.
READS: Calls = {
    "policy": lambda closes, _: closes.policy(),
    "versions": lambda closes, _: closes.versions(),
    "resolve": lambda closes, _: closes.resolve("production"),
    "verdict": lambda closes, _: closes.verdict(2),
    "state": lambda closes, answer: closes.state(answer.version),
    "contract_of": lambda closes, answer: closes.contract_of(answer.version),
    "get": lambda closes, _: closes.get(*KEY),
    "get_many": lambda closes, _: closes.get_many([KEY, ("nobody", "2024-06-03")]),
    "scan": lambda closes, _: closes.scan("AAPL"),
    "history": lambda closes, _: closes.history(*KEY, chain=True),
    "explain": lambda closes, _: closes.explain(*KEY),
    "diff": lambda closes, _: closes.diff(1, 3),
    "page": lambda closes, _: closes.page(1, 3),
    "changes_page": lambda closes, _: closes.changes_page(1, 3, key=("AAPL",)),
    "revisions": lambda closes, _: closes.revisions(),
    "stability": lambda closes, _: closes.stability(),
    "frozen": lambda closes, _: closes.frozen(2),
    "accuracy": lambda closes, _: closes.accuracy(),
}
FRAMES: Calls = {
    "changes": lambda closes, _: closes.changes(1, 3),
    "frame": lambda closes, _: closes.frame(),
    "rows": lambda closes, _: closes.rows(release="latest"),
    "triangle": lambda closes, _: closes.triangle(),
    "as_of_join": lambda closes, _: closes.as_of_join(_moments(), "at"),
}
# The gate's checks compute with NumPy.
GATE: Calls = {
    "policy": lambda closes, _: closes.policy(),
    "judge_frame": lambda closes, _: closes.judge_frame(None, JUDGED),
}


def _moments() -> Any:
    """A frame to join, where there is polars; else nothing, which is not looked at."""
    try:
        import polars as pl
    except ModuleNotFoundError:
        return None
    types = {"ticker": pl.String, "target_date": pl.Date, "at": pl.Datetime("us", "UTC")}
    row = {"ticker": ["AAPL"], "target_date": [date(2024, 6, 3)], "at": [datetime.now(UTC)]}
    return pl.DataFrame(row, schema=types)


def refuses(call: Callable[[], Any], extra: str) -> None:
    """The call raises an error that names an extra."""
    message = ""
    try:
        call()
    except ModuleNotFoundError as error:
        message = error.msg
    assert f"pip install 'estimates-store[{extra}]'" in message, message


def read(url: str) -> None:
    """Call what needs no frames, of both clients."""
    with Client(url) as client:
        closes = client[SET]
        answer = closes.get(*KEY)
        assert closes.contract.name == SET
        assert client.sets()
        assert client.events(limit=2)
        assert client.pin()[SET].get(*KEY).json == answer.json
        page = closes.changes_page(1, 3)
        assert closes.contract_of_changes(page).name == SET
        for name, call in READS.items():
            assert name in GATE or call(closes, answer) is not None
        for call in FRAMES.values():
            refuses(lambda call=call: call(closes, answer), "frames")
        for call in GATE.values():
            refuses(lambda call=call: call(closes, answer), "store")
        refuses(lambda: answer.frame(closes.contract), "frames")
        refuses(lambda: page.frame(closes.contract), "frames")
        refuses(lambda: closes.stability().frame(), "frames")


async def read_async(url: str) -> None:
    """The same of the client that is awaited."""
    async with AsyncClient(url) as client:
        closes = client[SET]
        answer = await closes.get(*KEY)
        assert (await closes.contract()).name == SET
        assert await client.sets()
        assert await client.events(limit=2)
        for name, call in READS.items():
            assert name in GATE or await call(closes, answer) is not None


def read_frames(url: str) -> None:
    """Call what gives frames."""
    with Client(url) as client:
        closes = client[SET]
        answer = closes.get(*KEY)
        assert answer.frame(closes.contract).height == 1
        assert closes.stability().frame().height
        assert closes.changes_page(1, 3).frame(closes.contract).height
        for call in FRAMES.values():
            assert call(closes, answer).width
        for call in GATE.values():
            refuses(lambda call=call: call(closes, answer), "store")


def check_methods() -> None:
    """Both clients have the methods that are called here, and no others."""
    called = {"contract", "contract_of_changes", "name", *READS, *FRAMES, *GATE}
    for kind in (RemoteSet, AsyncRemoteSet):
        methods = {name for name, _ in inspect.getmembers(kind) if not name.startswith("_")}
        assert methods == called, methods ^ called


def main(url: str, part: str) -> None:
    """Run a part and say so."""
    check_methods()
    if part == "client":
        read(url)
        asyncio.run(read_async(url))
    else:
        read_frames(url)
    print("read")


main(*sys.argv[1:])
