"""What is said of keys to readers of some of them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from estimates.access.grant import Grant
from estimates.access.principal import Principal
from estimates_api.access.shown_keys import shown_contract, shows_of

_KEY = {"shop": {"type": "string"}, "day": {"type": "date"}}
_CONTRACT: dict[str, Any] = {
    "name": "demand",
    "key": _KEY,
    "columns": {"units": {}},
    "gate": {"checks": []},
    "job": {"function": "load", "parameters": {"secret": 1}},
    "domain": {"kind": "product", "values": {"shop": ["01", "02"], "day": ["2024-06-03"]}},
}


def scope(*grants: Grant, provenance: str = "public", may: tuple[Any, ...] = ("read",)) -> Any:
    """A request of somebody with these grants."""
    view = SimpleNamespace(set=lambda name: SimpleNamespace(contract=SimpleNamespace(key=_KEY)))
    state = SimpleNamespace(
        follower=SimpleNamespace(view=view), rules=SimpleNamespace(provenance=provenance)
    )
    principal = Principal("ann", may, grants)
    return {"litestar_app": SimpleNamespace(state=state), "principal": principal}


@pytest.mark.parametrize(
    ("grant", "shown"),
    [
        (Grant("demand", "shop", ("01",)), [("shop", "01")]),
        (Grant("demand", columns=("units",)), [("shop", "01"), ("shop", "02"), ("units", "7")]),
        (Grant("other"), []),
    ],
)
def test_values_that_may_be_named(grant: Grant, shown: list[tuple[str, str]]) -> None:
    """Those of granted keys; with a grant of columns those, and all keys."""
    shows = shows_of(scope(grant), "demand")
    assert shows is not None
    every = [("shop", "01"), ("shop", "02"), ("units", "7"), ("price", "7")]
    assert [each for each in every if shows(*each)] == shown


def test_all_may_be_named_to_readers_of_the_whole() -> None:
    """And where anybody may read."""
    assert shows_of(scope(Grant("demand")), "demand") is None
    assert shows_of({"principal": None}, "demand") is None


def test_a_contract_for_some_keys() -> None:
    """It lists their values alone, and nothing that could name others."""
    shown = shown_contract(scope(Grant("demand", "shop", ("02",))), _CONTRACT)
    assert shown["domain"]["values"] == {"shop": ["02"], "day": ["2024-06-03"]}
    assert set(_CONTRACT) - set(shown) == {"gate", "job"}
    assert "domain" not in shown_contract(scope(Grant("demand", "shop", ("03",))), _CONTRACT)


def test_a_contract_for_all_keys() -> None:
    """Whole, but for the provenance that the reader may not see."""
    shown = shown_contract(scope(Grant("demand")), _CONTRACT)
    assert shown["job"]["parameters"] == {"secret": "hidden"}
    assert shown | {"job": _CONTRACT["job"]} == _CONTRACT
    may = ("read", "provenance")
    assert shown_contract(scope(Grant("demand"), may=may), _CONTRACT) == _CONTRACT
