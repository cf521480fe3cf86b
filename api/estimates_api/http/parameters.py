"""The parameters of paths and queries: how they are documented, and how their text is read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache, lru_cache
from typing import Annotated, Any, Literal
from urllib.parse import unquote, unquote_to_bytes

from litestar import Request
from litestar.datastructures import MultiDict
from litestar.handlers import BaseRouteHandler
from litestar.params import PathParameter, QueryParameter

from estimates import instants
from estimates.catalog.records import State
from estimates.catalog.ref import PRODUCTION, Ref
from estimates.contract.contract import Pairing
from estimates.errors import InvalidError, NotFoundError
from estimates.stability.through_time.revision_report import Across

_TIME = {"format": "date-time"}

SetName = Annotated[str, PathParameter(name="set", description="Name of the estimate set.")]
PathRef = Annotated[
    str,
    PathParameter(
        name="ref", description="A version number, an alias such as `production`, or `latest`."
    ),
]
DomainDigest = Annotated[
    str,
    PathParameter(
        name="digest", description="SHA-256 of the listed keys: `domain.digest` of the contract."
    ),
]
KeyPath = Annotated[
    str,
    PathParameter(
        name="key",
        description="The key, one path segment per key column in the order of the contract; each "
        "segment "
        "percent-encoded UTF-8, `/` as `%2F`.",
    ),
]
LeadingKey = Annotated[
    str,
    PathParameter(
        name="key",
        description="A leading part of the key, one path segment per key column.",
    ),
]
QueryRef = Annotated[
    str,
    QueryParameter(
        name="ref", description="A version number, an alias such as `production`, or `latest`."
    ),
]
AsOf = Annotated[
    str | None,
    QueryParameter(
        name="as_of",
        description="Answer as the ref resolved at this time, inclusive; ends in `Z` or an offset. "
        "Pass an `Estimates-As-Of` header back to pin several requests to one moment.",
        schema_extra=_TIME,
    ),
]
ByClock = Annotated[
    Literal["released"] | None,
    QueryParameter(
        name="clock",
        description="`released`: read `as_of` by the claimed times of release of imported "
        "versions. "
        "The answer has `Estimates-Imported: true` where it rests on such a claim.",
    ),
]
ShapeNumber = Annotated[
    int | None,
    QueryParameter(
        name="shape",
        description="With an alias: answer from the last version of this shape it named.",
    ),
]
ToldShape = Annotated[
    int | None,
    QueryParameter(
        name="shape", description="Tell of the versions of this shape; default: of production's."
    ),
]
OfShape = Annotated[
    int | None,
    QueryParameter(
        name="shape", description="The newest contract of this shape; default: the newest of all."
    ),
]
Fields = Annotated[
    str | None,
    QueryParameter(
        name="fields",
        description="Columns to answer, separated by commas; the key is always there.",
    ),
]
Limit = Annotated[int, QueryParameter(name="limit", description="Entries a page at most.")]
Cursor = Annotated[
    str | None, QueryParameter(name="cursor", description="`next` of the page before.")
]
Since = Annotated[
    str | None,
    QueryParameter(
        name="since", description="Published at this time or later.", schema_extra=_TIME
    ),
]
Until = Annotated[
    str | None,
    QueryParameter(
        name="until", description="Published at this time or earlier.", schema_extra=_TIME
    ),
]
Only = Annotated[
    Literal["promoted"] | None,
    QueryParameter(
        name="only", description="`promoted`: only versions that production ever pointed to."
    ),
]
Chained = Annotated[
    bool,
    QueryParameter(
        name="chain",
        description="`true`: also what became of each number from version to version; "
        "docs/stability.md, V. JSON only.",
    ),
]
StateFilter = Annotated[
    State | None, QueryParameter(name="state", description="Only versions in this state.")
]
Form = Annotated[
    Literal["parquet", "arrow", "csv"] | None,
    QueryParameter(
        name="format", description="For clients that cannot say in `Accept` what they want."
    ),
]
FromRef = Annotated[
    str, QueryParameter(name="from", description="The version to compare from: number or alias.")
]
ToRef = Annotated[
    str, QueryParameter(name="to", description="The version to compare with: number or alias.")
]
OfSet = Annotated[
    str | None, QueryParameter(name="set", description="Only what happened to this set.")
]
ChangeMetric = Annotated[
    str | None,
    QueryParameter(
        name="by",
        description="The metric to sort by, such as `value.r`; docs/stability.md lists them. "
        "Default: `d` of the first point column.",
    ),
]
MinChange = Annotated[
    float,
    QueryParameter(
        name="min_change",
        description="Leave out keys whose metric is smaller; keys without it (added, removed, …) "
        "always stay.",
        schema_extra={"minimum": 0},
    ),
]
PairedBy = Annotated[
    Pairing | None,
    QueryParameter(
        name="pairing",
        description="Which keys are compared, in place of the contract's `stability.pairing`: "
        "those that are equal, "
        "the same step after each version's origin, or the same target.",
    ),
]
OtherSet = Annotated[
    str | None,
    QueryParameter(
        name="other",
        description="`to` is a version of this other set, whose key has to be the same.",
    ),
]
OneColumn = Annotated[
    str | None,
    QueryParameter(
        name="column", description="The number that is told of. Default: the first point."
    ),
]
AcrossWhat = Annotated[
    Across | None,
    QueryParameter(
        name="across",
        description="What the columns are. Default: horizons where there is a dated target, else "
        "versions.",
    ),
]
After = Annotated[int, QueryParameter(name="after", description="Only events with a higher id.")]

Last = Annotated[
    int,
    QueryParameter(
        name="last", description="So many moves of production at most, counted from the newest."
    ),
]

OneVersion = Annotated[
    int | None, QueryParameter(name="version", description="Only the scores of this version.")
]
LastScored = Annotated[
    int,
    QueryParameter(
        name="last", description="So many versions at most, the newest that were scored."
    ),
]

DEFAULT_REF = PRODUCTION
_NUMBER = re.compile(r"[0-9]{1,15}")


def read_ref(text: str | int) -> Ref:
    """A ref: digits are a version number, anything else an alias; raises NotFoundError
    (`unknown_version`).
    """
    if isinstance(text, int) or not (text.isascii() and text.isdigit()):
        return text
    if not _NUMBER.fullmatch(text):
        raise NotFoundError(
            "unknown_version", f"there is no version {text[:20]}…: the number is too large"
        )
    return int(text)


@lru_cache(1024)
def read_time(text: str | None, what: str) -> datetime | None:
    """A time; raises InvalidError (`bad_time`)."""
    return None if text is None else instants.parse(text, what)


def read_fields(text: str | None) -> list[str] | None:
    """Column names separated by commas; no text names no column."""
    return None if text is None else text.split(",") if text else []


def read_segment(raw: str) -> str:
    """A path segment, percent-decoded once; `app` has made sure that it is UTF-8."""
    return unquote(raw)


def read_key(raw: str) -> list[str]:
    """The key parts of a path, still percent-encoded: split first, then decoded once."""
    parts = raw.strip("/").split("/")
    return parts if "%" not in raw else [read_segment(part) for part in parts]


async def refuse_unknown(request: Request[Any, Any, Any]) -> None:
    """Query parameters that the route does not know are an error, never silently without effect.

    Runs before each handler; a guard would do the same and cost half as much again as the rest of
    the framework. A route that takes `query` has names that depend on the contract, and checks them
    itself.
    """
    query = request.scope["query_string"]
    if not query:
        return
    try:
        unquote_to_bytes(query).decode()
    except UnicodeDecodeError:
        raise InvalidError("bad_parameter", "the query is not percent-encoded UTF-8") from None
    allowed = _query_names(request.route_handler)
    if allowed is not None:
        check_names(request.query_params, allowed)


@cache
def _query_names(handler: BaseRouteHandler) -> tuple[str, ...] | None:
    """The query parameters of a route; None where they depend on the contract."""
    parameters = handler.parsed_fn_signature.parameters
    if "query" in parameters:
        return None
    definitions = [field.kwarg_definition for field in parameters.values()]
    return tuple(d.name for d in definitions if isinstance(d, QueryParameter) and d.name)


def check_names(given: Mapping[str, Any], allowed: Iterable[str]) -> None:
    """Raises InvalidError: `unknown_parameter` that names the allowed ones, `repeated_parameter`."""
    known = list(allowed)
    for name in given:
        if name not in known:
            takes = f"it takes {', '.join(known)}" if known else "it takes none"
            raise InvalidError(
                "unknown_parameter", f"this route has no query parameter {name!r}; {takes}"
            )
        if isinstance(given, MultiDict) and len(given.getall(name)) > 1:
            raise InvalidError(
                "repeated_parameter", f"query parameter {name!r} is given more than once"
            )
