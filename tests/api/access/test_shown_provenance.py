"""Who is shown where versions come from."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from estimates.access.grant import Grant
from estimates.access.principal import Principal
from estimates_api.access.shown_provenance import sees_provenance


def scope(*grants: Grant, provenance: str = "public", may: tuple[Any, ...] = ("read",)) -> Any:
    """A request of somebody with these grants."""
    state = SimpleNamespace(rules=SimpleNamespace(provenance=provenance))
    app = SimpleNamespace(state=state)
    return {"litestar_app": app, "principal": Principal("ann", may, grants)}


@pytest.mark.parametrize(
    ("grant", "may", "rule", "sees"),
    [
        (Grant("demand"), ("read",), "public", False),
        (Grant("demand"), ("read",), "full", True),
        (Grant("demand"), ("read", "provenance"), "public", True),
        (Grant("demand", "shop", ("01",)), ("read", "provenance"), "public", False),
        (Grant("other"), ("read", "provenance"), "public", False),
    ],
)
def test_who_sees_provenance(grant: Grant, may: tuple[Any, ...], rule: str, sees: bool) -> None:
    """Everybody where the operator says so; else who may, of sets that they read as a whole."""
    assert sees_provenance(scope(grant, provenance=rule, may=may), "demand") is sees


def test_nobody_in_particular_sees_none() -> None:
    """Where anybody may read."""
    assert not sees_provenance(scope() | {"principal": None}, "demand")
