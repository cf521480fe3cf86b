"""The sets: what there is, under which contract, how fresh; the JSON Schema of one estimate; listed
keys.
"""

from __future__ import annotations

import base64
from typing import Any

import msgspec
from litestar.types import ASGIApp

from estimates import instants
from estimates.catalog.freshness import freshness
from estimates.catalog.set_view import SetView
from estimates.contract.domain import FileDomain
from estimates.errors import NotFoundError
from estimates_api.http.bodies import AliasBody, SetDetail, SetList, SetSummary
from estimates_api.http.estimate_schema import estimate_schema
from estimates_api.http.parameters import DomainDigest, SchemaShape, SetName
from estimates_api.http.representation import (
    IMMUTABLE,
    PARQUET,
    Representation,
    entity_tag,
    of_view,
)
from estimates_api.http.route import InjectedFollower, reading


@reading("/v1/sets", SetList, description="All sets.")
async def list_sets(follower: InjectedFollower) -> ASGIApp:
    """All sets with description, owner, key, aliases and freshness."""
    view = follower.view
    summaries = [SetSummary(**_common_fields(set_view)) for set_view in view.sets.values()]
    return of_view(view, SetList(summaries, view.head))


@reading("/v1/sets/{set:str}", SetDetail, description="The set.")
async def one_set(follower: InjectedFollower, set_name: SetName) -> ASGIApp:
    """One set: contract, aliases and holds, freshness."""
    view = follower.view
    return of_view(view, _detail(view.set(set_name)))


@reading("/v1/sets/{set:str}/schema", dict[str, Any], description="A JSON Schema (2020-12).")
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
            "unknown_domain", f"{set_name}: no contract lists keys with the digest {digest[:80]}"
        )
    content = follower.store.listed_keys.content(set_name, digest)
    headers = {"repr-digest": f"sha-256=:{base64.b64encode(bytes.fromhex(digest)).decode()}:"}
    tag = entity_tag("domain", set_name, digest)
    return Representation(content, etag=tag, cache=IMMUTABLE, media_type=PARQUET, headers=headers)


def _detail(view: SetView) -> SetDetail:
    revision = view.contracts[-1]
    contract = msgspec.json.decode(revision.body)
    return SetDetail(
        **_common_fields(view),
        contract_revision=revision.revision,
        defined_at=revision.defined_at,
        contract=contract,
    )


def _common_fields(view: SetView) -> dict[str, Any]:
    contract = view.contract
    aliases = sorted(view.aliases.items())
    return {
        "name": contract.name,
        "description": contract.description,
        "owner": contract.owner,
        "key": list(contract.key),
        "shape": view.contracts[-1].shape,
        "versions": len(view.versions),
        "aliases": {
            name: AliasBody(alias.version, view.moves[name][-1][0], alias.held)
            for name, alias in aliases
        },
        "freshness": freshness(view, instants.now()),
    }


ROUTES = [list_sets, one_set, schema, domain]
