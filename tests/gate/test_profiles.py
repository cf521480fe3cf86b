"""What profiles say of checks, whichever check it is."""

from __future__ import annotations

import pytest

from estimates.contract.gate_policy import CheckPolicy
from estimates.gate.check import Check, Measure
from estimates.gate.profiles import _CATEGORIES, _VOLATILE, of_profile
from estimates.gate.registry import CHECKS

PROFILES = ("strict", "volatile", "categories", "exploratory")


def check(stage: int = 3, **fields: object) -> Check:
    """A check of the registry's kind."""
    known: dict[str, object] = {"number": 50, "name": "n", "title": "N", "stage": stage} | fields
    return Check(measure=lambda _: Measure(0, 1, ""), **known)  # type: ignore


@pytest.mark.parametrize("profile", PROFILES)
def test_no_profile_touches_what_is_not_its_own(profile: str) -> None:
    """What no version may break, what a contract's field says, what a contract adds itself."""
    untouched = [
        check(waivable=False, block=1.0),
        check(field="freshness.max_age", warn=1.0),
        check(number=101, block=1.0),
        check(name="comparable", block=1.0),
    ]
    assert [of_profile(each, profile) for each in untouched] == [None] * 4  # type: ignore
    assert [of_profile(each, "default") for each in CHECKS] == [None] * len(CHECKS)


def test_strict_halves_what_is_compared_and_blocks_what_warned() -> None:
    """A ratio or a correlation has no half."""
    assert of_profile(check(warn=0.2, block=None), "strict") == CheckPolicy(warn=0.1)
    assert of_profile(check(4, warn=0.2, block=1), "strict") == CheckPolicy(warn=0.1, block=0.5)
    assert of_profile(check(halves=False, block=1.0), "strict") is None
    assert of_profile(check(2, warn=0.2), "strict") == CheckPolicy(severity="block")
    assert of_profile(check(2, warn=0.2, block=0.4), "strict") is None
    assert of_profile(check(2), "strict") is None
    assert of_profile(check(3, name="unchanged"), "strict") == CheckPolicy(severity="block")


def test_exploratory_blocks_nothing_that_is_compared() -> None:
    """What only warns stays; what is wrong in itself still blocks."""
    only_warn = CheckPolicy(severity="warn")
    assert of_profile(check(3, block=0.4), "exploratory") == only_warn
    assert of_profile(check(4), "exploratory") == only_warn  # it measures its limits
    assert of_profile(check(3, warn=0.4), "exploratory") is None
    assert of_profile(check(2, block=0.4), "exploratory") is None


def test_tables_of_profiles_name_checks_that_there_are() -> None:
    """Each of which a profile may touch."""
    for name, profile in (
        (n, p) for p, t in (("volatile", _VOLATILE), ("categories", _CATEGORIES)) for n in t
    ):
        (known,) = [each for each in CHECKS if each.name == name]
        assert of_profile(known, profile) is not None  # type: ignore
