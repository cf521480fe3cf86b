"""Profiles: where the limits of a set start from, before its contract says anything about single
checks.
"""

from estimates.contract.gate_policy import CheckPolicy, Profile
from estimates.gate.check import FIRST_CUSTOM_NUMBER, Check

_REPORT = CheckPolicy(severity="report")
_WARN = CheckPolicy(severity="warn")
# from the seasons of tests/made_up_hub.py; docs/gate.md has the numbers
_VOLATILE = {
    "zero_width": CheckPolicy(warn=0.1, block=0.25),
    "equal_quantiles": CheckPolicy(warn=0.1),
    "added_keys": _WARN,  # places join during a season, and models take up more of them
    "p95_change": _REPORT,
    "extreme_move": _REPORT,
    "jumps": _REPORT,
    "unlike_others": CheckPolicy(warn=5, block=8),
    "median_shift": CheckPolicy(warn=1, block=1.5),
    "z_beyond_one": _REPORT,
    "outside_old_interval": _REPORT,
    "width_change": CheckPolicy(warn=3, block=5),
    "series_width": _REPORT,
    "relative_width": CheckPolicy(warn=1.25, block=1.5),
    "quantile_change": CheckPolicy(severity="warn", warn=20, block=20),
    "rank_order": CheckPolicy(warn=0.8, block=0.5),
    "top_overlap": CheckPolicy(warn=0.5),
    "concentration": CheckPolicy(warn=0.8),
    "psi": _REPORT,
    "worst_group_change": _REPORT,
    "worst_group_z": _REPORT,
    "unusual_change": _REPORT,
}
# rare categories go from nearly nothing to likely in a week, and small places share rounded chances
_CATEGORIES = dict.fromkeys(
    (
        "p95_change",
        "jumps",
        "median_shift",
        "unusual_change",
        "top_overlap",
        "concentration",
        "psi",
        "worst_group_change",
    ),
    _REPORT,
) | {
    "added_keys": _WARN,
    "rank_order": CheckPolicy(warn=0.5, block=0.4),
    "duplicate_content": CheckPolicy(warn=0.2),
    "new_duplicates": CheckPolicy(warn=0.15, block=0.33),
}


def of_profile(check: Check, profile: Profile) -> CheckPolicy | None:
    """What a profile says otherwise than the check's defaults; None where it says nothing.

    strict       for numbers that people trade on: changes against the baseline and losses against
                 actual values may be half as large, what only warned about the candidate itself
                 blocks, and new versions bring new numbers
    volatile     for weekly numbers that move by 20 to 70 % from one version to the next by nature,
                 as an epidemic does: how much a key changes says nothing and is only reported, so
                 what blocks is what moves unlike all others, all by a factor that no week has, and
                 widths that change beside their level
    categories   for chances of categories, which move with what they are of: how far they moved is
                 only reported, and what blocks is keys that vanish, copies of what was, one
                 answer to everything and chances beside the wrong keys
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
    if profile == "volatile":
        return _VOLATILE.get(check.name)
    if profile == "categories":
        return _CATEGORIES.get(check.name)
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
