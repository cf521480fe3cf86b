"""Profiles: where the limits of a set start from, before its contract says anything about single
checks.
"""

from estimates.contract.gate_policy import CheckPolicy, Profile
from estimates.gate.check import FIRST_CUSTOM_NUMBER, Check


def of_profile(check: Check, profile: Profile) -> CheckPolicy | None:
    """What a profile says otherwise than the check's defaults; None where it says nothing.

    strict       for numbers that people trade on: changes against the baseline and losses against
                 actual values may be half as large, what only warned about the candidate itself
                 blocks, and new versions bring new numbers
    exploratory  for a set whose method is not settled: nothing that compares with the baseline or
                 with actual values blocks; what cannot be right in itself still does
    """
    if (
        check.number >= FIRST_CUSTOM_NUMBER
        or not check.waivable
        or check.field is not None
        or check.name == "comparable"
        or profile == "default"
    ):
        return None
    if profile == "exploratory":
        # a check without limits here measures them with its value, and may block as well
        blocks = check.block is not None or check.warn is None
        return CheckPolicy(severity="warn") if check.stage in (3, 4) and blocks else None
    if check.name == "unchanged" or (
        check.stage == 2 and check.block is None and check.warn is not None
    ):
        return CheckPolicy(severity="block")
    if check.halves and check.stage in (3, 4):
        return CheckPolicy(warn=_half(check.warn), block=_half(check.block))
    return None


def _half(limit: float | None) -> float | None:
    return None if limit is None else limit / 2
