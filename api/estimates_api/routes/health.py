"""Whether the process is alive, and whether it can answer."""

from __future__ import annotations

import msgspec
from litestar import get
from litestar.types import ASGIApp

from estimates.catalog.ref import PRODUCTION
from estimates.errors import UnavailableError
from estimates_api.http.bodies import CatalogFault, Health, Readiness
from estimates_api.http.representation import Representation, of_content
from estimates_api.http.route import InjectedFollower, answers, reading
from estimates_api.serving.follower import Follower

# Why the catalog is not followed, for those who do not see the service's log.
_REASONS = {
    "other_store": "the catalog is that of another store now; the answers are of the one before",
    "catalog_behind": "the catalog is an older one now; the answers are of the one before",
}
_UNREADABLE = "the catalog cannot be read; the answers are of the last time it could be"


@get("/health/live", **answers(Health, description="The process answers."))
async def live() -> ASGIApp:
    """The process is alive; restart it when this does not answer."""
    return Representation(b'{"status":"ok"}')


@reading("/health/ready", Readiness, description="The service can answer.")
async def ready(follower: InjectedFollower) -> ASGIApp:
    """Ready once the catalog was read and the versions that aliases point to were opened.

    An alias whose version cannot be read is told in `faults`, with the version that answers in its
    place; it makes the service unready only when no set in production can be answered from at all.
    A catalog that is away, or that was replaced by one of another history, is told in `catalog`.
    """
    return of_content(_readiness(follower))


def _readiness(follower: Follower) -> Readiness:
    view = follower.view
    if not follower.targets.ready:
        raise UnavailableError(
            "starting", "the versions in production are being opened", remedy="retry"
        )
    faults = [fault for _, fault in sorted(follower.targets.faults.items())]
    silent = {fault.set for fault in faults if fault.alias == PRODUCTION and fault.serving is None}
    promoted = [name for name, set_view in view.sets.items() if PRODUCTION in set_view.aliases]
    if promoted and silent.issuperset(promoted):
        details = [msgspec.to_builtins(fault) for fault in faults]
        raise UnavailableError(
            "not_ready",
            f"no set in production can be read: {', '.join(promoted)}",
            remedy="`estimates verify` says what is damaged",
            faults=details,
        )
    return Readiness("ready", view.moment, faults, _catalog_fault(follower))


def _catalog_fault(follower: Follower) -> CatalogFault | None:
    code = follower.fault
    if code is None:
        return None
    return CatalogFault(code, _REASONS.get(code, _UNREADABLE), follower.view.read_at)


ROUTES = [ready, live]
