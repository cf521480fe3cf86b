"""Which rows of a frame go to which version, and back into their order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from estimates.catalog.release_clock import Moves
from estimates.contract.columns import key_text
from estimates.reading.as_of_plan import CARRIED, NONE, STATUS, AsOfPlan, carried_mark
from tests.builders import TARGETS, code_of, contract
from tests.catalog.histories import hour, version

MOVES: Moves = [(hour(2), 1), (hour(4), 2), (hour(6), None)]


def rows(*hours: float, **more: Any) -> pl.DataFrame:
    """A row of the key `A` at each of these hours."""
    return pl.DataFrame(
        {
            "at": [hour(number) for number in hours],
            "ticker": "A",
            "target_date": TARGETS[0],
            "n": range(len(hours)),
        }
    ).with_columns(**{name: pl.lit(value) for name, value in more.items()})


def plan(frame: pl.DataFrame, moves: Moves = MOVES, **more: Any) -> AsOfPlan:
    """The plan of a join at the column `at`."""
    known: dict[str, Any] = {
        "time": "at",
        "fields": None,
        "clock": None,
        "moves": moves,
        "present": hour(99),
    } | more
    return AsOfPlan(contract(), frame, **known)


def test_each_row_goes_to_the_version_in_force_at_its_time() -> None:
    """From the very moment of the move; none before the first, and none once it was removed."""
    of = plan(rows(1, 4, 2, 3, 6, 5))
    assert [(number, keys.height) for number, keys in of.groups] == [(NONE, 2), (1, 2), (2, 2)]
    assert [number for number, _ in plan(rows(4)).groups] == [2]
    instant = timedelta(microseconds=1)
    just = rows(0).with_columns(at=pl.lit(hour(4) - instant))
    assert [number for number, _ in plan(just).groups] == [1]


def test_answers_come_back_in_the_frames_order() -> None:
    """Each beside its own row."""
    of = plan(rows(5, 1, 3), fields=["value"])
    answers = []
    for number, keys in of.groups:
        read = version(number) if number else None
        refused = of.refusal(keys, read, 1)
        if refused is None:
            answered = keys.select(pl.lit(float(number)).alias("value"), pl.lit("ok").alias(STATUS))
            refused = of.answer(answered, read)
        answers.append(refused)
    joined = of.joined(answers)
    assert joined.columns == [*rows(1).columns, "value", "version", "published_at", "status"]
    assert joined.select("n", "value", "version", "status").rows() == [
        (0, 2.0, 2, "ok"),
        (1, None, None, "before_first"),
        (2, 1.0, 1, "ok"),
    ]


def test_why_no_version_answers() -> None:
    """Nothing promoted yet, another shape, files that are gone."""
    of = plan(rows(3))
    keys = of.groups[0][1]

    def status(of: AsOfPlan, read: Any, shape: int = 1) -> str | None:
        refused = of.refusal(keys, read, shape)
        return None if refused is None else refused["status"][0]

    assert status(of, None) == "before_first"
    assert status(plan(rows(3), []), None) == "nothing_promoted"
    assert status(of, version(1), 2) == "other_shape"
    assert status(of, version(1, expired_at=hour(9))) == "expired"
    assert status(of, version(1)) is None


@pytest.mark.parametrize(
    ("frame", "more", "code"),
    [
        (rows(3), {"time": None}, "bad_time"),
        (rows(3), {"deadline": "PT1H"}, "bad_time"),
        (rows(3).drop("ticker"), {}, "columns"),
        (rows(3).rename({"at": "when"}), {}, "columns"),
        (rows(3, value=1.0), {}, "columns"),
        (rows(3, status="x"), {}, "columns"),
        (rows(3), {"fields": ["nothing"]}, "unknown_field"),
        (rows(100), {}, "as_of_in_future"),
        (rows(3).with_columns(ticker=pl.lit(None, pl.String)), {}, "null_key"),
        (rows(3), {"clock": "wall"}, "bad_clock"),
    ],
)
def test_what_cannot_be_joined_is_refused(
    frame: pl.DataFrame, more: dict[str, Any], code: str
) -> None:
    """Before any version is asked."""
    assert code_of(lambda: plan(frame, **more)) == code


def test_a_column_of_the_set_that_is_not_asked_for_may_stand_in_the_frame() -> None:
    """The join adds only what is asked for."""
    assert plan(rows(3, value=1.0), fields=["note"]).columns == ["note"]


def test_by_claims_the_join_says_what_is_one() -> None:
    """With the claimed time."""
    of = plan(rows(3), clock="released", fields=[])
    answer = of.answer(
        of.groups[0][1].select(pl.lit("ok").alias(STATUS)), version(1, released_at=hour(1))
    )
    assert answer.select("version", "released_at", "imported").rows() == [(1, hour(1), True)]
    own = of.answer(of.groups[0][1].select(pl.lit("ok").alias(STATUS)), version(1))
    assert own["imported"].to_list() == [False]


def test_rows_that_are_carried_over_are_marked() -> None:
    """By the text of their group, as keys are written, whatever its type; null is in none."""
    marks = pl.DataFrame({"g": [1, 2, None]}).select(carried_mark("g", ["2"]))[CARRIED]
    assert marks.to_list() == [False, True, False]
    for values in (
        [hour(1), hour(2), None],
        [TARGETS[0], TARGETS[1], None],
        [False, True, None],
        [1.0, 1e16, None],
        ["a", "b", None],
    ):
        column = pl.DataFrame({"g": values})
        marks = column.select(carried_mark("g", [key_text(values[1])]))[CARRIED]
        assert marks.to_list() == [False, True, False], values
        assert column.clear().select(carried_mark("g", ["b"]))[CARRIED].to_list() == []


def test_nanoseconds_are_cut() -> None:
    """So that no row sees what came after it."""
    fine = rows(3).with_columns(
        at=pl.lit(hour(4), pl.Datetime("us", "UTC")).cast(pl.Datetime("ns", "UTC"))
        - pl.duration(nanoseconds=1)
    )
    assert [number for number, _ in plan(fine).groups] == [1]
