"""What names mean at one moment of the catalog, from events alone: no database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from estimates.catalog.at import At
from estimates.catalog.records import Alias, Event, LogHead, Provenance, Version
from estimates.catalog.ref import PRODUCTION
from estimates.catalog.set_view import SetView
from estimates.catalog.view import View
from estimates.errors import EstimatesError

START = datetime(2026, 11, 24, tzinfo=UTC)


def hour(number: int) -> datetime:
    """So many hours after the start."""
    return START + timedelta(hours=number)


def version(number: int, *, expired_at: datetime | None = None) -> Version:
    """A version whose content is its own."""
    return Version(
        set="s",
        version=number,
        snapshot_id=f"snapshot {number}",
        shape=1,
        contract_revision=1,
        rows=1,
        published_at=START,
        provenance=Provenance(START, f"run-{number}"),
        expired_at=expired_at,
    )


def view_of() -> View:
    """1 promoted, 2 promoted and rolled back to 1, 3 passes, 4 is refused, 5 not judged, 6 gone."""
    versions = [version(n) for n in range(1, 6)] + [version(6, expired_at=hour(9))]
    events = [
        Event(1, hour(1), "s", "judged", "a", version=1, blocks=False),
        Event(2, hour(2), "s", "promoted", "a", version=1, alias=PRODUCTION),
        Event(3, hour(3), "s", "judged", "a", version=2, blocks=False),
        Event(4, hour(4), "s", "promoted", "a", version=2, alias=PRODUCTION, from_version=1),
        Event(5, hour(5), "s", "rolled_back", "a", version=1, alias=PRODUCTION, from_version=2),
        Event(6, hour(6), "s", "judged", "a", version=3, blocks=False),
        Event(7, hour(7), "s", "judged", "a", version=4, blocks=True),
    ]
    production = Alias("s", PRODUCTION, 1, hour(5), held=True)
    one_set = SetView([], versions, events, {PRODUCTION: production})
    return View({"s": one_set}, hour(7), hour(7), LogHead("", 7, ""))


@pytest.mark.parametrize(
    ("at", "number"),
    [
        (At(), 1),
        (At("latest"), 3),
        (At("4"), 4),
        (At(as_of=hour(2)), 1),
        (At(as_of=hour(4)), 2),
        (At(as_of=hour(5)), 1),
        (At("latest", hour(3)), 2),
    ],
)
def test_resolve(at: At, number: int) -> None:
    """A ref means what it meant at the moment, that moment included."""
    assert view_of().resolve("s", at).version == number


@pytest.mark.parametrize(
    ("name", "at", "code"),
    [
        ("other", At(), "unknown_set"),
        ("s", At(9), "unknown_version"),
        ("s", At("beta"), "unknown_alias"),
        ("s", At(as_of=hour(1)), "before_first"),
        ("s", At(1, hour(1)), "as_of_with_number"),
        ("s", At(as_of=datetime(9000, 1, 1, tzinfo=UTC)), "as_of_in_future"),
        ("s", At(1, shape=2), "shape_with_number"),
        ("s", At(clock="released"), "bad_clock"),
    ],
)
def test_what_cannot_be_resolved(name: str, at: At, code: str) -> None:
    """Each has a code of its own."""
    with pytest.raises(EstimatesError) as error:
        view_of().resolve(name, at)
    assert error.value.code == code


def test_states() -> None:
    """Each state is derived from events, the first that is true."""
    view = view_of()
    states = [view.state(version) for version in view.sets["s"].versions]
    assert states == ["production", "rolled_back", "candidate", "refused", "unjudged", "expired"]


def test_what_production_pointed_to() -> None:
    """Spans and predecessors follow the moves; what was rolled back from is no former version."""
    one_set = view_of().set("s")
    assert one_set.spans == {1: [(hour(2), hour(4)), (hour(5), None)], 2: [(hour(4), hour(5))]}
    assert [before.version for before in one_set.predecessors(one_set.versions[2], 5)] == [2, 1]
    assert [before.version for before, _ in one_set.former(PRODUCTION)] == [1]


def test_a_value_is_memoized() -> None:
    """It is made once for a moment of a set."""
    made, one_set = list[int](), view_of().set("s")

    def make() -> int:
        made.append(1)
        return len(made)

    assert [one_set.memoize("what", make) for _ in range(3)] == [1, 1, 1]
