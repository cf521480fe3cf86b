"""What moved between two versions, drawn: each bar and square leads to its keys."""

from __future__ import annotations

import json

from estimates.render.wording import number
from estimates.stability.pages.pictures import Against, Histogram
from estimates_api.desk.comparison_pictures import against, histogram


def test_bars_are_stacked_and_lead_to_their_keys() -> None:
    """Keys beyond the limit stand on those within it, and a bin without keys has no bar."""
    counted = Histogram(None, 0.5, -1, [2, 4], [0, 3], 0, 0, 0)
    picture = histogram(counted, "v.d", number)
    assert [(area.kind, area.words) for area in picture.areas] == [
        ("within", "−0.5 to 0: 2 keys"),
        ("within", "0 to 0.5: 7 keys"),
        ("beyond", "0 to 0.5: 7 keys"),
    ]
    low, high = picture.areas[1], picture.areas[2]
    assert round(high.y + high.height, 1) == low.y
    assert json.loads(low.query["within"] or "") == [["v.d", 0.0, 0.5]]
    assert low.query["by"] == "v.d"


def test_edges_are_turned_back_into_the_metric() -> None:
    """A share that a width changed by is its logarithm in the metric."""
    counted = Histogram(None, 1.0, 0, [1], [0], 0, 0, 0)
    area = histogram(counted, "v.w", number, back=lambda edge: edge * 10).areas[0]
    assert json.loads(area.query["within"] or "") == [["v.w", 0, 10.0]]


def test_squares_of_the_edge_have_no_end() -> None:
    """All that lies beyond the axis is counted there; the more keys, the stronger."""
    counted = Against("linear", None, [0.0, 1.0, 2.0, 3.0], [(0, 1, 9, 2), (2, 2, 1, 1)], [])
    picture = against(counted, "v")
    first, last = picture.areas
    assert json.loads(first.query["within"] or "") == [["v.a", None, 1.0], ["v.b", 1.0, 2.0]]
    assert json.loads(last.query["within"] or "") == [["v.a", 2.0, None], ["v.b", 2.0, None]]
    assert (first.kind, last.kind) == ("within", "beyond")
    assert first.strength == 1.0 > last.strength
