"""The versions of a set: the list, one with its provenance, its verdict."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.types import ASGIApp

from estimates.catalog.records import State, Version
from estimates.catalog.view import View
from estimates.errors import InvalidError, NotFoundError
from estimates.gate.active_waivers import active_waivers
from estimates.gate.verdict import Verdict
from estimates.reading.page_cursor import DEFAULT_LIMIT, MAX_LIMIT
from estimates_api.http.bodies import (
    ProvenanceBody,
    Span,
    VersionDetail,
    VersionList,
    VersionSummary,
)
from estimates_api.http.links import next_link
from estimates_api.http.moment import of_view
from estimates_api.http.parameters import (
    AsOf,
    ByClock,
    Cursor,
    Limit,
    PathRef,
    SetName,
    ShapeNumber,
    StateFilter,
    read_segment,
)
from estimates_api.http.resolved_request import resolve
from estimates_api.http.routing import off_loop
from estimates_api.routes.documentation import documented
from estimates_api.serving.follower import Follower


@get(
    "/v1/sets/{set:str}/versions",
    responses=documented(VersionList, 304, 404, description="A page of versions, newest first."),
    sync_to_thread=False,
)
def list_versions(
    follower: NamedDependency[Follower],
    set_name: SetName,
    in_state: StateFilter = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> ASGIApp:
    """The versions of a set, newest first, in all states or in one."""
    view = follower.view
    page = _page(view, set_name, in_state, limit, cursor)
    found = of_view(view, page)
    if page.next is not None:
        found.headers["link"] = next_link({"state": in_state, "limit": limit}, cursor=page.next)
    return found


@get(
    "/v1/sets/{set:str}/versions/{ref:str}",
    responses=documented(VersionDetail, 304, 404, description="The version."),
)
@off_loop
def one_version(
    follower: NamedDependency[Follower],
    set_name: SetName,
    ref: PathRef,
    as_of: AsOf = None,
    shape: ShapeNumber = None,
    clock: ByClock = None,
) -> ASGIApp:
    """One version: state, counts, provenance, times in production, waivers, MLflow run; an expired
    one too.
    """
    question = resolve(
        follower.at, set_name, read_segment(ref), as_of, shape, readable=False, clock=clock
    )
    return question.about(_detail(question.reader.view, question.version))


@get(
    "/v1/sets/{set:str}/versions/{ref:str}/verdict",
    responses=documented(Verdict, 304, 404, description="The verdict."),
)
@off_loop
def verdict(
    follower: NamedDependency[Follower],
    set_name: SetName,
    ref: PathRef,
    as_of: AsOf = None,
    shape: ShapeNumber = None,
    clock: ByClock = None,
) -> ASGIApp:
    """The newest verdict of a version, as the gate stored it."""
    question = resolve(
        follower.at, set_name, read_segment(ref), as_of, shape, readable=False, clock=clock
    )
    return question.about(_verdict(follower, question.version))


def _page(
    view: View, name: str, state: State | None, limit: int, cursor: str | None
) -> VersionList:
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidError("bad_limit", f"limit {limit} is not between 1 and {MAX_LIMIT}")
    matching = [
        version
        for version in reversed(view.set(name).versions)
        if state in (None, view.state(version))
    ]
    before = _before(cursor)
    rest = [version for version in matching if before is None or version.version < before]
    page = rest[:limit]
    following = str(page[-1].version) if len(rest) > limit else None
    return VersionList(
        name, len(matching), limit, following, [VersionSummary(**_facts(view, v)) for v in page]
    )


def _before(cursor: str | None) -> int | None:
    """The cursor is the version that the page before ended with."""
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 16):
        raise InvalidError(
            "bad_cursor", "this cursor was not made by this service; start again without it"
        )
    return int(cursor)


def _facts(view: View, version: Version) -> dict[str, Any]:
    return {
        "version": version.version,
        "state": view.state(version),
        "snapshot_id": version.snapshot_id,
        "shape": version.shape,
        "contract_revision": version.contract_revision,
        "rows": version.rows,
        "published_at": version.published_at,
        "data_through": version.data_through,
        "released_at": version.released_at,
        "expired_at": version.expired_at,
        "blocks": view.set(version.set).blocks.get(version.version),
        "mlflow_run": version.mlflow_run,
    }


def _detail(view: View, version: Version) -> VersionDetail:
    aliases = view.set(version.set).aliases.items()
    came_from = msgspec.structs.asdict(version.provenance)
    came_from |= {name: list(came_from[name]) for name in ("inputs", "targets", "warnings")}
    return VersionDetail(
        **_facts(view, version),
        set=version.set,
        aliases=sorted(name for name, alias in aliases if alias.version == version.version),
        production=[Span(*span) for span in view.production_spans(version.set, version.version)],
        waivers=active_waivers(view.set(version.set).waivers_of(version), view.present),
        provenance=ProvenanceBody(**came_from),
    )


def _verdict(follower: Follower, version: Version) -> bytes:
    body = follower.store.catalog.verdict(version.set, version.version)
    if body is None:
        raise NotFoundError(
            "no_verdict", f"{version.set}: version {version.version} was not judged yet"
        )
    return body


ROUTES = [list_versions, one_version, verdict]
