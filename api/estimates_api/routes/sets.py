"""The sets: what there is, under which contract, how fresh; the JSON Schema of one estimate; listed
keys.
"""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

import msgspec
from litestar.types import ASGIApp, Scope

from estimates import instants
from estimates.catalog.freshness import freshness
from estimates.catalog.set_view import SetView
from estimates.catalog.sets_read import read_by, sets_read
from estimates.catalog.view import View
from estimates.contract.contract import Contract
from estimates.contract.domain import FileDomain
from estimates.errors import NotFoundError
from estimates.gate.open_requests import open_requests
from estimates_api.access.route_access import visible, wholly_visible
from estimates_api.access.shown_keys import shown_contract
from estimates_api.http.bodies import AliasBody, RetirementBody, SetDetail, SetList, SetSummary
from estimates_api.http.estimate_schema import estimate_schema
from estimates_api.http.parameters import DomainDigest, SchemaShape, SetName, Then, WithRetired
from estimates_api.http.representation import (
    IMMUTABLE,
    PARQUET,
    Representation,
    entity_tag,
    of_view,
)
from estimates_api.http.route import InjectedFollower, reading
from estimates_api.http.url_text import ReadRequest, read_time
from estimates_api.http.version_summaries import version_summary


@reading("/v1/sets", SetList, about="sets", description="All sets.")
def list_sets(
    request: ReadRequest,
    follower: InjectedFollower,
    as_of: Then = None,
    with_retired: WithRetired = False,
) -> ASGIApp:
    """All sets with description, owner, key, aliases, newest version and freshness; those that are
    retired where they are asked for.
    """
    moment = read_time(as_of, "as_of")
    view = follower.past(moment).view
    now = moment or instants.now()
    summaries = [
        SetSummary(**_common_fields(request.scope, view, name, now))
        for name in visible(request.scope, view.sets, str)
        if with_retired or view.sets[name].retirement is None
    ]
    return of_view(view, SetList(summaries, view.head))


@reading("/v1/sets/{set:str}", SetDetail, about="set", description="The set.")
def one_set(
    request: ReadRequest, follower: InjectedFollower, set_name: SetName, as_of: Then = None
) -> ASGIApp:
    """One set: contract, aliases and holds, newest version, freshness."""
    moment = read_time(as_of, "as_of")
    view = follower.past(moment, set_name).view
    return of_view(view, _detail(request.scope, view, set_name, moment or instants.now()))


@reading(
    "/v1/sets/{set:str}/schema",
    dict[str, Any],
    about="set",
    description="A JSON Schema (2020-12).",
)
async def schema(
    follower: InjectedFollower, set_name: SetName, shape: SchemaShape = None
) -> ASGIApp:
    """The JSON Schema of one estimate; of the newest contract, or of the newest one of a shape."""
    view = follower.view
    of_set = view.set(set_name)
    contract = of_set.contract if shape is None else of_set.revision(of_set.newest_of(shape))
    return of_view(view, estimate_schema(contract))


@reading(
    "/v1/sets/{set:str}/domains/{digest:str}",
    bytes,
    description="The keys, one column a key column.",
    forms=(PARQUET,),
)
def domain(follower: InjectedFollower, set_name: SetName, digest: DomainDigest) -> ASGIApp:
    """The keys that a `file` domain lists, as Parquet; the contract's `domain.digest` names
    them.
    """
    view = follower.view.set(set_name)
    domains = [view.revision(revision.revision).domain for revision in view.contracts]
    if digest not in {listed.digest for listed in domains if isinstance(listed, FileDomain)}:
        raise NotFoundError(
            "unknown_domain",
            f"{set_name}: no contract lists keys with the digest {digest[:80]}",
            remedy=f"/v1/sets/{set_name}/contract names the newest",
        )
    content = follower.store.listed_keys.content(set_name, digest)
    headers = {"repr-digest": f"sha-256=:{base64.b64encode(bytes.fromhex(digest)).decode()}:"}
    tag = entity_tag("domain", set_name, digest)
    return Representation(content, etag=tag, cache=IMMUTABLE, media_type=PARQUET, headers=headers)


def _family(contract: Contract) -> str | None:
    if contract.family is not None:
        return contract.name
    return None if contract.member is None else contract.member.of


def _detail(scope: Scope, view: View, name: str, now: datetime) -> SetDetail:
    of_set = view.set(name)
    revision, production = of_set.contracts[-1], of_set.production
    contract = msgspec.json.decode(revision.body)
    inputs = [] if production is None else sets_read(view, production)
    return SetDetail(
        **_common_fields(scope, view, name, now),
        contract_revision=revision.revision,
        defined_at=revision.defined_at,
        contract=shown_contract(scope, contract),
        inputs=[*visible(scope, inputs, lambda edge: edge.set)],
        read_by=[*visible(scope, read_by(view, name), lambda edge: edge.set)],
    )


def _common_fields(scope: Scope, view: View, name: str, now: datetime) -> dict[str, Any]:
    of_set = view.set(name)
    contract = of_set.contract
    aliases = sorted(of_set.aliases.items())
    newest = of_set.versions[-1] if of_set.versions else None
    requests = open_requests(of_set, max(now, view.moment))
    return {
        "name": contract.name,
        "description": contract.description,
        "owner": contract.owner,
        "key": list(contract.key),
        "shape": of_set.contracts[-1].shape,
        "versions": len(of_set.versions),
        "aliases": {
            alias: AliasBody(pointed.version, of_set.moves[alias][-1][0], pointed.held)
            for alias, pointed in aliases
        },
        "freshness": freshness(of_set, now),
        "columns": list(contract.columns),
        "tags": list(contract.about.tags),
        "newest": None if newest is None else version_summary(view, newest),
        "retired": _retirement(of_set),
        "requests": [*wholly_visible(scope, requests, lambda _: name)],
        "family": _family(contract),
    }


def _retirement(of_set: SetView) -> RetirementBody | None:
    event = of_set.retirement
    return None if event is None else RetirementBody(event.at, event.actor, event.reason or "")


ROUTES = [list_sets, one_set, schema, domain]
