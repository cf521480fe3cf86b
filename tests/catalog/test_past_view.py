"""An earlier moment from a later view is what the view of that moment was."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from estimates.catalog.past_view import past_view
from estimates.catalog.view import View
from estimates.errors import InvalidError, NotFoundError
from tests.builders import SET, contract, define, make_store, promoted, publish, source


def contents(view: View) -> dict[str, Any]:
    """What a view says of each set."""
    return {
        name: {
            "contracts": [revision.revision for revision in of_set.contracts],
            "versions": of_set.versions,
            "events": of_set.events,
            "aliases": of_set.aliases,
            "states": [view.state(version) for version in of_set.versions],
            "latest": of_set.latest,
            "spans": of_set.spans,
        }
        for name, of_set in view.sets.items()
    }


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> list[View]:
    """The views of a store after each thing that happened to it."""
    store = make_store(tmp_path_factory.mktemp("past") / "store")
    seen: list[View] = []
    for step in (
        lambda: define(store),
        lambda: promoted(store, "one", 100.0, day=0),
        lambda: publish(store, "two", 900.0, day=1),
        lambda: store.judge(SET, 2),
        lambda: promoted(store, "three", 101.0, day=2),
        lambda: store.rollback(SET, reason="looked wrong"),
        lambda: store.define(contract(maximum=600.0), source(maximum=600.0)),
        lambda: store.define(contract("other"), source("other")),
    ):
        step()
        seen.append(store.refresh())
    store.catalog.engine.dispose()
    return seen


def test_the_past_is_what_was_known_then(views: list[View]) -> None:
    """Versions, states, aliases, contracts and events of each earlier moment."""
    for view in views:
        assert contents(past_view(views[-1], view.moment)) == contents(view)


def test_a_set_has_no_past_before_it_was_defined(views: list[View]) -> None:
    """It is not in the list of that moment, and asked for by name it says since when it is."""
    moment = views[0].moment
    assert list(past_view(views[-1], moment).sets) == [SET]
    with pytest.raises(NotFoundError, match="the first time it was") as caught:
        past_view(views[-1], moment, "other")
    assert caught.value.code == "before_first"


def test_the_future_has_no_past(views: list[View]) -> None:
    """A moment that has not come is refused."""
    with pytest.raises(InvalidError, match="future"):
        past_view(views[-1], views[-1].present + timedelta(hours=1))
