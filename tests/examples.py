"""How many examples a test generates whose single example takes long."""

from __future__ import annotations

from hypothesis import settings


def examples(count: int) -> settings:
    """So many examples, and as many times more as the profile in force has more than `ci`."""
    more = settings().max_examples // settings.get_profile("ci").max_examples
    return settings(max_examples=count * more)
