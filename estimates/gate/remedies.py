"""What to do about a check that does not let a right version through: a line for a person, with the
contract's line to write or the command to run.
"""

import math

from estimates.gate.registry import BY_NAME
from estimates.gate.verdict import CheckResult, Verdict

_DIGITS = 2  # of a limit that is proposed


def remedy(result: CheckResult, verdict: Verdict) -> str:
    """The line for a check that fails or could not be evaluated; "" for every other."""
    if result.status not in ("fail", "error"):
        return ""
    check = BY_NAME.get(result.name)
    words = check.remedy if check else ""
    if words and (result.status == "fail" or not (check and check.waivable)):
        column = next((o.column for o in result.offenders if o.column), None) or "COLUMN"
        words = words.replace("COLUMN", column).replace("VALUE", _limit(result))
        return f"if this is right: {words}"
    known = result.value is not None and result.block is not None
    section = f"gate.checks.{result.name}" if check else f"gate.custom.{result.name}"
    line = f"block = {_limit(result)}" if known else 'off = "WHY"'
    line = f"write `{line}` under [{section}] in the contract"
    if check is None and not known:  # of the set's own
        line = f"mend what [{section}] names"
    if verdict.version is None:
        return f"if this is right: {line}"
    waive = f"estimates waive {verdict.set} {result.name} --version {verdict.version}"
    return f"if this is right: `{waive} --reason WHY --until DATE`, or {line}"


def _limit(result: CheckResult) -> str:
    """A limit that the value keeps, rounded away from it."""
    value = result.value
    if value is None or not math.isfinite(value):
        return "LIMIT"
    if value == 0 or result.unit == "count":
        return f"{value:g}"
    unit = 10.0 ** (math.floor(math.log10(abs(value))) - _DIGITS + 1)
    steps = value / unit
    rounded = math.floor(steps) if result.worse == "below" else math.ceil(steps - 1e-9)
    return f"{rounded * unit:.6g}"
