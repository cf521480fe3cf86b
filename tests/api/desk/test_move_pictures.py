"""How far production moved, drawn."""

from __future__ import annotations

from datetime import UTC, datetime

from estimates.compare.series_report import ColumnMove, PairMove
from estimates_api.desk.move_pictures import move_picture

_AT = datetime(2024, 6, 3, tzinfo=UTC)


def move(to: int, p50: float | None, p95: float | None, measure: str = "relative") -> PairMove:
    """Production moved from the version before."""
    column = ColumnMove(10, 1.0, p50, p95, 0.0, 0.0, 0.0, None, measure, p50, p95)
    return PairMove(to - 1, to, "promoted", _AT, _AT, columns={"value": column})


def test_each_move_has_a_middle_and_a_far_end() -> None:
    """Dots lead to the diff of the move and say it in percent; the larger change lies higher."""
    picture = move_picture("s", [move(2, 0.01, 0.1), move(3, 0.02, 0.3)], "value")
    assert picture is not None
    assert [(dot.kind, dot.path, dot.words) for dot in picture.dots][:2] == [
        ("middle", "/sets/s/diff/1/2", "version 1 to 2: half by 1.00 %"),
        ("far", "/sets/s/diff/1/2", "version 1 to 2: 1 in 20 over 10.0 %"),
    ]
    assert picture.dots[1].y > picture.dots[3].y  # upwards is less
    assert [tick.label for tick in picture.x_ticks] == ["1 → 2", "2 → 3"]


def test_points_are_written_as_points() -> None:
    """A share's change is in percentage points, on the axis too."""
    picture = move_picture("s", [move(2, 0.01, 0.1, "points")], "value")
    assert picture is not None
    assert picture.dots[0].words.endswith("half by 0.01 pp")


def test_moves_that_say_nothing() -> None:
    """They keep their place; without any other there is no picture."""
    picture = move_picture("s", [move(2, None, None), move(3, 0.1, 0.2)], "value")
    assert picture is not None
    assert len(picture.dots) == 2
    assert picture.dots[0].x == picture.x_ticks[1].at
    assert move_picture("s", [move(2, None, None)], "value") is None
    assert move_picture("s", [move(2, 0.1, 0.2)], "other") is None


def test_few_labels_below_many_moves() -> None:
    """At most twelve of thirty."""
    picture = move_picture("s", [move(to, 0.1, 0.2) for to in range(2, 32)], "value")
    assert picture is not None
    assert [tick.label for tick in picture.x_ticks][:2] == ["1 → 2", "4 → 5"]
    assert len(picture.x_ticks) == 10
