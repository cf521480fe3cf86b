"""What follows from the events of a set: no database, no files."""

from __future__ import annotations

from datetime import timedelta

import pytest

from estimates.catalog.records import Erasure, LegalHold, Waiver
from estimates.catalog.set_view import SetView
from tests.builders import code_of
from tests.catalog.histories import event, hour, promoted, revision, rolled_back, set_of, version


def test_the_newest_verdict_of_a_version_counts() -> None:
    """Judged again, it blocks or no longer does; without a verdict it is not there."""
    view = set_of(
        event(1, "judged", 1, blocks=True),
        event(2, "judged", 1, blocks=False),
        event(3, "judged", 2, blocks=True),
    )
    assert view.blocks == {1: False, 2: True}


def test_scores_are_shown_of_the_newest_values_else_of_the_latest_vintage() -> None:
    """A day counts until its end, so it comes after a moment within it."""
    day, moment = {"vintage": "2026-11-02"}, {"vintage": "2026-11-02T09:00:00Z"}
    dated = [event(1, "scored", 1, details=day), event(2, "scored", 2, details=moment)]
    assert set_of().scored_vintage is None
    assert set_of(*dated).scored_vintage == "2026-11-02"
    view = set_of(*dated, event(3, "scored", 1), event(4, "scored", 1))
    assert view.scored_vintage is None
    assert view.scored == {"2026-11-02": {1: 1}, "2026-11-02T09:00:00Z": {2: 2}, None: {1: 4}}


def test_only_production_marks_a_version_as_rolled_back() -> None:
    """Content is left by whichever alias was rolled back."""
    versions = [version(1), version(2), version(3)]
    view = set_of(
        promoted(1, 2),
        rolled_back(2, 1, 2),
        rolled_back(3, 1, 3, alias="canary"),
        versions=versions,
    )
    assert view.rolled_back == {2}
    assert view.rolled_back_snapshots == {"snapshot 2", "snapshot 3"}


def test_files_are_needed_by_what_was_published_or_erased_last() -> None:
    """Nothing else changes which files a set has."""
    assert set_of().last_content == 0
    events = [event(4, "published", 1), event(7, "erased"), promoted(9, 1)]
    assert set_of(*events).last_content == 7


def test_an_alias_that_was_removed_may_come_back() -> None:
    """Its removal is named while it is the last that happened to it."""
    gone = event(2, "alias_removed", alias="canary")
    back = promoted(4, 1, alias="canary")
    view = set_of(promoted(1, 1, alias="canary"), gone, promoted(3, 1), back)
    assert view.removal("canary") is None
    assert view.removal("canary", hour(3)) == gone
    assert view.removal("canary", hour(2)) == gone
    assert view.removal("canary", hour(1)) is None
    assert view.removal("nothing") is None
    assert view.moves["canary"] == [(hour(1), 1), (hour(2), None), (hour(4), 1)]


def test_a_set_is_retired_until_it_is_taken_into_use_again() -> None:
    """The last of both events says it."""
    away, back = event(1, "retired"), event(2, "unretired")
    assert set_of(away, event(3, "waived", 1)).retirement == away
    assert set_of(away, back).retirement is None
    assert set_of().retirement is None


def test_events_after_another_one() -> None:
    """Its own id is left out, whether the set has that event or not."""
    view = set_of(event(2, "defined"), event(5, "published", 1), event(9, "judged", 1))
    assert [e.id for e in view.events_after(5)] == [9]
    assert [e.id for e in view.events_after(4)] == [5, 9]
    assert list(view.events_after(9)) == []


def test_latest_is_the_highest_number_that_passes() -> None:
    """An older one that passes later changes nothing; one that expired is not it any more."""
    versions = [version(1), version(2, expired_at=hour(5)), version(3, shape=2)]
    view = set_of(
        event(1, "judged", 2, blocks=False),
        event(2, "judged", 1, blocks=False),
        event(3, "judged", 3, blocks=False),
        event(4, "judged", 3, blocks=True),
        event(5, "expired", 2),
        versions=versions,
    )
    assert view.latest[None] == [(hour(1), 2), (hour(3), 3), (hour(4), 2), (hour(5), 1)]
    assert view.latest[1] == [(hour(1), 2), (hour(5), 1)]
    assert view.latest[2] == [(hour(3), 3), (hour(4), None)]


def test_predecessors_are_what_production_pointed_to_below() -> None:
    """Of the same shape, with files, each content once, the newest first."""
    versions = [
        version(1),
        version(2, shape=2),
        version(3, expired_at=hour(9)),
        version(4, snapshot_id="snapshot 1"),
        version(5),
        version(6),
        version(7),
    ]
    moves = [promoted(i, number) for i, number in enumerate((1, 2, 3, 4, 6, 7), start=1)]
    view = set_of(*moves, versions=versions)
    assert [v.version for v in view.predecessors(versions[6], 9)] == [6, 4]
    assert [v.version for v in view.predecessors(versions[6], 1)] == [6]
    assert view.predecessors(versions[0], 9) == []


def test_what_an_alias_pointed_to_before() -> None:
    """Newest first, each with its last moment; what it was rolled back from is left out."""
    versions = [version(1), version(2), version(3, expired_at=hour(9)), version(4)]
    view = set_of(
        promoted(1, 1),
        promoted(2, 2),
        promoted(3, 3),
        promoted(4, 4),
        rolled_back(5, 1, 4),
        versions=versions,
    )
    instant = timedelta(microseconds=1)
    former = list(view.former("production"))
    assert former == [(versions[1], hour(3) - instant), (versions[0], hour(2) - instant)]


def test_waivers_are_of_content_and_holds_of_versions() -> None:
    """A hold of the whole set keeps every version."""
    fields = ("keys", None), ("reason", "r"), ("actor", "a"), ("at", hour(1)), ("until", hour(9))
    waiver = Waiver(1, "closes", 1, "snapshot 1", "jumps", **dict(fields))  # type: ignore
    hold = LegalHold(2, "closes", 2, "r", "a", hour(2))
    whole = LegalHold(3, "closes", None, "r", "a", hour(3))
    view = set_of(versions=[version(1), version(2)], waivers=[waiver], holds=[hold, whole])
    assert view.waivers_of(version(5, snapshot_id="snapshot 1")) == [waiver]
    assert view.waivers_of(version(2)) == []
    assert view.holds_on(version(1)) == [whole]
    assert view.holds_on(version(2)) == [hold, whole]


def test_an_erased_key_is_known_by_its_digest() -> None:
    """The last erasure that names it counts."""
    first = Erasure(1, "closes", ["d1", "d2"], [], {}, "r", "a", hour(1))
    second = Erasure(2, "closes", ["d2"], [], {}, "r", "a", hour(2))
    assert set_of(erasures=[first, second]).erased_keys == {"d1": first, "d2": second}


def test_readers_see_productions_shape_before_that_the_newest_contracts() -> None:
    """And of each shape its newest contract."""
    contracts = [revision(1), revision(2, shape=2), revision(3, "[job]\nfunction = 'load'\n")]
    of_set = {"contracts": contracts, "versions": [version(1, shape=2)]}
    view = set_of(**of_set)  # type: ignore
    assert (view.present_shape, view.production) == (1, None)
    assert view.newest_of(1) == 3
    assert view.present_contract.job is not None
    assert view.contract_of(version(1)).job is None
    promoted_view = set_of(promoted(1, 1), **of_set)  # type: ignore
    assert promoted_view.present_shape == 2
    assert promoted_view.newest_of(2) == 2
    assert code_of(lambda: view.newest_of(7)) == "unknown_shape"


def test_what_was_derived_is_made_once() -> None:
    """However many ask, for one question at a time."""
    made: list[str] = []
    view = set_of()

    def make() -> str:
        made.append("once")
        return made[-1]

    assert [view.memoize(what, make) for what in ("x", "x", "y")] == ["once"] * 3
    assert len(made) == 2


@pytest.mark.parametrize("field", ["waivers", "holds", "erasures", "decoded"])
def test_views_share_nothing_that_grows(field: str) -> None:
    """What one view decodes or remembers is not another one's."""
    first, second = set_of(), set_of()
    assert getattr(first, field) is not getattr(second, field)
    assert isinstance(first, SetView)
