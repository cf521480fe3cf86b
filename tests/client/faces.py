"""The faces of one reading interface: in process, the two clients, and HTTP by hand; each answers
in bytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol

import httpx

from estimates.client import AsyncClient, Client
from estimates.compare.series_report import Series
from estimates.errors import EstimatesError
from estimates.reading import tabular
from estimates.stability.pages.report_text import render_json
from estimates.store.store import Store
from estimates_api.http.representation import ARROW
from tests.api.served import Asking, path_of

KEYS = {"closes": ("ticker", "target_date"), "odd": ("name", "step")}


class Face(Protocol):
    """Asks a set a question by the name of its method; the bytes of the answer."""

    def __call__(self, set_name: str, method: str, /, *arguments: Any, **named: Any) -> bytes: ...


def outcome(
    face: Face, set_name: str, method: str, *arguments: Any, **named: Any
) -> bytes | tuple[str, str]:
    """The bytes, or class and code of the error."""
    try:
        return face(set_name, method, *arguments, **named)
    except EstimatesError as error:
        return type(error).__name__, error.code


def _bytes(answer: Any) -> bytes:
    if isinstance(answer, str):
        return answer.encode()
    return answer.json if hasattr(answer, "json") else render_json(answer)


@contextmanager
def in_process(store: Store, _url: str) -> Iterator[Face]:
    """The store itself."""
    yield lambda name, method, *arguments, **named: _bytes(
        getattr(store[name], method)(*arguments, **named)
    )


@contextmanager
def sync_client(_store: Store, url: str) -> Iterator[Face]:
    """The client that waits."""
    with Client(url) as client:
        yield lambda name, method, *arguments, **named: _bytes(
            getattr(client[name], method)(*arguments, **named)
        )


@contextmanager
def async_client(_store: Store, url: str) -> Iterator[Face]:
    """The client that is awaited, in one event loop."""
    with asyncio.Runner() as runner:
        client = AsyncClient(url)

        async def ask(name: str, method: str, *arguments: Any, **named: Any) -> bytes:
            return _bytes(await getattr(client[name], method)(*arguments, **named))

        yield lambda *arguments, **named: runner.run(ask(*arguments, **named))
        runner.run(client.close())


@contextmanager
def raw_http(_store: Store, url: str) -> Iterator[Face]:
    """Requests as docs/http.md describes them, with nothing of ours between."""
    with httpx.Client(base_url=url, transport=Asking()) as client:
        yield partial(_by_hand, client)


@contextmanager
def http_arrow(_store: Store, url: str) -> Iterator[Face]:
    """The same requests for Arrow; what is no table comes as JSON."""
    accept = f"{ARROW}, application/json;q=0.5"
    with httpx.Client(base_url=url, transport=Asking(), headers={"accept": accept}) as client:
        yield partial(_by_hand, client)


@contextmanager
def frames_in_process(store: Store, _url: str) -> Iterator[Face]:
    """The store's answers as frames, written as Arrow: what `http_arrow` has to give."""

    def ask(name: str, method: str, *arguments: Any, **named: Any) -> bytes:
        answer = getattr(store[name], method)(*arguments, **named)
        if not hasattr(answer, "frame") or named.get("chain") or method == "explain":
            return _bytes(answer)
        if isinstance(answer, Series):
            return tabular.arrow(answer.frame(), {"set": name})
        version = {} if answer.version is None else {"version": str(answer.version.version)}
        return tabular.arrow(answer.frame(store[name].contract), {"set": name} | version)

    yield ask


def _by_hand(client: httpx.Client, name: str, method: str, *arguments: Any, **named: Any) -> bytes:
    answer = _REQUESTS[method](client, name, arguments, named)
    if answer.status_code != 200:
        raise _ProblemError(answer.json()["code"], answer.json()["detail"])
    return answer.content


class _ProblemError(EstimatesError):
    """A problem, whose class HTTP does not know."""


def _get(
    client: httpx.Client, name: str, key: tuple[Any, ...], named: dict[str, Any]
) -> httpx.Response:
    return client.get(path_of(name, *key), params=_query(named))


def _get_many(
    client: httpx.Client, name: str, arguments: tuple[Any, ...], named: dict[str, Any]
) -> httpx.Response:
    keys = [[str(part) for part in key] for key in arguments[0]]
    return client.post(f"/v1/sets/{name}/estimates", json={"keys": keys, **named})


def _scan(
    client: httpx.Client, name: str, prefix: tuple[Any, ...], named: dict[str, Any]
) -> httpx.Response:
    leading = dict(zip(KEYS[name], map(str, prefix), strict=False))
    return client.get(f"/v1/sets/{name}/estimates", params=leading | _query(named))


def _history(
    client: httpx.Client, name: str, key: tuple[Any, ...], named: dict[str, Any]
) -> httpx.Response:
    return client.get(path_of(name, *key, route="history"), params=_query(named))


def _explain(
    client: httpx.Client, name: str, key: tuple[Any, ...], named: dict[str, Any]
) -> httpx.Response:
    return client.get(path_of(name, *key, route="explain"), params=_query(named))


def _diff(
    client: httpx.Client, name: str, refs: tuple[Any, ...], named: dict[str, Any]
) -> httpx.Response:
    return client.get(
        f"/v1/sets/{name}/diff", params=dict(zip(("from", "to"), refs, strict=False)) | named
    )


def _stability(
    client: httpx.Client, name: str, last: tuple[Any, ...], named: dict[str, Any]
) -> httpx.Response:
    query = dict(zip(("last",), last, strict=False)) | named
    return client.get(f"/v1/sets/{name}/stability", params=query)


def _frozen(
    client: httpx.Client, name: str, last: tuple[Any, ...], named: dict[str, Any]
) -> httpx.Response:
    query = dict(zip(("last",), last, strict=False)) | named
    return client.get(f"/v1/sets/{name}/frozen", params=query)


def _changes_page(
    client: httpx.Client, name: str, refs: tuple[Any, ...], named: dict[str, Any]
) -> httpx.Response:
    leading = dict(zip(KEYS[name], map(str, named.get("key", ())), strict=False))
    query = {name: value for name, value in named.items() if name != "key"}
    pair = dict(zip(("from", "to"), refs, strict=False))
    return client.get(f"/v1/sets/{name}/diff/changes", params=pair | leading | query)


def _query(named: dict[str, Any]) -> dict[str, Any]:
    return {name: ",".join(value) if name == "fields" else value for name, value in named.items()}


_REQUESTS: dict[
    str, Callable[[httpx.Client, str, tuple[Any, ...], dict[str, Any]], httpx.Response]
] = {
    "get": _get,
    "get_many": _get_many,
    "scan": _scan,
    "history": _history,
    "explain": _explain,
    "diff": _diff,
    "stability": _stability,
    "frozen": _frozen,
    "changes_page": _changes_page,
}
FACES = (sync_client, async_client, raw_http, http_arrow)
