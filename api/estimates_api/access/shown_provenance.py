"""What a reader is shown of where versions come from."""

from __future__ import annotations

from typing import Any

from litestar.types import Scope

from estimates_api.access.route_access import principal_of


def sees_provenance(scope: Scope | Any, name: str) -> bool:
    """Whether the reader may know the parameters of a set's job, and where its inputs lie."""
    if scope["litestar_app"].state.rules.provenance == "full":
        return True
    principal = principal_of(scope)
    return principal is not None and principal.sees_provenance(name)
