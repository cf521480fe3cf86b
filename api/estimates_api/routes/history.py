"""One key through the versions."""

from __future__ import annotations

from litestar.types import ASGIApp

from estimates_api.access.shown_keys import shows_of
from estimates_api.http.bodies import HistoryBody
from estimates_api.http.parameters import (
    ByClock,
    Chained,
    Fields,
    HistoryShape,
    Integers,
    KeyDeadline,
    KeyPath,
    LastVersions,
    NoFormulas,
    Only,
    SetName,
    Since,
    Then,
    Until,
)
from estimates_api.http.representation import JSON, TABLES, VARY_TEXT, negotiated, of_view
from estimates_api.http.route import InjectedFollower, reading
from estimates_api.http.tables import content_type, write_answer
from estimates_api.http.url_text import ReadRequest, read_fields, read_key, read_time


@reading(
    "/v1/sets/{set:str}/history/{key:path}",
    HistoryBody,
    about="key",
    description="The key through the versions, oldest first.",
    forms=TABLES,
)
def history(
    request: ReadRequest,
    follower: InjectedFollower,
    set_name: SetName,
    key: KeyPath,
    since: Since = None,
    until: Until = None,
    only: Only = None,
    fields: Fields = None,
    chain: Chained = False,
    clock: ByClock = None,
    shape: HistoryShape = None,
    integers: Integers = None,
    as_of: Then = None,
    deadline: KeyDeadline = None,
    last: LastVersions = None,
    no_formulas: NoFormulas = False,
) -> ASGIApp:
    """What each version said about one key, with its times in production; of expired ones when and
    why they went.
    """
    form = negotiated(request.scope, (JSON,) if chain else TABLES, no_formulas=no_formulas)
    reader = follower.past(read_time(as_of, "as_of"), set_name)
    answer = reader.history(
        set_name,
        read_key(key),
        since=read_time(since, "since"),
        until=read_time(until, "until"),
        only=only,
        fields=read_fields(fields),
        chain=chain,
        clock=clock,
        shape=shape,
        deadline=deadline,
        last=last,
    )
    answer.show_groups(shows_of(request.scope, set_name))
    view = reader.view.set(set_name)
    contract = view.present_contract if shape is None else view.revision(view.newest_of(shape))
    answer.write_integers(contract, integers)
    body = write_answer(answer, contract, form)
    response = of_view(reader.view, body, content_type(form), VARY_TEXT)
    if answer.imported:
        response.headers["estimates-imported"] = "true"
    return response


ROUTES = [history]
