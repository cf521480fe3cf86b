"""What Litestar's routing lacks: paths with encoded slashes, HEAD for every GET."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote_to_bytes

from litestar.types import HTTPScope, Message, Send

from estimates.errors import InvalidError

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


def without_body(send: Send) -> Send:
    """Sends what a GET would, headers and all, but no body: the answer to HEAD."""

    async def send_headers(message: Message) -> None:
        if message["type"] == "http.response.body":
            message["body"] = b""
        await send(message)

    return send_headers
