"""What batches and pages are compared with: an ASGI app that has every row ready in a dictionary.

It answers with the bytes and headers of the service and counts its answers as it does.
It looks nothing up on disk, checks nothing, and knows one version and no errors: what a batch or a
page costs a Python process at least.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import msgspec

from benchmarks.constant import HEADERS, App, counted
from estimates import Store
from estimates.reading.page_cursor import MAX_LIMIT
from estimates.settings import Settings

Key = tuple[str, int]
_HEAD = b'{"set":"bench","version":1,'
_OK = b'{"status":"ok","estimate":'


class _Keys(msgspec.Struct):
    """The body of a batch, its keys as a dictionary takes them."""

    keys: list[Key]


class _Rows(msgspec.Struct):
    """A page: each row as it stands there."""

    estimates: list[msgspec.Raw]


class _Row(msgspec.Struct):
    """The key of a row."""

    name: str
    step: int


def ready_app() -> App:
    """The app over the set `bench` of the store that ESTIMATES_STORE names."""
    rows: dict[Key, bytes] = {}
    under: dict[bytes, list[bytes]] = {}
    for key, row in _stored_rows():
        rows[key] = row
        under.setdefault(key[0].encode(), []).append(row)
    pages = {name: _page(of_name) for name, of_name in under.items()}
    gc.collect()
    gc.freeze()  # as the service does
    read_keys = msgspec.json.Decoder(_Keys).decode
    head = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
    head.append((b"content-type", b"application/json"))

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            return
        if scope["method"] == "POST":
            keys = read_keys(await _received(receive)).keys
            results = (b"}," + _OK).join([rows[key] for key in keys])
            body = b"".join((_HEAD, b'"results":[', _OK, results, b"}]}"))
        else:
            body = pages[scope["query_string"].removeprefix(b"name=")]
        length = (b"content-length", b"%d" % len(body))
        await send({"type": "http.response.start", "status": 200, "headers": [*head, length]})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    return counted(app)


def _page(rows: list[bytes]) -> bytes:
    """A page of all rows of a name, as one piece."""
    content = b",\n".join(rows)
    return b'%b"total":%d,"limit":1000,"next":null,"estimates":[%b]}' % (_HEAD, len(rows), content)


def _stored_rows() -> Iterator[tuple[Key, bytes]]:
    store = Store(Settings.from_environment().store)
    view = store.view()
    reading = store.reader(view).of(view.resolve("bench"))
    cursor = None
    while True:
        page = reading.scan(limit=MAX_LIMIT, cursor=cursor)
        for raw in msgspec.json.decode(page.json, type=_Rows).estimates:
            row = msgspec.json.decode(raw, type=_Row)
            yield (row.name, row.step), bytes(raw)
        if (cursor := page.cursor) is None:
            return


async def _received(receive: Any) -> bytes:
    pieces: list[bytes] = []
    while True:
        message = await receive()
        pieces.append(message["body"])
        if not message["more_body"]:
            return b"".join(pieces)
