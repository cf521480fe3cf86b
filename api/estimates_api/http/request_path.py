"""What Litestar's routing lacks: paths with encoded slashes, HEAD for every GET, OPTIONS that says
all that a path allows.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from litestar import Litestar
from litestar.exceptions import MethodNotAllowedException, NotFoundException
from litestar.types import HTTPScope, Message, Send
from litestar.utils import normalize_path

from estimates.errors import InvalidError

MAX_URL_BYTES = 16 * 1024
_OF_NO_ROUTE: Any = "-"  # a method, so that the router names those that a path has
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
# Letters, digits, - . _ ~: encoded or not, they are the same path (RFC 3986, 6.2.2.2).
_UNRESERVED = re.compile(r"%(2[DE]|3[0-9]|[46][1-9A-F]|[57][0-9A]|5F|7E)", re.IGNORECASE)


def raw_path(scope: HTTPScope) -> str:
    """The path to route by: as it was sent, so that `%2F` stays inside its segment.

    Raises InvalidError: `bad_path` (not UTF-8, a `%` without two hexadecimal digits, an empty
    segment), `url_too_long`.
    """
    path = scope["path"]
    if (  # as it mostly comes: text is looked through in a quarter of the time that bytes take
        path.isascii()
        and scope.get("raw_path") == path.encode()
        and "%" not in path
        and "//" not in path
        and "?" not in path
        and len(path) + len(scope["query_string"]) <= MAX_URL_BYTES
    ):
        return path
    raw = _below_mount(scope)
    if len(raw) + len(scope["query_string"]) > MAX_URL_BYTES:
        raise InvalidError(
            "url_too_long",
            f"a URL has at most {MAX_URL_BYTES} bytes",
            remedy="send long keys as a batch",
        )
    if b"//" in raw:
        raise InvalidError(
            "bad_path", "the path has an empty segment (//)", remedy="no key part is empty"
        )
    if b"%" not in raw and raw.isascii():
        return raw.decode()
    if _BAD_ESCAPE.search(raw):
        raise InvalidError(
            "bad_path",
            "the path has a % without two hexadecimal digits",
            remedy="write % itself as %25",
        )
    try:
        unquote_to_bytes(raw).decode()
        return _UNRESERVED.sub(lambda match: chr(int(match[1], 16)), raw.decode("ascii"))
    except UnicodeDecodeError:
        raise InvalidError(
            "bad_path",
            "the path is not percent-encoded UTF-8",
            remedy="write each byte of the text that is no letter as %XX",
        ) from None


def _below_mount(scope: HTTPScope) -> bytes:
    """The path as it was sent. Where a Litestar app has mounted this one, what lies below the
    mount: it takes the mount from `path`, merges slashes, adds one to its end, and leaves
    `raw_path` as it was.
    """
    path = scope["path"]
    raw = (scope.get("raw_path") or quote(path).encode()).partition(b"?")[0]
    if len(raw) == len(path):
        return raw
    whole, below = unquote_to_bytes(raw), path.encode()
    if whole == below:
        return raw
    below = _normal(below)
    for decoded in (_normal(whole), _normal(unquote_to_bytes(whole))):  # Litestar decodes twice
        if decoded.endswith(below):
            mount = quote(decoded[: len(decoded) - len(below)]).encode()
            return raw.removeprefix(mount) or b"/"
    return raw


def _normal(path: bytes) -> bytes:
    return re.sub(rb"/+", b"/", path).rstrip(b"/")


def without_body(send: Send) -> Send:
    """Sends what a GET would, headers and all, but no body: the answer to HEAD."""

    async def send_headers(message: Message) -> None:
        if message["type"] == "http.response.body":
            message["body"] = b""
        await send(message)

    return send_headers


def with_head(methods: str) -> str:
    """The methods of an `Allow` header, sorted, with HEAD where there is GET."""
    names = set(methods.split(", "))
    return ", ".join(sorted(names | {"HEAD"} if "GET" in names else names))


def allowed_at(app: Litestar, path: str) -> str:
    """What `Allow` says of a path; nothing where there is no route."""
    try:
        app.asgi_router.handle_routing(path=normalize_path(path), method=_OF_NO_ROUTE)
    except MethodNotAllowedException as error:
        return with_head((error.headers or {})["allow"])
    except NotFoundException:
        pass
    return ""


async def send_allowed(allowed: str, send: Send) -> None:
    """The answer to OPTIONS."""
    headers = [(b"allow", allowed.encode())]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
