"""Rows that are not what their events made are named by a code each."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from estimates.catalog.agreement import changes_of, check_set, misplaced_aliases
from estimates.catalog.records import Alias, Erasure, LegalHold, Waiver
from estimates.catalog.set_view import SetView
from tests.builders import SET, code_of
from tests.catalog.histories import event, hour, promoted, rolled_back, set_of, version

WAIVER = Waiver(4, SET, 1, "snapshot 1", "jumps", None, "r", "ann", hour(4), hour(99))
HOLD = LegalHold(5, SET, None, "r", "ann", hour(5))
ERASURE = Erasure(6, SET, ["d"], [], {}, "r", "ann", hour(6))


def sound() -> SetView:
    """A set of one contract and two versions whose rows are what its events made."""
    events = [
        event(1, "defined", details={"revision": 1}),
        event(2, "published", 1),
        event(3, "published", 2),
        event(4, "waived", 1),
        event(5, "hold_placed"),
        event(6, "erased"),
        promoted(7, 1),
        event(8, "tracked", 1, details={"mlflow_run": "abc"}),
        event(9, "expired", 2),
    ]
    versions = [version(1, mlflow_run="abc"), version(2, expired_at=hour(9))]
    return set_of(*events, versions=versions, waivers=[WAIVER], holds=[HOLD], erasures=[ERASURE])


def code(view: SetView) -> str | None:
    """What is wrong with a view."""
    return code_of(lambda: check_set(SET, view, view.aliases.values()))


def test_what_events_changed_of_earlier_ones() -> None:
    """Each by what it names."""
    changes = changes_of(
        [
            event(1, "expired", 2),
            event(2, "tracked", 1, details={"mlflow_run": "abc"}),
            event(3, "unwaived", details={"waiver": 40}),
            event(4, "hold_released", details={"hold": 50}),
            event(5, "judged", 1),
        ]
    )
    assert changes.expired == {(SET, 2): hour(1)}
    assert changes.runs == {(SET, 1): "abc"}
    assert changes.ended == {40: hour(3), 50: hour(4)}


def test_sound_rows_pass() -> None:
    """Ended waivers and released holds are not expected among those that stand."""
    assert code(sound()) is None
    view = sound()
    view.events.append(event(10, "unwaived", details={"waiver": 4}))
    view.events.append(event(11, "hold_released", details={"hold": 5}))
    assert code(view) == "record_missing"
    view.waivers.clear()
    assert code(view) == "record_missing"
    view.holds.clear()
    assert code(view) is None


def other_version(view: SetView) -> None:
    """Version 2 has the number 3."""
    view.versions[1] = version(3, expired_at=hour(9))


def other_end(view: SetView) -> None:
    """Version 2 ends at another time than its event says."""
    view.versions[1] = version(2, expired_at=hour(8))


def other_run(view: SetView) -> None:
    """Version 1 belongs to another MLflow run."""
    view.versions[0] = version(1, mlflow_run="abd")


def other_place(view: SetView) -> None:
    """Production points elsewhere."""
    view.aliases["production"] = Alias(SET, "production", 2, hour(7))


def other_time(view: SetView) -> None:
    """Production moved at another time."""
    view.aliases["production"] = Alias(SET, "production", 1, hour(6))


def other_hold(view: SetView) -> None:
    """Production is held, though it was promoted."""
    view.aliases["production"] = Alias(SET, "production", 1, hour(7), held=True)


def other_alias(view: SetView) -> None:
    """An alias is there that nothing moved."""
    view.aliases["canary"] = Alias(SET, "canary", 1, hour(7))


def other_waiver(view: SetView) -> None:
    """A waiver is another one's."""
    view.waivers[0] = msgspec.structs.replace(WAIVER, id=3)


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (lambda view: view.contracts.clear(), "record_missing"),
        (lambda view: view.versions.pop(), "record_missing"),
        (lambda view: view.erasures.clear(), "record_missing"),
        (lambda view: view.waivers.clear(), "record_missing"),
        (lambda view: view.holds.clear(), "record_missing"),
        (other_waiver, "record_missing"),
        (other_version, "record_missing"),
        (other_end, "record_damaged"),
        (other_run, "record_damaged"),
        (other_place, "alias_damaged"),
        (other_time, "alias_damaged"),
        (other_hold, "alias_damaged"),
        (other_alias, "alias_damaged"),
    ],
)
def test_each_row_that_is_another_is_noticed(
    damage: Callable[[SetView], object], expected: str
) -> None:
    """Missing, changed, or there without an event."""
    view = sound()
    damage(view)
    assert code(view) == expected


def test_an_alias_is_where_its_last_move_put_it() -> None:
    """Removed by its last move it has no row; rolled back it is held."""
    removed = event(2, "alias_removed", alias="canary")
    events = [promoted(1, 1, alias="canary"), removed, promoted(3, 2), rolled_back(4, 1, 2)]
    on_hold = Alias(SET, "production", 1, hour(4), held=True)
    assert list(misplaced_aliases(events, [on_hold])) == []
    left = Alias(SET, "canary", 1, hour(1))
    assert list(misplaced_aliases(events, [left])) == [
        ((SET, "canary"), removed),
        ((SET, "production"), events[3]),
    ]
