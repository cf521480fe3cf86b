"""A finished answer: its media type, headers and bytes; 304 when the client has it already; gzip.

The media type is what the client accepts of the offer (RFC 9110, 12.5). What may be large is
compressed for clients that take gzip, off the event loop.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from urllib.parse import quote, urlencode

import msgspec
from litestar.types import HTTPScope, Receive, Scope, Send

from estimates import __version__, instants
from estimates.catalog.view import View
from estimates.errors import InvalidError
from estimates_api.serving.threads import in_thread

JSON = "application/json"
NDJSON = "application/x-ndjson"
CSV = "text/csv"
# CSV whose texts stay text in a spreadsheet: a form of its own for caches and tags.
CSV_WITHOUT_FORMULAS = "text/csv; formulas=none"
ARROW = "application/vnd.apache.arrow.stream"
PARQUET = "application/vnd.apache.parquet"
# The forms of what has rows, the default first.
TABLES = (JSON, NDJSON, CSV, ARROW)
TEXT = "text/plain"
MARKDOWN = "text/markdown"
# The forms of a report.
HTML = "text/html"
PAGES = (JSON, TEXT, MARKDOWN, HTML)
REVALIDATE = "no-cache"
IMMUTABLE = "public, max-age=31536000, immutable"
# Of two versions named by number: their estimates never change, but how they are measured may.
MEASURED = "public, max-age=3600"
# A header as it is sent: name in lower case, value.
Header = tuple[bytes, bytes]
# Browsers take every answer for what it says it is: text of a key is never a script.
NOSNIFF: Header = (b"x-content-type-options", b"nosniff")
_OF_JSON: tuple[Header, ...] = ((b"content-type", JSON.encode()), NOSNIFF)
COMPRESSED_FROM = 16 * 1024  # bytes: what is smaller is sent as fast as it is compressed
# What the answer to such a request depends on.
VARY_TEXT = "accept, accept-encoding"
VARY: Header = (b"vary", VARY_TEXT.encode())
_LEVEL = 1  # most of what there is to save, in a third of the time
_GZIP = 31  # zlib's word for gzip; it writes no time into it: the same bytes every time
_KEPT = 1024  # bytes of a header whose meaning is remembered: clients may send 400 KB of them
_QUALITY = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")


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
            head.append(NOSNIFF)
            head.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": self.status, "headers": head})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    def identify(self, request_id: str) -> None:
        """Send the id of the request, too."""
        self.headers["x-request-id"] = request_id


class TaggedJson:
    """An ASGI app that sends JSON under an entity tag, as `Representation` does: what lookups are
    answered with all day has less to decide.

    etag    with its quotes
    head    all other headers but those of the content
    status  304 once that was sent
    """

    status = 200

    def __init__(self, body: bytes, etag: bytes, head: Sequence[Header]) -> None:
        self.body = body
        self.etag = etag
        self.head = head

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        body, etag = self.body, (b"etag", self.etag)
        if names_tag(scope, self.etag):
            self.status, body = 304, b""
            head = [*self.head, etag]
        else:
            head = [*self.head, etag, *_OF_JSON, (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": self.status, "headers": head})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    def identify(self, request_id: str) -> None:
        """Send the id of the request, too."""
        self.head = [*self.head, (b"x-request-id", request_id.encode())]


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


def negotiated(
    scope: Scope | HTTPScope, offered: tuple[str, ...], *, no_formulas: bool = False
) -> str:
    """The form to answer in; raises InvalidError (`not_acceptable`) that names those there are.

    no_formulas  CSV is CSV_WITHOUT_FORMULAS

    Without Accept, and among those of equal quality, the first one offered.
    """
    # every lookup passes here: no call and no list when there is nothing to decide
    for name, _ in scope["headers"]:
        if name == b"accept":
            break
    else:
        return offered[0]
    media_type = best_offer(header(scope, b"accept") or b"*/*", offered)
    if media_type is None:
        raise InvalidError(
            "not_acceptable",
            f"this answer comes as {', '.join(offered)}",
            remedy="name one of them in Accept",
            available=list(offered),
        )
    return CSV_WITHOUT_FORMULAS if no_formulas and media_type == CSV else media_type


def best_offer(accept: bytes, offered: tuple[str, ...]) -> str | None:
    """The offered media type of the highest quality in Accept; None when it takes none of them.

    The most specific range that fits a type counts, whatever its parameters are. Text that is no
    range is ignored.
    """
    read = _best_offer if len(accept) <= _KEPT else _best_offer.__wrapped__
    return read(accept, offered)


@lru_cache(1024)
def _best_offer(accept: bytes, offered: tuple[str, ...]) -> str | None:
    accepted = _qualities(accept)
    qualities = [
        next((accepted[r] for r in _ranges(media_type) if r in accepted), 0.0)
        for media_type in offered
    ]
    highest = max(qualities)
    return offered[qualities.index(highest)] if highest > 0 else None


def takes_gzip(accept_encoding: bytes) -> bool:
    """Whether an Accept-Encoding header ranks gzip at least as high as no coding."""
    read = _takes_gzip if len(accept_encoding) <= _KEPT else _takes_gzip.__wrapped__
    return read(accept_encoding)


@lru_cache(1024)
def _takes_gzip(accept_encoding: bytes) -> bool:
    accepted = _qualities(accept_encoding)
    gzip = accepted.get("gzip", accepted.get("x-gzip", accepted.get("*", 0.0)))
    return gzip > 0 and gzip >= accepted.get("identity", 0.0)


def header(scope: Scope | HTTPScope, name: bytes) -> bytes:
    """A header of a request, given once or several times; nothing when it is not given."""
    return b",".join([value for key, value in scope["headers"] if key == name])


def _ranges(media_type: str) -> tuple[str, str, str]:
    """The ranges that fit a media type, the most specific first."""
    return media_type, f"{media_type.partition('/')[0]}/*", "*/*"


def _qualities(header: bytes) -> dict[str, float]:
    """The highest quality of each element of the header, by the element in lower case."""
    accepted: dict[str, float] = {}
    for element in header.decode("latin-1").lower().split(","):
        name, *parameters = (part.strip() for part in element.split(";"))
        quality = next((part[2:] for part in parameters if part.startswith("q=")), "1")
        if name and _QUALITY.fullmatch(quality):
            accepted[name] = max(accepted.get(name, 0.0), float(quality))
    return accepted


class Compressible(Representation):
    """An answer that is compressed if it is large and the client takes gzip; its `Vary` says so."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        if len(self.body) >= COMPRESSED_FROM and wants_gzip(scope):
            if self.etag is not None:
                self.etag = tag_of_gzip(self.etag)
            if self.etag is None or not names_tag(scope, self.etag.encode()):
                self.body = await in_thread(zlib.compress, self.body, _LEVEL, _GZIP)
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


def of_view(
    view: View, content: object, media_type: str = JSON, vary: str = "accept-encoding"
) -> Compressible:
    """An answer from a view, with its moment; `content` is its body or what is encoded as JSON."""
    body = as_json(content)
    headers = {"estimates-as-of": instants.text(view.moment), "vary": vary}
    return Compressible(body, etag=content_tag(body), media_type=media_type, headers=headers)


def as_of_head(moment: datetime) -> list[Header]:
    """The headers of an answer that has no view: its moment, and what it depends on."""
    return [*encoded({"estimates-as-of": instants.text(moment)}), VARY]


def next_link(query: Mapping[str, object], **following: object) -> str:
    """The link to the next page: the parameters of this page that are not None, then `following`.

    It is relative to the request's URL: right behind a proxy too, under any name of the service.
    """
    parameters = {name: value for name, value in query.items() if value is not None} | following
    return f'<?{urlencode(parameters, quote_via=quote)}>; rel="next"'
