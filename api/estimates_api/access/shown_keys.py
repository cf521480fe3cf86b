"""What answers about a whole set or version say of keys, for readers of some of its keys."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from litestar.types import Scope

from estimates.access.grant import Grant
from estimates.access.public_provenance import public_contract
from estimates.reading.answer import Shows
from estimates_api.access.route_access import principal_of
from estimates_api.access.shown_provenance import sees_provenance

# Of a contract: what names values of keys, and what has SQL.
_OF_THE_WHOLE = ("gate", "load", "job")


def shows_of(scope: Scope | Any, name: str) -> Shows | None:
    """Which values of columns of a set may be named to the reader; None: all."""
    principal = principal_of(scope)
    if principal is None or principal.reads_whole(name):
        return None
    grants = principal.grants_of(name)
    key = scope["litestar_app"].state.follower.view.set(name).contract.key
    return lambda column, value: any(_shows(grant, key, column, value) for grant in grants)


def shown_contract(scope: Scope | Any, contract: dict[str, Any]) -> dict[str, Any]:
    """The contract, as JSON, with the keys in its domain, and the provenance, that the reader may
    know.
    """
    if not sees_provenance(scope, contract["name"]):
        contract = public_contract(contract)
    shows = shows_of(scope, contract["name"])
    if shows is None:
        return contract
    shown = {part: content for part, content in contract.items() if part not in _OF_THE_WHOLE}
    first = next(iter(contract["key"]))
    values = contract.get("domain", {}).get("values", {})
    if first in values:
        granted = [value for value in values[first] if shows(first, str(value))]
        shown["domain"] = contract["domain"] | {"values": values | {first: granted}}
        if not granted:
            del shown["domain"]
    return shown


def _shows(grant: Grant, key: Collection[str], column: str, value: str) -> bool:
    if grant.where is not None:
        return column == grant.where and value in grant.values
    return grant.columns is None or column in grant.columns or column in key
