"""Numbers of JSON."""

from __future__ import annotations

from estimates.render.digits import rounded


def test_floats_have_twelve_digits_and_estimates_all() -> None:
    """Everything that was computed is rounded; a `value` stays as it was published."""
    x = 0.1 + 0.2
    tree = {"r": [x, {"d": 1 / 3}], "value": x, "n": 7, "text": "a"}
    assert rounded(tree) == {"r": [0.3, {"d": 0.333333333333}], "value": x, "n": 7, "text": "a"}
