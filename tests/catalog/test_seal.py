"""Seals cover digests and signatures, one event after the other."""

from __future__ import annotations

from estimates.catalog.seal import Link, seals_of
from tests.catalog.histories import event

LINKS = [Link(event(n, "judged", 1), f"digest {n}", f"signature {n}") for n in (4, 5, 6)]


def test_each_event_has_the_seal_of_all_before_it() -> None:
    """Continued from an earlier seal it is the same as in one go."""
    whole = seals_of(None, LINKS, "s")
    assert [(seal.store, seal.event, seal.digest) for seal in whole] == [
        ("s", 4, "digest 4"),
        ("s", 5, "digest 5"),
        ("s", 6, "digest 6"),
    ]
    assert seals_of(whole[0], LINKS[1:], "s") == whole[1:]
    assert seals_of(None, [], "s") == []


def test_another_signature_is_another_seal_from_then_on() -> None:
    """And so are another digest, another order and no signature at all."""
    whole = [seal.value for seal in seals_of(None, LINKS, "s")]
    changed = [LINKS[0], LINKS[1]._replace(signature=None), LINKS[2]]
    values = [seal.value for seal in seals_of(None, changed, "s")]
    assert values[0] == whole[0]
    assert values[1] != whole[1]
    assert values[2] != whole[2]
    other = [LINKS[0]._replace(digest="another"), *LINKS[1:]]
    assert not set(whole) & {seal.value for seal in seals_of(None, other, "s")}


def test_half_a_character_in_a_signature_is_no_failure() -> None:
    """A column of text may hold whatever somebody wrote there by SQL."""
    (seal,) = seals_of(None, [LINKS[0]._replace(signature="\udce9")], "s")
    assert len(seal.value) == 64
