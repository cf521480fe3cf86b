"""What Litestar's routing lacks: paths with encoded slashes, HEAD for every GET, work on and off
the event loop.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from functools import partial, wraps
from typing import ParamSpec, TypeVar
from urllib.parse import quote, unquote_to_bytes

from litestar.types import HTTPScope, Message, Send

from estimates.errors import InvalidError
from estimates.reading.reader import WouldBlock
from estimates_api.http.resolved_request import ReaderAt
from estimates_api.serving.follower import Follower
from estimates_api.serving.threads import in_thread

P = ParamSpec("P")
T = TypeVar("T")

MAX_URL_BYTES = 16 * 1024
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
# Letters, digits, - . _ ~: encoded or not, they are the same path (RFC 3986, 6.2.2.2).
_UNRESERVED = re.compile(r"%(2[DE]|3[0-9]|[46][1-9A-F]|[57][0-9A]|5F|7E)", re.IGNORECASE)


def raw_path(scope: HTTPScope) -> str:
    """The path to route by: as it was sent, so that `%2F` stays inside its segment.

    Raises InvalidError: `bad_path` (not UTF-8, a `%` without two hexadecimal digits, an empty
    segment), `url_too_long`.
    """
    raw = (scope.get("raw_path") or quote(scope["path"]).encode()).partition(b"?")[0]
    if len(raw) + len(scope["query_string"]) > MAX_URL_BYTES:
        raise InvalidError(
            "url_too_long", f"a URL has at most {MAX_URL_BYTES} bytes; send long keys as a batch"
        )
    if b"//" in raw:
        raise InvalidError("bad_path", "the path has an empty segment (//); no key part is empty")
    if b"%" not in raw and raw.isascii():
        return raw.decode()
    if _BAD_ESCAPE.search(raw):
        raise InvalidError(
            "bad_path", "the path has a % without two hexadecimal digits; write % itself as %25"
        )
    try:
        unquote_to_bytes(raw).decode()
        return _UNRESERVED.sub(lambda match: chr(int(match[1], 16)), raw.decode("ascii"))
    except UnicodeDecodeError:
        raise InvalidError("bad_path", "the path is not percent-encoded UTF-8") from None


def without_body(send: Send) -> Send:
    """Sends what a GET would, headers and all, but no body: the answer to HEAD."""

    async def send_headers(message: Message) -> None:
        if message["type"] == "http.response.body":
            message["body"] = b""
        await send(message)

    return send_headers


def off_loop(function: Callable[P, T]) -> Callable[P, Awaitable[T]]:
    """A handler that may read files or SQL, run in a thread.

    Litestar's own `sync_to_thread=True` breaks when two handlers share a path (2.25 wraps the first
    one twice).
    """

    @wraps(function)
    async def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return await in_thread(partial(function, *args, **kwargs))

    return run


async def nonblocking(
    follower: Follower, answer: Callable[[ReaderAt], T], *, large: bool = False
) -> T:
    """An answer from what is at hand, here and now; in a thread when files have to be opened or the
    catalog read.

    large  it takes long in any case: never here
    """
    if not large:
        try:
            return answer(follower.nonblocking)
        except WouldBlock:
            pass
    return await in_thread(partial(answer, follower.at))
