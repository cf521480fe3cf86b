"""The stability report of two versions."""

from __future__ import annotations

from litestar import get
from litestar.di import NamedDependency
from litestar.types import ASGIApp

from api.documentation import documented
from api.follower import Follower
from api.parameters import DEFAULT_REF, FromRef, SetName, ToRef, read_ref
from api.representation import IMMUTABLE, REVALIDATE, Representation, entity_tag
from api.routing import off_loop
from estimates import instants
from estimates.catalog import Ref
from estimates.stability import Report
from estimates.stability.text import render_json


@get(
    "/v1/sets/{set:str}/diff",
    responses=documented(
        Report, 304, 404, 409, 410, description="The stability report; docs/stability.md explains it."
    ),
)
@off_loop
def diff(
    follower: NamedDependency[Follower], set_name: SetName, from_ref: FromRef, to_ref: ToRef = DEFAULT_REF
) -> ASGIApp:
    """What changed from one version to another; `to` is production if not given."""
    return _representation(follower, set_name, read_ref(from_ref), read_ref(to_ref))


def _representation(follower: Follower, name: str, a: Ref, b: Ref) -> Representation:
    view = follower.view
    report = follower.store.diff(name, a, b, view=view)
    snapshots = [view.resolve(name, ref).snapshot_id for ref in (a, b)]
    headers = {"estimates-version": str(report.to), "estimates-as-of": instants.text(view.moment)}
    fixed = isinstance(a, int) and isinstance(b, int)
    tag = entity_tag("diff", name, report.from_, report.to, snapshots)
    return Representation(render_json(report), etag=tag, cache=IMMUTABLE if fixed else REVALIDATE, headers=headers)


ROUTES = [diff]
