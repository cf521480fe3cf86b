"""Whether the process is alive, and whether it can answer."""

from __future__ import annotations

from datetime import datetime

import msgspec
from litestar import get
from litestar.types import ASGIApp, Scope

from estimates import instants
from estimates.catalog.approved_moves import NOT_APPROVED, standing_unapproved
from estimates.catalog.law import UNAUTHORISED, UNCHECKED
from estimates.catalog.ref import PRODUCTION
from estimates.errors import UnavailableError
from estimates_api.access.route_access import OPT, visible
from estimates_api.http.health_bodies import Health, Readiness, Source
from estimates_api.http.representation import Representation, of_content
from estimates_api.http.route import InjectedFollower, answers, reading
from estimates_api.http.standing_bodies import UnauthorisedBody
from estimates_api.http.url_text import ReadRequest
from estimates_api.serving.follower import Follower

# Why the catalog is not followed, for those who do not see the service's log.
_REASONS = {
    "other_store": "the catalog is that of another store now; the answers are of the one before",
    UNAUTHORISED: "events that nobody was allowed to write count for nothing; `estimates audit` "
    "names them",
    "no_access_record": "the root key that the service relies on signed no access record; the "
    "answers are of before",
    NOT_APPROVED: "an alias was moved without the approvals that it took; `estimates verify` says "
    "which",
    UNCHECKED: "the service cannot check signatures: it lacks the extra `signatures`",
    "catalog_behind": "the catalog is an older one now; the answers are of the one before",
}
_UNREADABLE = "the catalog cannot be read; the answers are of the last time it could be"
_AWAY = "the storage does not answer; what is open on this machine answers on"
_GONE = (
    "store.json is gone: the root is not what it was, or a migration was ended early, which "
    "`estimates migrate` completes; what is open here answers on"
)
_SILENT_S = 3.0  # a catalog that was not read for so long is away, though nothing failed yet


@get("/health/live", opt={OPT: "anybody"}, **answers(Health, description="The process answers."))
async def live() -> ASGIApp:
    """The process is alive; restart it when this does not answer."""
    return Representation(b'{"status":"ok"}')


@reading("/health/ready", Readiness, about="anybody", description="The service can answer.")
async def ready(request: ReadRequest, follower: InjectedFollower) -> ASGIApp:
    """Ready once the catalog was read and the versions that aliases point to were opened.

    An alias whose version cannot be read is named in `faults`, with the version that answers in its
    place; it makes the service unready only when no set in production can be answered from at all.
    `catalog` and `storage` say how old what is known of them is, and why they cannot be read; the
    service answers on from what it has, so that it is `degraded`, and ready. Once it was told to
    stop it is not ready (`stopping`), and answers on for as long as it was told.
    """
    return of_content(_readiness(request.scope, follower))


def _readiness(scope: Scope, follower: Follower) -> Readiness:
    view = follower.view
    if follower.leaving:
        raise UnavailableError("stopping", "this worker stops soon", remedy="ask another one")
    if not follower.targets.ready:
        raise UnavailableError(
            "starting", "the versions in production are being opened", remedy="retry"
        )
    faults = [fault for _, fault in sorted(follower.targets.faults.items())]
    shown = [*visible(scope, faults, lambda fault: fault.set)]
    silent = {fault.set for fault in faults if fault.alias == PRODUCTION and fault.serving is None}
    promoted = [name for name, set_view in view.sets.items() if PRODUCTION in set_view.aliases]
    if promoted and silent.issuperset(promoted):
        details = [msgspec.to_builtins(fault) for fault in shown]
        raise UnavailableError(
            "not_ready",
            f"no set in production can be read: {', '.join(visible(scope, promoted, str))}",
            remedy="the service's log says why; `estimates verify` says what is damaged",
            faults=details,
        )
    catalog, storage = _catalog(follower), _storage(follower)
    is_whole = not faults and catalog.code is None and storage.code is None
    stopped = {each.set: each for each in reversed(view.law.unlawful)}
    unauthorised = [
        UnauthorisedBody(name, each.event, each.kind, each.actor)
        for name, each in visible(scope, stopped.items(), lambda entry: entry[0])
    ]
    not_approved = [
        UnauthorisedBody(event.set, event.id, event.kind, event.actor)
        for event, _ in standing_unapproved(view, [*visible(scope, view.sets, str)])
    ]
    return Readiness(
        "ready" if is_whole else "degraded",
        view.moment,
        shown,
        catalog,
        storage,
        unauthorised or msgspec.UNSET,
        not_approved or msgspec.UNSET,
    )


def _catalog(follower: Follower) -> Source:
    age_s = _age_s(follower.read_at)
    code = follower.fault
    if code is None and age_s is not None and age_s > _SILENT_S:
        code = "catalog"
    law = follower.view.law
    if code is None and (law.unlawful or law.unchecked):
        code = UNAUTHORISED if law.unlawful else UNCHECKED
    if code is None and standing_unapproved(follower.view):
        code = NOT_APPROVED
    detail = None if code is None else _REASONS.get(code, _UNREADABLE)
    return Source(follower.read_at, age_s, code, detail)


def _storage(follower: Follower) -> Source:
    storage = follower.storage
    detail = _GONE if storage.fault == "file_missing" else _AWAY if storage.fault else None
    return Source(storage.read_at, _age_s(storage.read_at), storage.fault, detail)


def _age_s(read_at: datetime | None) -> float | None:
    return None if read_at is None else round((instants.now() - read_at).total_seconds(), 3)


ROUTES = [ready, live]
