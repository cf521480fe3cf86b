"""Which form an answer takes: what a client accepts against what a route has (RFC 9110, 12.5)."""

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
# The forms of what has rows; the first one is what a client gets that does not mind.
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

    Without Accept, and among equally good ones, the first one offered.
    """
    # every lookup passes here: no call and no list when there is nothing to decide
    for name, _ in scope["headers"]:
        if name == b"accept":
            break
    else:
        return offered[0]
    found = best(header(scope, b"accept") or b"*/*", offered)
    if found is None:
        raise InvalidError(
            "not_acceptable",
            f"this answer comes as {', '.join(offered)}; name one of them in Accept",
            available=list(offered),
        )
    return found


@lru_cache(1024)
def best(accept: bytes, offered: tuple[str, ...]) -> str | None:
    """The offered media type that an Accept header likes best; None when it takes none of them.

    The most specific range that fits a type counts, whatever its parameters are. What is no range
    is passed over.
    """
    liked = _qualities(accept)
    qualities = [next((liked[r] for r in _ranges(kind) if r in liked), 0.0) for kind in offered]
    top = max(qualities)
    return offered[qualities.index(top)] if top > 0 else None


@lru_cache(1024)
def takes_gzip(accept_encoding: bytes) -> bool:
    """Whether an Accept-Encoding header likes gzip at least as well as no coding."""
    liked = _qualities(accept_encoding)
    gzip = liked.get("gzip", liked.get("x-gzip", liked.get("*", 0.0)))
    return gzip > 0 and gzip >= liked.get("identity", 0.0)


def header(scope: Scope | HTTPScope, name: bytes) -> bytes:
    """A header of a request, given once or several times; nothing when it is not given."""
    given = [value for key, value in scope["headers"] if key == name]
    return given[0] if len(given) == 1 else b",".join(given)


def _ranges(kind: str) -> tuple[str, str, str]:
    """The ranges that fit a media type, the most specific first."""
    return kind, f"{kind.partition('/')[0]}/*", "*/*"


def _qualities(header: bytes) -> dict[str, float]:
    """Each element of such a header in lower case, with its quality; the best one for an element
    given twice.
    """
    liked: dict[str, float] = {}
    for element in header.decode("latin-1").lower().split(","):
        name, *parameters = (part.strip() for part in element.split(";"))
        given = next((part[2:] for part in parameters if part.startswith("q=")), "1")
        if name and _QUALITY.fullmatch(given):
            liked[name] = max(liked.get(name, 0.0), float(given))
    return liked
