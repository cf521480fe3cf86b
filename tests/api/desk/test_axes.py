"""Scales and ticks: places to a tenth of a point, round values, round moments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from estimates_api.desk.axes import Scale, path_of, scale_of, ticks, time_ticks


def test_a_scale_maps_its_ends() -> None:
    """The ends lie at the ends, also of an axis that runs upwards; of one value in the middle."""
    assert [Scale(0, 4, 100, 20)(value) for value in (0, 1, 4)] == [100, 80, 20]
    assert Scale(3, 3, 0, 50)(3) == 25
    assert Scale(0, 3, 0, 1)(1) == 0.3


def test_a_scale_leaves_room_and_ignores_what_is_not_finite() -> None:
    """A share of the span at both ends; infinities and NaN do not stretch it."""
    values = [0.0, 10.0, float("inf"), float("nan")]
    assert scale_of(values, 0, 100, room=0.1)[:2] == (-1, 11)
    assert scale_of([], 0, 100)[:2] == (0, 0)


@pytest.mark.parametrize(
    ("low", "high", "most", "labels"),
    [
        (0, 100, 5, ["0", "20", "40", "60", "80", "100"]),
        (0.12, 0.31, 5, ["0.15", "0.2", "0.25", "0.3"]),
        (-3, 3, 5, ["−2", "0", "2"]),
        (7, 7, 5, ["7"]),
    ],
)
def test_ticks_are_round(low: float, high: float, most: int, labels: list[str]) -> None:
    """Steps of 1, 2 or 5 times a power of ten, at most so many of them."""
    assert [tick.label for tick in ticks(Scale(low, high, 0, 100), most)] == labels


@pytest.mark.parametrize(
    ("span", "labels"),
    [
        (timedelta(days=3), ["2024-06-03", "2024-06-04", "2024-06-05"]),
        (timedelta(hours=3), ["06-03 00:00", "06-03 01:00", "06-03 02:00"]),
        (timedelta(0), ["2024-06-03 00:00"]),
    ],
)
def test_moments_are_round(span: timedelta, labels: list[str]) -> None:
    """Days or hours, without a label that the edge of the picture would cut."""
    start = datetime(2024, 6, 3, tzinfo=UTC)
    scale = Scale(start.timestamp(), (start + span).timestamp(), 0, 700)
    assert [tick.label for tick in time_ticks(scale)] == labels


def test_a_path_is_short() -> None:
    """Whole numbers have no point."""
    assert path_of([(1.0, 2.5), (3.0, 4.0)]) == "1,2.5 3,4"
