"""Keys whose time has come when the data end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from estimates_jobs.run.elapsed_keys import elapsed_keys, elapsed_sentence
from tests.builders import contract, frame
from tests.gate.cases import many, many_rows

MIDNIGHT = datetime(2024, 6, 3, tzinfo=UTC)


def test_a_date_elapses_with_its_first_moment() -> None:
    """In UTC; that moment itself was seen."""
    instant = timedelta(microseconds=1)
    assert elapsed_keys(frame(), contract(), MIDNIGHT - instant) == 0
    assert elapsed_keys(frame(), contract(), MIDNIGHT) == 3
    assert elapsed_keys(frame(), contract(), MIDNIGHT + timedelta(days=1)) == 6
    assert elapsed_keys(frame().clear(), contract(), MIDNIGHT) == 0


def test_without_dates_nothing_elapses() -> None:
    """Neither without a target, nor where its column is missing or no time."""
    assert elapsed_keys(many_rows(10), many(), MIDNIGHT) == 0
    assert elapsed_keys(frame().drop("target_date"), contract(), MIDNIGHT) == 0
    text = frame().cast({"target_date": str})
    assert elapsed_keys(text, contract(), MIDNIGHT) == 0


def test_the_sentence_says_how_many_and_through_when() -> None:
    """One key elapses, several elapse."""
    assert elapsed_sentence(1, 6, MIDNIGHT).startswith("1 of 6 keys elapses: the target is not")
    many_of_them = elapsed_sentence(1200, 1500, MIDNIGHT)
    assert many_of_them.startswith("1,200 of 1,500 keys elapse: ")
    assert "2024-06-03T00:00:00Z" in many_of_them
