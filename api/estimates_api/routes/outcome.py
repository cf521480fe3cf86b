"""What came of one key, and how far each version was from it."""

from __future__ import annotations

from litestar.types import ASGIApp

from estimates.reading.outcome import KeyOutcome, key_outcome
from estimates_api.access.route_access import check_whole_set
from estimates_api.http.parameters import KeyPath, SetName, Then
from estimates_api.http.representation import of_view
from estimates_api.http.route import InjectedFollower, reading
from estimates_api.http.url_text import ReadRequest, read_key, read_time


@reading(
    "/v1/sets/{set:str}/outcome/{key:path}",
    KeyOutcome,
    description="The actual value of the key, and how far each version was from it.",
)
def outcome(
    request: ReadRequest,
    follower: InjectedFollower,
    set_name: SetName,
    key: KeyPath,
    as_of: Then = None,
) -> ASGIApp:
    """What came of one key, as far as actual values are known: those that production of the set
    has which the contract names as `actuals`. Whoever may not read all of that set learns nothing.
    """
    reader = follower.past(read_time(as_of, "as_of"))
    actuals = reader.view.set(set_name).contract.actuals
    if actuals is not None:
        check_whole_set(request, actuals)
    return of_view(reader.view, key_outcome(reader, set_name, read_key(key)))


ROUTES = [outcome]
