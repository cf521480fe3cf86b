"""Values through versions as a picture of a page."""

from __future__ import annotations

import pytest

from estimates.render.chart import Limited, row_names, through_versions
from estimates.render.colours import BEYOND, WITHIN


def picture(*points: Limited) -> str:
    """A share through versions."""
    return through_versions([*points], percent=True)


def test_dots_are_orange_beyond_a_limit() -> None:
    """A limit of warnings is dashed; a picture has neither a font of its own nor a size."""
    svg = picture(Limited(1, 0.1, 0.2, 0.4, False), Limited(2, 0.3, 0.2, 0.4, True))
    assert (svg.count(f'fill="{WITHIN}"'), svg.count(f'fill="{BEYOND}"')) == (1, 1)
    assert svg.count('stroke-dasharray="4,3"') == 1
    assert "40 %" in svg.replace("\u00a0", " ")
    head = svg.partition(">")[0]
    assert "viewBox" in head
    assert " width=" not in head
    assert svg.count("font-family") == 1


@pytest.mark.parametrize(
    "points",
    [
        [Limited(1, None, None, None, True)],
        [Limited(3, 0.0, None, None, False)],
        [Limited(1, -0.5, None, None, False), Limited(2, None, 0.25, None, True)],
        [Limited(1, 1e300, None, 1e-300, True)],
    ],
)
def test_few_points_are_a_picture_too(points: list[Limited]) -> None:
    """One version, no value, values of 0 alone, and values that are far apart."""
    svg = picture(*points)
    assert svg.startswith("<svg")
    assert svg == picture(*points)
    assert "NaN" not in svg


def test_names_are_values_of_an_expression() -> None:
    """Whatever they hold: quotes end nothing."""
    assert row_names([{"name": 'a"]; x'}, {"name": "ü"}]) == '["a\\"]; x", "\\u00fc"][datum.value]'
