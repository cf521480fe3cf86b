"""Keys in the sentences of a section."""

from __future__ import annotations

from estimates.render.section import Limits, key_name, named

LIMITS = Limits(named=2, columns=9, rows=9, groups=9, broken=1)


def test_keys_are_named_as_far_as_there_is_room() -> None:
    """The first ones by name, the others by number; without names only the number."""
    keys = [["a", "1"], ["b", "2"], ["c", "3"]]
    assert named(keys, 3, LIMITS) == "a/1, b/2 and 1 more"
    assert named(keys[:1], 1, LIMITS) == "a/1"
    assert named([], 1200, LIMITS) == "1,200 keys"


def test_long_keys_are_cut() -> None:
    """A key has 60 characters in a sentence."""
    assert key_name(["x" * 80]) == "x" * 59 + "…"
