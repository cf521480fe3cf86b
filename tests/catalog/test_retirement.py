"""Retiring a set and taking it into use again, each once."""

from __future__ import annotations

from typing import Literal

from estimates.store.store import Store
from tests.builders import SET, code_of, define


def test_each_is_done_once(local_store: Store) -> None:
    """What is so already is refused; a set that never was retired is in use."""
    define(local_store)
    catalog = local_store.catalog

    def again(kind: Literal["retired", "unretired"]) -> str | None:
        return code_of(lambda: catalog.set_retired(SET, kind, reason="r", actor="ann"))

    assert again("unretired") == "already"
    assert again("retired") is None
    assert again("retired") == "already"
    assert again("unretired") is None
    assert again("retired") is None
    local_store.refresh()
    retirement = local_store.view().set(SET).retirement
    assert retirement is not None
    assert (retirement.actor, retirement.reason) == ("ann", "r")
