"""Which media type an answer has: what the client accepts of the offer (RFC 9110, 12.5)."""

from __future__ import annotations

import re
from functools import lru_cache

from litestar.types import HTTPScope, Scope

from estimates.errors import InvalidError
from estimates_api.http.representation import JSON

NDJSON = "application/x-ndjson"
CSV = "text/csv"
ARROW = "application/vnd.apache.arrow.stream"
PARQUET = "application/vnd.apache.parquet"
# The forms of what has rows, the default first.
TABLES = (JSON, NDJSON, CSV, ARROW)
TEXT = "text/plain"
MARKDOWN = "text/markdown"
# The forms of a report.
HTML = "text/html"
PAGES = (JSON, TEXT, MARKDOWN, HTML)

_QUALITY = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")


def negotiated(scope: Scope | HTTPScope, offered: tuple[str, ...]) -> str:
    """The media type to answer in; raises InvalidError (`not_acceptable`) that names those there
    are.

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
            f"this answer comes as {', '.join(offered)}; name one of them in Accept",
            available=list(offered),
        )
    return media_type


@lru_cache(1024)
def best_offer(accept: bytes, offered: tuple[str, ...]) -> str | None:
    """The offered media type of the highest quality in Accept; None when it takes none of them.

    The most specific range that fits a type counts, whatever its parameters are. Text that is no
    range is ignored.
    """
    accepted = _qualities(accept)
    qualities = [
        next((accepted[r] for r in _ranges(media_type) if r in accepted), 0.0)
        for media_type in offered
    ]
    highest = max(qualities)
    return offered[qualities.index(highest)] if highest > 0 else None


@lru_cache(1024)
def takes_gzip(accept_encoding: bytes) -> bool:
    """Whether an Accept-Encoding header ranks gzip at least as high as no coding."""
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
