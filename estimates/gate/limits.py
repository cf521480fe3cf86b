"""The limits of one check in one set, when a value keeps them, and which cannot be used."""

import math

import msgspec

from estimates.contract.gate_policy import GroupLimits, Severity, Side

SLACK = 1e-12  # relative; a value that differs from its limit by rounding alone is at its limit


class CheckLimits(msgspec.Struct, frozen=True):
    """What one check may find in one set before it complains.

    severity  None: as the check has it; see `CheckPolicy`. `warn` and `block` already follow it
    groups    limits of single groups, by column and value
    off       the reason why it does not run
    source    where warn and block come from: `default`, `profile NAME`, `contract`, a field of the
              contract
    usual     the band outside of which it warns, on either side
    """

    name: str
    warn: float | None
    block: float | None
    off: str | None = None
    severity: Severity | None = None
    groups: dict[str, dict[str, GroupLimits]] = {}
    source: dict[str, str] = {}
    usual: tuple[float, float] | msgspec.UnsetType = msgspec.UNSET


def beside_usual(value: float, usual: tuple[float, float]) -> str | None:
    """On which side of a band a value lies, ends included: `below` or `above`; None inside."""
    low, high = usual
    if not within(value, low, "below"):
        return "below"
    return None if within(value, high, "above") else "above"


def within(value: float, limit: float, worse: Side = "above") -> bool:
    """Whether a value keeps a limit, inclusive with a relative slack of 1e-12; NaN keeps none."""
    slack = SLACK * abs(limit)
    return value <= limit + slack if worse == "above" else value >= limit - slack


def unusable_limits(warn: float | None, block: float | None, worse: Side) -> str | None:
    """What is wrong with limits that somebody wrote, as the end of their path and a sentence: no
    finite number, or a warning that could never be seen; None for neither.
    """
    for level, limit in (("warn", warn), ("block", block)):
        if limit is not None and not math.isfinite(limit):
            return (
                f".{level}: a limit is a finite number, not {limit}; "
                'to stop the check write off = "reason"'
            )
    if warn is None or block is None:
        return None
    if warn > block if worse == "above" else warn < block:
        return f": warn = {warn} lies beyond block = {block}, so it would never be seen"
    return None
