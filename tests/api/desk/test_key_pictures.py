"""One key through the versions, drawn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from estimates_api.desk.key_pictures import fan, hedgehog, interval_ends
from estimates_api.http.bodies import HistoryEntry, Span, TriangleBody

_AT = datetime(2024, 6, 3, tzinfo=UTC)
_LEVELS: dict[str, Any] = {
    "p": {},
    "lo": {"role": "lower", "level": 0.8},
    "hi": {"role": "upper", "level": 0.8},
    "wide_lo": {"role": "lower", "level": 0.95},
    "wide_hi": {"role": "upper", "level": 0.95},
}


def entry(version: int, produced: bool = True, **estimate: float) -> HistoryEntry:
    """What a version said, a day after the one before."""
    at = _AT + timedelta(days=version)
    spans = [Span(at, at + timedelta(days=1))] if produced else []
    return HistoryEntry(version, at, at, "production", spans, estimate or None)


def test_intervals_around_a_point() -> None:
    """The widest first; one with a single end is none."""
    assert interval_ends(_LEVELS, "p") == [
        (0.95, "wide_lo", "wide_hi"),
        (0.8, "lo", "hi"),
    ]
    assert interval_ends({"p": {}, "lo": _LEVELS["lo"]}, "p") == []


def test_intervals_of_another_point() -> None:
    """Ends belong to the first point unless they name theirs."""
    columns = _LEVELS | {"q": {}, "q_lo": {"role": "lower", "level": 0.5, "of": "q"}}
    columns |= {"q_hi": {"role": "upper", "level": 0.5, "of": "q"}}
    assert interval_ends(columns, "q") == [(0.5, "q_lo", "q_hi")]
    assert len(interval_ends(columns, "p")) == 2


@pytest.mark.parametrize("column", ["p", "q50"])
def test_quantiles_are_ends(column: str) -> None:
    """Of 0.1 and 0.9 an interval of 80 %; the median is no end, and stands for its point."""
    columns = {
        name: {"role": "quantile", "quantile": level}
        for name, level in {"q10": 0.1, "q50": 0.5, "q90": 0.9, "q97": 0.97}.items()
    }
    if column == "p":
        columns["p"] = {"role": "point"}
    assert interval_ends(columns, column) == [(0.8, "q10", "q90")]


def test_a_fan_has_a_dot_a_version_and_a_line_through_production() -> None:
    """A version that was never in production is a dot beside the line."""
    history = [entry(1, v=10.0), entry(2, produced=False, v=30.0), entry(3, v=20.0), entry(4)]
    picture = fan("s", history, "v", [], came=15.0)
    assert picture is not None
    assert [dot.path for dot in picture.dots] == [f"/sets/s/versions/{v}" for v in (1, 2, 3)]
    way = next(line for line in picture.lines if line.kind == "way")
    assert len(way.points.split()) == 2
    assert any(line.words == "came: 15" for line in picture.lines)
    assert picture.dots[1].y < picture.dots[2].y < picture.dots[0].y


def test_a_fan_without_a_number() -> None:
    """None where no version has one."""
    assert fan("s", [entry(1), entry(2)], "v", []) is None


def paths(columns: list[str], rows: list[list[str | float | None]]) -> TriangleBody:
    """A triangle across versions of keys that differ in their last part."""
    versions = [int(name[1:]) for name in columns if name[0] == "v"]
    return TriangleBody("s", "p", None, [], versions, len(rows), [], None, [], columns, rows)


def test_a_hedgehog_has_a_path_a_version() -> None:
    """Of the versions that are to be drawn; the one told apart has its own kind."""
    rows: list[list[str | float | None]] = [
        ["a", "2024-06-03", 1.0, 2.0, 3.0],
        ["a", "2024-06-04", 1.5, None, 3.5],
    ]
    triangle = paths(["ticker", "day", "v1", "v2", "v3"], rows)
    picture = hedgehog(triangle, "day", [1, 3], 3, here="2024-06-04", came={"2024-06-03": 2})
    assert picture is not None
    assert [(line.kind, line.words) for line in picture.lines] == [
        ("here", ""),
        ("spine", "version 1"),
        ("newest", "version 3"),
        ("actual", "what came"),
    ]
    assert hedgehog(paths(triangle.columns, rows[:1]), "day", [1], 1, None) is None
    assert (
        hedgehog(
            paths(triangle.columns, [[*r[:1], "x", *r[2:]] for r in rows]), "day", [1], 1, None
        )
        is None
    )
