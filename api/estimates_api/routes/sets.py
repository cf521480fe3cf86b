"""The sets: what there is, under which contract, how fresh; the JSON Schema of one estimate; listed
keys.
"""

from __future__ import annotations

import base64
from typing import Any

import msgspec
from litestar import get
from litestar.types import ASGIApp

from estimates import Contract, instants
from estimates.catalog.freshness import freshness
from estimates.catalog.set_view import SetView
from estimates.contract.domain import FileDomain
from estimates.errors import NotFoundError
from estimates_api.http.bodies import AliasBody, SetDetail, SetList, SetSummary
from estimates_api.http.documented import answers
from estimates_api.http.estimate_schema import estimate_schema
from estimates_api.http.parameters import DomainDigest, SchemaShape, SetName
from estimates_api.http.representation import (
    IMMUTABLE,
    PARQUET,
    Representation,
    entity_tag,
    of_view,
)
from estimates_api.serving.follower import InjectedFollower
from estimates_api.serving.threads import off_loop


@get("/v1/sets", **answers(SetList, 304, description="All sets."), sync_to_thread=False)
def list_sets(follower: InjectedFollower) -> ASGIApp:
    """All sets with description, owner, key, aliases and freshness."""
    view = follower.view
    return of_view(view, SetList([_summary(set_view) for set_view in view.sets.values()]))


@get(
    "/v1/sets/{set:str}",
    **answers(SetDetail, 304, 404, description="The set."),
    sync_to_thread=False,
)
def one_set(follower: InjectedFollower, set_name: SetName) -> ASGIApp:
    """One set: contract, aliases and holds, freshness."""
    view = follower.view
    return of_view(view, _detail(view.set(set_name)))


@get(
    "/v1/sets/{set:str}/schema",
    **answers(dict[str, Any], 304, 404, description="A JSON Schema (2020-12)."),
    sync_to_thread=False,
)
def schema(follower: InjectedFollower, set_name: SetName, shape: SchemaShape = None) -> ASGIApp:
    """The JSON Schema of one estimate; of the newest contract, or of the newest one of a shape."""
    view = follower.view
    return of_view(view, estimate_schema(_contract(view.set(set_name), shape)))


@get(
    "/v1/sets/{set:str}/domains/{digest:str}",
    **answers(
        bytes, 304, 404, description="The keys, one column a key column.", forms={200: (PARQUET,)}
    ),
)
@off_loop
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


def _summary(view: SetView) -> SetSummary:
    return SetSummary(**_common_fields(view))


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
            name: AliasBody(alias.version, alias.moved_at, alias.held) for name, alias in aliases
        },
        "freshness": freshness(view, instants.now()),
    }


def _contract(view: SetView, shape: int | None) -> Contract:
    return view.contract if shape is None else view.revision(view.newest_of(shape))


ROUTES = [list_sets, one_set, schema, domain]
