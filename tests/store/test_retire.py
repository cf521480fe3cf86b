"""Retired sets: they answer, take no new versions, and come back."""

from __future__ import annotations

from pathlib import Path

import pytest

from estimates.catalog.past_view import past_view
from estimates.errors import ConflictError
from estimates.store.recover import find_log, rebuild
from estimates.store.store import Store
from estimates.store.verify import verify
from tests.builders import SET, code_of, define, frame, make_store, provenance, publish


@pytest.fixture
def retired(store: Store) -> Store:
    """A set with a version in production, retired."""
    define(store)
    publish(store, "one")
    store.promote(SET, 1, reason="first")
    store.retire(SET, reason="replaced")
    return store


def test_a_retired_set_answers_and_takes_no_versions(retired: Store) -> None:
    """Readers get what they got; a new version is refused, with who retired the set and why."""
    assert retired.view().resolve(SET).version == 1
    with pytest.raises(ConflictError, match="replaced; it takes no new versions") as caught:
        retired.publish(SET, frame(101.0), provenance("two", 1))
    assert caught.value.code == "retired"
    assert len(retired.view().set(SET).versions) == 1


def test_a_set_is_retired_once_and_comes_back(retired: Store) -> None:
    """A second time is refused, as is a reason that says nothing; unretired it takes versions."""
    assert code_of(lambda: retired.retire(SET, reason="again")) == "already"
    assert code_of(lambda: retired.unretire(SET, reason=" ")) == "reason_needed"
    before = retired.view().moment
    retired.unretire(SET, reason="still needed")
    assert code_of(lambda: retired.unretire(SET, reason="again")) == "already"
    view = retired.view()
    assert view.set(SET).retirement is None
    assert past_view(view, before).set(SET).retirement is not None
    assert retired.publish(SET, frame(101.0), provenance("two", 1)).version == 2


def test_a_set_that_is_retired_meanwhile_takes_no_version(store: Store) -> None:
    """Between the look at a set and the commit of a version somebody may retire it."""
    define(store)
    version = publish(store, "one")
    view = store.view()
    store.retire(SET, reason="replaced")
    late = code_of(
        lambda: store.catalog.publish(
            view.set(SET).contracts[-1],
            version.snapshot_id,
            version.rows,
            provenance("two", 1),
            actor="ada",
            seen_event=view.last_event,
        )
    )
    assert late == "retired"


def test_a_retirement_is_checked_and_recovered(retired: Store, tmp_path: Path) -> None:
    """It is an event of the chain, and a catalog that is rebuilt from the copies knows it."""
    assert verify(retired) == []
    rebuilt = make_store(tmp_path / "rebuilt")
    rebuild(find_log(retired.objects), rebuilt.catalog)
    assert rebuilt.view().set(SET).retirement == retired.view().set(SET).retirement
    assert rebuilt.catalog.audit() == []
    rebuilt.catalog.engine.dispose()
