"""The parameters of the event log and of its stream."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from litestar.params import HeaderParameter

from estimates.catalog.event_kinds import EventKind
from estimates_api.http.parameters import query

_KIND = f"({'|'.join(get_args(EventKind))})"

OfSet = Annotated[str | None, query("set", "Only what happened to this set.")]
After = Annotated[int, query("after", "Only events with a higher id.")]
Before = Annotated[int | None, query("before", "With `order=newest`: only events with a lower id.")]
Order = Annotated[
    Literal["oldest", "newest"], query("order", "Whether the oldest or the newest come first.")
]
ByActor = Annotated[str | None, query("actor", "Only what this actor did.")]
Kinds = Annotated[
    str | None,
    query(
        "kind", "Only events of these kinds, separated by commas.", pattern=f"^{_KIND}(,{_KIND})*$"
    ),
]
LastEventId = Annotated[
    str | None,
    HeaderParameter(
        name="Last-Event-ID",
        description="Of a stream that goes on where another one ended: the last id that was seen. "
        "It counts before `after`.",
        schema_extra={"pattern": "^[0-9]*$"},
    ),
]
