"""Charts of a notebook: axes of time, bands, and what is said of what is left out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from estimates.render.plots import bars, moments, values
from estimates.render.vega import svg

START = datetime(2024, 1, 31, 22, tzinfo=UTC)


def axis_of(*texts: str) -> tuple[str, Any, str]:
    """The form of the labels of an axis of these times, its ticks, and its title."""
    rows = [{"x": text, "series": "", "value": 1.0} for text in texts]
    chart = values(rows, "day", "v", dated=True).to_dict()
    assert svg(chart).startswith("<svg")
    x = chart["layer"][0]["encoding"]["x"]
    return x["axis"]["format"], x["axis"]["tickCount"], x["title"]


def moments_within(span: timedelta) -> list[str]:
    """The ends of a span of time."""
    return [at.isoformat().replace("+00:00", "Z") for at in (START, START + span)]


@pytest.mark.parametrize(
    ("span", "form", "title"),
    [
        (timedelta(days=3), "%Y-%m-%d", "day"),
        (timedelta(days=3) - timedelta(seconds=1), "%m-%d %H:%M", "day, UTC"),
        (timedelta(hours=20), "%m-%d %H:%M", "day, UTC"),
        (timedelta(hours=19), "%H:%M", "day, UTC, 2024-01-31"),
        (timedelta(minutes=6), "%H:%M", "day, UTC, 2024-01-31"),
        (timedelta(minutes=5), "%H:%M:%S", "day, UTC, 2024-01-31"),
        (timedelta(0), "%H:%M:%S", "day, UTC, 2024-01-31"),
    ],
)
def test_an_axis_of_times_says_what_tells_them_apart(
    span: timedelta, form: str, title: str
) -> None:
    """Days, or within a few of them the time of day and which day that is, in UTC."""
    assert axis_of(*moments_within(span))[::2] == (form, title)


@pytest.mark.parametrize(
    ("days", "ticks"),
    [
        (0, {"interval": "day", "step": 1}),
        (5, {"interval": "day", "step": 1}),
        (6, {"interval": "day", "step": 2}),
        (60, {"interval": "day", "step": 11}),
        (61, 6),
    ],
)
def test_dates_have_a_tick_on_whole_days(days: int, ticks: object) -> None:
    """At most six of them, however few dates there are."""
    ends = [START.date().isoformat(), (START.date() + timedelta(days=days)).isoformat()]
    assert axis_of(*ends)[:2] == ("%Y-%m-%d", ticks)


def test_a_band_lies_behind_its_line() -> None:
    """Where there are ends; a single series needs no legend."""
    rows = [{"x": "1", "series": "a", "value": 1.0, "lower": 0.5, "upper": 2.0}]
    layers = values(rows, "step", "v", band=True).to_dict()["layer"]
    assert [layer["mark"]["type"] for layer in layers] == ["area", "line"]
    assert "field" not in layers[0]["encoding"]["color"]
    assert len(values(rows, "step", "v").to_dict()["layer"]) == 1


@pytest.mark.parametrize(("count", "note"), [(10, "half of it"), (11, "10 of 11 series")])
def test_series_beyond_the_tenth_are_left_out(count: int, note: str) -> None:
    """And the note says so, in place of another one."""
    rows = [{"x": "1", "series": f"s{n}", "value": float(n)} for n in range(count)]
    chart = values(rows, "x", "v", left_out="half of it").to_dict()
    assert chart["title"]["text"] == note
    assert len(chart["data"]["values"]) == 10


def test_texts_of_bars_stand_right_of_zero_and_of_the_bar() -> None:
    """Only the colours that are there have a legend."""
    rows = [
        {"name": "a", "value": -2.0, "text": "−2", "beyond": False},
        {"name": "b", "value": 3.0, "text": "+3", "beyond": False},
    ]
    chart = bars(rows, "change", within="small", beyond="large").to_dict()
    assert [row["end"] for row in chart["data"]["values"]] == [0.0, 3.0]
    assert chart["layer"][0]["encoding"]["color"]["scale"]["domain"] == ["small"]
    assert svg(bars([], "change", within="small", beyond="large").to_dict()).startswith("<svg")


def test_versions_are_dots_by_their_state() -> None:
    """Without a version there is an empty picture."""
    row = {"set": "s", "version": 1, "state": "refused", "published": "2024-01-01T00:00:00Z"}
    chart = moments([row]).to_dict()
    assert chart["encoding"]["color"]["scale"]["domain"] == ["refused"]
    assert svg(moments([]).to_dict()).startswith("<svg")
