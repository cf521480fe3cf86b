"""How good the estimates were, drawn."""

from __future__ import annotations

from estimates.accuracy.accuracy_report import PitBin
from estimates_api.desk.accuracy_pictures import coverage_picture, pit_picture


def test_a_bar_is_as_high_as_its_density() -> None:
    """1 is as promised: there the bar ends at the line, whatever the width of its bin."""
    picture = pit_picture([PitBin(0, 0.5, 0.5, 50, 0.5), PitBin(0.5, 0.6, 0.1, 20, 0.2)])
    assert picture is not None
    level = float(picture.lines[0].points.split(",")[1].split()[0])
    assert float(picture.areas[0].y) == level
    assert picture.areas[1].y < level
    assert picture.areas[1].width < picture.areas[0].width / 4
    assert picture.areas[1].words == (
        "between the quantiles 0.5 and 0.6: 20 keys, 20.0 %; expected 10.0 %"
    )


def test_bins_that_nothing_should_fall_into() -> None:
    """They have no density, and alone no picture."""
    assert pit_picture([PitBin(0, 0, 0.0, 3, 0.1)]) is None
    assert pit_picture([]) is None


def test_no_coverage_without_two_horizons() -> None:
    """A line needs two places."""
    assert coverage_picture([]) is None
