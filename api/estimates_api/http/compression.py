"""Answers that may be large: compressed for clients that take gzip, off the event loop."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from functools import partial

from litestar.types import HTTPScope, Receive, Scope, Send

from estimates_api.http.negotiation import header, takes_gzip
from estimates_api.http.representation import Header, Representation, names_tag
from estimates_api.serving.threads import in_thread

COMPRESSED_FROM = 16 * 1024  # bytes: what is smaller is sent as fast as it is compressed
# What the answer to such a request depends on.
VARY_TEXT = "accept, accept-encoding"
VARY: Header = (b"vary", VARY_TEXT.encode())
_LEVEL = 1  # most of what there is to save, in a third of the time
_GZIP = 31  # zlib's word for gzip; it writes no time into it: the same bytes every time


class Compressible(Representation):
    """An answer that is compressed if it is large and the client takes gzip; its `Vary` says so."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        if len(self.body) >= COMPRESSED_FROM and wants_gzip(scope):
            if self.etag is not None:
                self.etag = tag_of_gzip(self.etag)
            if self.etag is None or not names_tag(scope, self.etag.encode()):
                self.body = await in_thread(partial(zlib.compress, self.body, _LEVEL, _GZIP))
                self.headers["content-encoding"] = "gzip"
        await super().__call__(scope, receive, send)


def wants_gzip(scope: Scope | HTTPScope) -> bool:
    """Whether the client takes gzip."""
    return takes_gzip(header(scope, b"accept-encoding"))


def known_tag(scope: Scope | HTTPScope, etag: str) -> str | None:
    """The tag under which the client has the answer, plain or compressed; None if it has not."""
    tags = (etag, tag_of_gzip(etag)) if wants_gzip(scope) else (etag,)
    return next((tag for tag in tags if names_tag(scope, tag.encode())), None)


def tag_of_gzip(etag: str) -> str:
    """The entity tag of the compressed bytes: a strong tag names bytes, and these are others."""
    return f'{etag[:-1]}-gzip"'


def gzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Compressed chunks of a body."""
    compressor = zlib.compressobj(_LEVEL, wbits=_GZIP)
    yield from map(compressor.compress, chunks)
    yield compressor.flush()
