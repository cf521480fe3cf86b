"""What is said of keys that stand still."""

from __future__ import annotations

import json

from estimates.compare.frozen_keys import FrozenKeys


def test_in_words() -> None:
    """How many of how many, in which versions, and which."""
    frozen = FrozenKeys("s", [3, 4, 6], 2_000, 1_500, 0.75, None, [["a", "b"], ["c", "d"]])
    assert repr(frozen).split("\n") == [
        "s: 1,500 of 2,000 keys (75.0 %) stand still in versions 3, 4, 6",
        "  a/b",
        "  c/d",
    ]
    assert json.loads(frozen.json)["keys"] == [["a", "b"], ["c", "d"]]
    assert "<td" in frozen._repr_html_()


def test_nothing_to_say() -> None:
    """With the reason; of no version at all it says so."""
    assert repr(FrozenKeys("s", [], 0, None, None, "too_few_versions", [])) == (
        "s: nothing to say of versions none (too_few_versions)"
    )
