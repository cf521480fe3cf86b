"""Whether values can be what they say they are: edges of bounds, order, sums and dates."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates_jobs.hub.submission_rows import Submission
from estimates_jobs.hub.value_checks import (
    crossing_faults,
    date_faults,
    level_of,
    sum_faults,
    value_faults,
)
from tests.jobs.hub.small_rounds import MEAN, ids, submission, table, task

PLACES = ("US", "01")
LEVELS = ("0.025", "0.1", "0.5", "0.90", "0.975", "1e-3")
VALUES = st.one_of(st.none(), st.sampled_from([-1.0, 0.0, 1.0, 2.0, math.nan, math.inf]))


def of_places(kind: str, spec: dict[str, Any], *rows: tuple[object, ...]) -> Submission:
    """A submission of one output type by place; rows are place, id and value."""
    lines = [(place, kind, mark) for place, mark, _ in rows]
    made = table(["place"], *((*line, None) for line in lines))
    values = pl.Series("value", [value for *_, value in rows], dtype=pl.Float64)
    return submission([task({"place": ids(PLACES)}, {kind: spec})], made.with_columns(values))


@pytest.mark.parametrize(
    ("text", "level"),
    [("0.10", 0.1), ("1e-1", 0.1), ("0.1000000000000001", 0.1), ("-2", -2.0), ("EW01", None)],
)
def test_levels_are_numbers_however_they_are_written(text: str, level: float | None) -> None:
    """To twelve decimals; what is no number has none."""
    assert level_of(text) == level


@pytest.mark.parametrize(
    ("bound", "allowed", "refused"),
    [
        ({"minimum": 0}, 0.0, -1e-9),
        ({"maximum": 1}, 1.0, 1.0000001),
        ({"exclusiveMinimum": 0}, 1e-300, 0.0),
        ({"exclusiveMaximum": 1}, 0.999, 1.0),
    ],
)
def test_ends_are_within_unless_they_are_excluded(
    bound: dict[str, float], allowed: float, refused: float
) -> None:
    """A finding names the rows beyond."""
    spec = {"value": bound}
    assert list(value_faults(of_places("mean", spec, ("US", None, allowed)))) == []
    rows = ("US", None, allowed), ("01", None, refused)
    (finding,) = value_faults(of_places("mean", spec, *rows))
    assert (finding.check, finding.rows) == ("bounds", 1)
    assert finding.examples[0].startswith("row 2: place 01")


def test_a_bound_is_named_as_it_is_configured() -> None:
    """All its digits."""
    spec = {"value": {"maximum": 12345678, "minimum": 0.25}}
    rows = ("US", None, 12345679.0), ("01", None, 0.125)
    messages = [finding.message for finding in value_faults(of_places("mean", spec, *rows))]
    assert messages == ["mean below 0.25", "mean above 12345678"]


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_said_once(value: float | None) -> None:
    """It is neither beyond a bound nor a fraction."""
    spec = {"value": {"type": "integer", "minimum": 0, "maximum": 9, "exclusiveMaximum": 10}}
    (finding,) = value_faults(of_places("mean", spec, ("US", None, value)))
    assert (finding.check, finding.message) == ("values", "mean without a value")


def test_large_counts_are_integers() -> None:
    """Above 2^53 every double is one; a fraction is not."""
    spec = {"value": {"type": "integer"}}
    assert list(value_faults(of_places("mean", spec, ("US", None, 2.0**60)))) == []
    (finding,) = value_faults(of_places("mean", spec, ("US", None, 0.5)))
    assert finding.message == "mean that is no integer"


def falls(rows: list[tuple[str, str, float | None]]) -> Iterator[tuple[str, str]]:
    """Place and level of each value that is less than the one of the level before."""
    for place in PLACES:
        known = [
            (float(level), level, value)
            for of_place, level, value in rows
            if of_place == place and value is not None and math.isfinite(value)
        ]
        for (_, _, before), (_, level, value) in pairwise(sorted(known)):
            if value < before:
                yield place, level


@given(
    st.lists(
        st.tuples(st.sampled_from(PLACES), st.sampled_from(LEVELS), VALUES),
        unique_by=lambda row: row[:2],
    )
)
def test_quantiles_may_not_fall(rows: list[tuple[str, str, float | None]]) -> None:
    """By the number of their levels, whatever the order of rows; equal ones do not."""
    made = of_places("quantile", {"output_type_id": ids(LEVELS)}, *rows)
    expected = [*falls(rows)]
    findings = [*crossing_faults(made)]
    assert [finding.rows for finding in findings] == [len(expected)] * bool(expected)
    if expected:
        tasks = len({place for place, _ in expected})
        assert findings[0].message.startswith(f"quantiles of {tasks} task")


@pytest.mark.parametrize(
    ("chances", "severity"),
    [
        ((0.2, 0.5, 0.3), None),
        ((1.0, 0.0, 0.0), None),
        ((0.333, 0.333, 0.333), "warn"),
        ((0.33, 0.33, 0.33), "fail"),
        ((0.3333, 0.3333, 0.3333), "warn"),
        ((0.3333, 0.3333, 0.3331), "fail"),
        ((0.3, 0.3, 0.3), "fail"),
        ((1.0, 1.0, 0.0), "fail"),
        ((0.1, 0.2, None), "fail"),
        ((1 / 3, 1 / 3, 1 / 3), None),
    ],
)
def test_probabilities_add_up_but_for_their_rounding(
    chances: tuple[float | None, ...], severity: str | None
) -> None:
    """At most a thousandth, and half a unit of the last decimal for each, is a warning."""
    rows = [("US", label, chance) for label, chance in zip("abc", chances, strict=True)]
    findings = [*sum_faults(of_places("pmf", {"output_type_id": ids("abc")}, *rows))]
    assert [finding.severity for finding in findings] == ([severity] if severity else [])
    if severity:
        assert findings[0].rows == 3


START = date(2025, 11, 8)


def dated(*rows: tuple[int | None, int], unit: str = "week", end: str = "target_end_date") -> Any:
    """The faults of rows of a step and the days to the target."""
    keys = {
        "reference_date": ids((str(START),)),
        "horizon": ids((), (0, 1, 2, 3)),
        end: ids((), [str(START + timedelta(days=day)) for day in range(-30, 30)]),
    }
    lines = [("r1", step, START + timedelta(days=days), "mean", None, 1) for step, days in rows]
    made = table([*keys], *((str(START), *line[1:]) for line in lines))
    tasks = [task(keys, MEAN, target_metadata=[{"time_unit": unit}])]
    of_round = submission(tasks, made).of_round._replace(variable="reference_date", name=str(START))
    return [*date_faults(submission(tasks, made)._replace(of_round=of_round))]


def test_a_target_lies_as_far_ahead_as_its_horizon_says() -> None:
    """In days or weeks; what horizon 0 stands for is the hub's own affair."""
    assert dated((0, 0), (1, 7), (2, 14)) == []
    assert dated((0, -7), (1, 0), (2, 7), end="target_date") == []
    assert dated((0, 0), (1, 1), (2, 2), unit="days") == []
    assert dated((0, 0), (1, 1), unit="month") == []
    assert dated((1, 7)) == []
    assert dated((None, 7), (1, 7)) == []
    (finding,) = dated((0, 0), (1, 7), (2, 15))
    assert (finding.check, finding.rows) == ("dates", 1)
    assert finding.message.startswith("target_end_date is not horizon × 1 week after")
    assert finding.examples[0].startswith("row 3: ")
    (finding,) = dated((0, -1), (1, 7), (2, 14))
    assert finding.examples[0].startswith("row 1: ")
