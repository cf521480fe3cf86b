"""Whether the process is alive, and whether it can answer."""

from __future__ import annotations

from litestar import get
from litestar.di import NamedDependency
from litestar.types import ASGIApp

from api.bodies import Health, Readiness
from api.documentation import documented
from api.follower import Follower
from api.representation import Representation, of_content
from estimates.catalog import PRODUCTION
from estimates.errors import UnavailableError


@get("/health/live", responses=documented(Health, description="The process answers."), sync_to_thread=False)
def live() -> ASGIApp:
    """The process is alive; restart it when this does not answer."""
    return Representation(b'{"status":"ok"}')


@get("/health/ready", responses=documented(Readiness, 304, description="The service can answer."), sync_to_thread=False)
def ready(follower: NamedDependency[Follower]) -> ASGIApp:
    """Ready once the catalog was read and the production versions are open.

    A set whose production version cannot be opened is named in `faults`, and makes the service unready only when there
    is no other set to answer from.
    """
    return of_content(_readiness(follower))


def _readiness(follower: Follower) -> Readiness:
    view, faults = follower.view, follower.faults
    if follower.opened is None:
        raise UnavailableError("starting", "the production versions are being opened; retry")
    promoted = [name for name, held in view.sets.items() if PRODUCTION in held.aliases]
    if promoted and len(faults) == len(promoted):
        raise UnavailableError("not_ready", f"no production version can be opened: {', '.join(faults)}", faults=faults)
    return Readiness("ready", view.moment, faults)


ROUTES = [ready, live]
