"""A finished answer: status, headers and bytes, sent as they are, or 304 when the client has them already."""

from __future__ import annotations

import hashlib

import msgspec
from litestar.types import Receive, Scope, Send

from estimates import __version__

JSON = "application/json"
REVALIDATE = "no-cache"
IMMUTABLE = "public, max-age=31536000, immutable"


class Representation:
    """An ASGI app that sends one answer.

    etag     strong entity tag with its quotes; a request whose If-None-Match names it gets 304 without a body
    cache    the Cache-Control header
    """

    def __init__(
        self,
        body: bytes,
        *,
        etag: str | None = None,
        cache: str = REVALIDATE,
        media_type: str = JSON,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.body = body
        self.etag = etag
        self.headers = {"cache-control": cache} | (headers or {}) | ({} if etag is None else {"etag": etag})
        self.media_type = media_type

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        unchanged = self.etag is not None and _names(scope, self.etag)
        headers = dict(self.headers)
        if not unchanged:
            headers |= {"content-type": self.media_type, "content-length": str(len(self.body))}
        encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": 304 if unchanged else 200, "headers": encoded})
        body = b"" if unchanged else self.body
        await send({"type": "http.response.body", "body": body, "more_body": False})


def entity_tag(*names: object) -> str:
    """A strong entity tag for what these names name, as this release of the program writes it."""
    content = msgspec.json.encode([__version__, *names])
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def of_content(content: object) -> Representation:
    """An answer that may change at any time, as JSON: its tag is made from its bytes."""
    body = content if isinstance(content, bytes) else msgspec.json.encode(content)
    return Representation(body, etag=entity_tag(hashlib.sha256(body).hexdigest()))


def _names(scope: Scope, etag: str) -> bool:
    """Whether If-None-Match names the tag; compared weakly, as RFC 9110 (13.1.2) says."""
    given = b",".join(value for name, value in scope["headers"] if name == b"if-none-match").decode("latin-1")
    tags = {tag.strip().removeprefix("W/") for tag in given.split(",")}
    return etag in tags or "*" in tags
