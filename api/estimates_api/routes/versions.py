"""The versions of a set: the list, one with its provenance, its verdict."""

from __future__ import annotations

from urllib.parse import unquote

import msgspec
from litestar.di import NamedDependency
from litestar.types import ASGIApp, Scope

from estimates.access.public_provenance import public_provenance
from estimates.catalog.records import State, Version
from estimates.catalog.view import View
from estimates.gate.active_waivers import active_waivers
from estimates.gate.verdict import Verdict, no_verdict
from estimates.reading.page_cursor import DEFAULT_LIMIT, check_limit
from estimates_api.access.shown_provenance import sees_provenance
from estimates_api.http.bodies import (
    ProvenanceBody,
    Span,
    VersionDetail,
    VersionList,
)
from estimates_api.http.parameters import (
    Cursor,
    Limit,
    MomentParameters,
    PathRef,
    SetName,
    StateFilter,
    Then,
)
from estimates_api.http.representation import next_link, of_view
from estimates_api.http.resolved_request import resolve
from estimates_api.http.route import InjectedFollower, reading
from estimates_api.http.url_text import ReadRequest, read_number, read_time
from estimates_api.http.version_summaries import summary_fields, version_summary


@reading(
    "/v1/sets/{set:str}/versions",
    VersionList,
    about="set",
    description="A page of versions, newest first.",
)
def list_versions(
    follower: InjectedFollower,
    set_name: SetName,
    in_state: StateFilter = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
    as_of: Then = None,
) -> ASGIApp:
    """The versions of a set, newest first, in all states or in one."""
    view = follower.past(read_time(as_of, "as_of"), set_name).view
    page = _page(view, set_name, in_state, limit, cursor)
    response = of_view(view, page)
    if page.next is not None:
        response.headers["link"] = next_link(
            {"state": in_state, "limit": limit, "as_of": as_of}, cursor=page.next
        )
    return response


@reading(
    "/v1/sets/{set:str}/versions/{ref:str}",
    VersionDetail,
    description="The version.",
    moment=MomentParameters,
)
def one_version(
    request: ReadRequest,
    follower: InjectedFollower,
    set_name: SetName,
    ref: PathRef,
    moment: NamedDependency[MomentParameters],
) -> ASGIApp:
    """One version: state, counts, provenance, times in production, waivers, MLflow run; an expired
    one too.
    """
    resolved = resolve(follower.at, set_name, unquote(ref), moment, readable=False)
    return resolved.about(_detail(request.scope, resolved.reader.view, resolved.version))


@reading(
    "/v1/sets/{set:str}/versions/{ref:str}/verdict",
    Verdict,
    description="The verdict.",
    moment=MomentParameters,
)
def verdict(
    follower: InjectedFollower,
    set_name: SetName,
    ref: PathRef,
    moment: NamedDependency[MomentParameters],
) -> ASGIApp:
    """The newest verdict of a version, as the gate stored it."""
    resolved = resolve(follower.at, set_name, unquote(ref), moment, readable=False)
    number = resolved.version.version
    body = follower.store.catalog.verdict(set_name, number)
    if body is None:
        raise no_verdict(set_name, number)
    return resolved.about(body)


def _page(
    view: View, name: str, state: State | None, limit: int, cursor: str | None
) -> VersionList:
    check_limit(limit)
    matching = [
        version
        for version in reversed(view.set(name).versions)
        if state in (None, view.state(version))
    ]
    before = read_number(  # the version that the page before ended with
        cursor,
        "bad_cursor",
        "this cursor was not made by this service",
        "start again without it",
    )
    following = [version for version in matching if before is None or version.version < before]
    page = following[:limit]
    cursor = str(page[-1].version) if len(following) > limit else None
    return VersionList(
        name, len(matching), limit, cursor, [version_summary(view, version) for version in page]
    )


def _detail(scope: Scope, view: View, version: Version) -> VersionDetail:
    of_set = view.set(version.set)
    aliases = of_set.aliases.items()
    return VersionDetail(
        **summary_fields(view, version),
        set=version.set,
        aliases=sorted(name for name, alias in aliases if alias.version == version.version),
        production=[Span(*span) for span in of_set.spans.get(version.version, [])],
        waivers=active_waivers(of_set.waivers_of(version), view.present),
        legal_holds=of_set.holds_on(version) if version.expired_at is None else [],
        expiry=of_set.expiries.get(version.version),
        provenance=_provenance(scope, version),
    )


def _provenance(scope: Scope, version: Version) -> ProvenanceBody:
    shown = version.provenance
    if not sees_provenance(scope, version.set):
        shown = public_provenance(shown)
    body = msgspec.convert(shown, ProvenanceBody, from_attributes=True)
    return msgspec.structs.replace(body, hidden=shown != version.provenance)


ROUTES = [list_versions, one_version, verdict]
