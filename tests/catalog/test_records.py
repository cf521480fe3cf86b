"""Records that check themselves, and what follows from their fields."""

from __future__ import annotations

from datetime import datetime

from estimates.catalog.records import InputDigest, LogHead, Provenance
from tests.builders import code_of
from tests.catalog.histories import event, hour, version


def newest(*times: float | None) -> datetime:
    """How new the data of a run are whose inputs end at these hours."""
    inputs = tuple(
        InputDigest(str(i), "x", "d", newest=None if time is None else hour(time))
        for i, time in enumerate(times)
    )
    return Provenance(hour(10), "r", inputs=inputs).newest_data


def test_a_run_is_as_new_as_its_oldest_input() -> None:
    """Never newer than what it could see; inputs without a time say nothing."""
    assert newest() == hour(10)
    assert newest(None) == hour(10)
    assert newest(4, 7, None) == hour(4)
    assert newest(12) == hour(10)


def test_a_run_has_a_zone_and_a_name() -> None:
    """Both are refused where the record is made."""
    assert code_of(lambda: Provenance(datetime(2026, 1, 1), "r")) == "bad_time"
    assert code_of(lambda: Provenance(hour(1), " \t")) == "bad_run_id"


def test_a_version_is_behind_one_that_saw_newer_data() -> None:
    """Its number says nothing about that."""
    old, new = version(2, provenance=Provenance(hour(1), "r")), version(1)
    assert not old.is_behind(new)
    assert old.is_behind(version(1, provenance=Provenance(hour(2), "s")))


def test_who_did_something_is_said_with_the_claim() -> None:
    """The claim never stands alone."""
    assert event(1, "judged", 1).who == "ann"
    assert event(1, "judged", 1, claimed="bea").who == "ann, as bea"


def test_an_event_prints_what_happened() -> None:
    """Number, what, when, who and why, without the fields that say nothing."""
    moved = event(24, "promoted", 8, reason="checked")
    assert (
        repr(moved)
        == f"Event(24 promoted {moved.set} 8, {moved.at:%Y-%m-%d %H:%M} UTC by ann: checked)"
    )


def test_the_end_of_a_log_is_a_word() -> None:
    """Its event and digest, as `estimates audit --head` takes it."""
    assert LogHead("s", 57, "9f86").text() == "57:9f86"
