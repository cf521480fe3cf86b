"""What is wrong with limits that somebody wrote, as the end of their path and a sentence."""

import math

from estimates.contract.gate_policy import Side


def unusable_limits(warn: float | None, block: float | None, worse: Side) -> str | None:
    """A limit that is no finite number, or a warning that could never be seen; None for neither."""
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
