"""The rows of a submission as a hub's tasks see them."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl
import pytest

from estimates_jobs.hub.submission_rows import TASK, examples, is_in, text_of
from tests.jobs.hub.small_rounds import MEAN, ids, submission, table, task


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        (True, "true"),
        (0, "0"),
        (2.0, "2"),
        (-1.0, "-1"),
        (2.5, "2.5"),
        (2**60, str(2**60)),
        (float("inf"), "inf"),
        ("01", "01"),
    ],
)
def test_values_of_a_configuration_are_what_cells_have(value: object, text: str | None) -> None:
    """Whole numbers without decimals, of any size; codes as they are."""
    assert text_of(value) == text


ENDS = {"horizon": ids((0, 1)), "target_end_date": ids(("2025-11-08", "2025-11-15"))}
ROW = ("2025-11-08", "0", "2025-11-08", "mean", None, 1)


@pytest.mark.parametrize("origin", ["reference_date", "origin_date", "forecast_date"])
def test_a_target_date_follows_from_an_origin_and_a_horizon(origin: str) -> None:
    """Nothing is required of it then."""
    rows = table([origin, *ENDS], ROW)
    made = submission([task({origin: ids(("2025-11-08",)), **ENDS}, MEAN)], rows)
    assert "target_end_date" in made.derived
    assert made.free == [origin, "horizon"]


def test_a_target_date_follows_from_the_rounds_own_date() -> None:
    """Whatever the task id that names the round is called."""
    rows = table(["issued", *ENDS], ("r1", *ROW[1:]))
    tasks = [task({"issued": ids(("r1",)), **ENDS}, MEAN)]
    assert "target_end_date" in submission(tasks, rows, variable="issued").derived
    assert "target_end_date" not in submission(tasks, rows).derived


def test_without_an_origin_a_target_date_follows_from_nothing() -> None:
    """A horizon alone says no date, so the round may require some."""
    tasks = [task(ENDS, MEAN)]
    assert submission(tasks, table([*ENDS], ROW[1:])).free == ["horizon", "target_end_date"]
    dates = {"reference_date": ids(("2025-11-08",)), "target_end_date": ENDS["target_end_date"]}
    rows = table([*dates], ("2025-11-08", *ROW[2:]))
    assert submission([task(dates, MEAN)], rows).free == [*dates]


def test_each_row_has_the_first_task_that_asks_for_it() -> None:
    """By all its task ids and its output type; null where no task does."""
    tasks = [
        task({"place": ids(("US",)), "step": ids((1,))}, MEAN),
        task({"place": ids((), ("US", "01")), "step": ids((), (1, 2))}, MEAN),
        task({"place": ids(), "step": ids((1,))}, MEAN),
    ]
    rows = table(
        ["place", "step"],
        ("US", 1, "mean", None, 1),
        ("US", 2, "mean", None, 1),
        (None, 1, "mean", None, 1),
        ("NA", 1, "mean", None, 1),
        ("01", 3, "mean", None, 1),
        ("01", 1, "median", None, 1),
        ("01", None, "mean", None, 1),
    )
    made = submission(tasks, rows)
    assert made.frame[TASK].to_list() == [0, 1, 2, 2, None, None, None]
    assert made.of_task(2).height == 2
    assert made.of_task(1, "median").height == 0


def test_cells_of_other_types_are_the_same_text() -> None:
    """Days and times of day, floats and integers; `NA` stays where it is a value of its own."""
    keys = {"day": ids(("2025-11-08",)), "step": ids((1,)), "place": ids(("NA", "DE"))}
    rows = pl.DataFrame(
        {
            "day": [datetime(2025, 11, 8), datetime(2025, 11, 8)],
            "step": [1.0, None],
            "place": [" NA", "DE "],
            "output_type": "mean",
            "output_type_id": "NA",
            "value": [1, 2],
        }
    )
    frame = submission([task(keys, MEAN)], rows).frame
    assert frame.select("day", "step", "place", "output_type_id").rows() == [
        ("2025-11-08", "1", "NA", None),
        ("2025-11-08", None, "DE", None),
    ]
    typed = rows.with_columns(pl.lit(date(2025, 11, 8)).alias("day"), step=pl.lit(1))
    assert submission([task(keys, MEAN)], typed).frame["step"].to_list() == ["1", "1"]


def test_null_is_among_values_where_it_is_allowed() -> None:
    """And is no answer to any other question."""
    rows = pl.DataFrame({"place": ["US", None, "01"]})
    chosen = [
        rows.select(is_in("place", allowed)).to_series().to_list()
        for allowed in (["US"], [None], ["01", None], [])
    ]
    assert chosen == [
        [True, False, False],
        [False, True, False],
        [False, True, True],
        [False, False, False],
    ]


def test_examples_are_the_first_rows_in_words() -> None:
    """With the number of the row where it is known."""
    made = submission(
        [task({"place": ids(("US",))}, MEAN)],
        table(["place"], *(("US", "mean", None, n) for n in range(5))),
    )
    assert examples(made.frame, ["place", "output_type_id"]) == (
        "row 1: place US, output_type_id NA",
        "row 2: place US, output_type_id NA",
        "row 3: place US, output_type_id NA",
    )
    assert examples(pl.DataFrame({"place": ["US"]}), ["place"]) == ("place US",)
