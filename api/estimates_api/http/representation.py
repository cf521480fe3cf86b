"""A finished answer: status, headers and bytes, or 304 when the client has them already."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec
from litestar.types import HTTPScope, Receive, Scope, Send

from estimates import __version__

JSON = "application/json"
REVALIDATE = "no-cache"
IMMUTABLE = "public, max-age=31536000, immutable"
# Of two versions named by number: their estimates never change, but how they are measured may.
MEASURED = "public, max-age=3600"
# A header as it is sent: name in lower case, value.
Header = tuple[bytes, bytes]


class Representation:
    """An ASGI app that sends one answer.

    etag     strong entity tag with its quotes; a request whose If-None-Match names it gets 304
    cache    the Cache-Control header, where it is not in `head`
    headers  further headers
    status   304 once that was sent
    head     headers already encoded: what many answers share is encoded once
    """

    def __init__(
        self,
        body: bytes,
        *,
        status: int = 200,
        etag: str | None = None,
        cache: str | None = REVALIDATE,
        media_type: str = JSON,
        headers: dict[str, str] | None = None,
        head: Sequence[Header] = (),
    ) -> None:
        self.body = body
        self.status = status
        self.etag = etag
        self.media_type = media_type
        self.headers = headers or {}
        self.head = head
        if cache is not None:
            self.headers["cache-control"] = cache

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        head = list(self.head)
        body = self.body
        if self.headers:
            head += encoded(self.headers)
        if self.etag is not None:
            etag = self.etag.encode()
            head.append((b"etag", etag))
            if names_tag(scope, etag):
                self.status = 304
        if self.status == 304:
            body = b""
        else:
            head.append((b"content-type", self.media_type.encode()))
            head.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": head})
        await send({"type": "http.response.body", "body": body, "more_body": False})


def encoded(headers: dict[str, str]) -> list[Header]:
    """Headers as they are sent."""
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def entity_tag(*names: object) -> str:
    """A strong entity tag for what these names name, as this release of the program writes it."""
    content = msgspec.json.encode([__version__, *names])
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def of_content(content: object, head: Sequence[Header] = ()) -> Representation:
    """An answer that may change at any time, as JSON: its tag is made from its bytes."""
    body = as_json(content)
    return Representation(body, etag=content_tag(body), head=head)


def as_json(content: object) -> bytes:
    """The content as JSON; bytes are JSON already."""
    return content if isinstance(content, bytes) else msgspec.json.encode(content)


def content_tag(body: bytes) -> str:
    """The entity tag of these bytes, for what has no name that says all."""
    return entity_tag(hashlib.sha256(body).hexdigest())


def names_tag(scope: Scope | HTTPScope, etag: bytes) -> bool:
    """Whether If-None-Match names the tag; compared weakly, as RFC 9110 (13.1.2) says."""
    values: list[bytes] = []
    for name, value in scope["headers"]:
        if name == b"if-none-match":
            values.append(value)
    if not values or values == [etag]:
        return bool(values)
    tags = {tag.strip().removeprefix(b"W/") for tag in b",".join(values).split(b",")}
    return etag in tags or b"*" in tags
