"""What of a verdict needs no attention, in words: how many checks passed, and what would turn on
each of the others.
"""

from collections.abc import Iterator

from estimates.gate.registry import CHECKS
from estimates.gate.verdict import CheckResult, Verdict
from estimates.render.wording import visible

# What the contract would have to have for a check to apply, by check; a check of a set's own has
# nothing here.
_TURNED_ON_BY = {check.name: check.turned_on_by or check.title for check in CHECKS}
_PAST = ("fewer_than_20_moves", "too_few_versions", "too_few_dates")
# Reason of a check that was skipped → what it needs; `SET` stands for the set.
_NEEDS = {
    "no_actuals": "actual values, once they are known: estimates score SET --actuals FILE",
    "first_version": "a version in production to compare with",
    "after_gap": "a version before it in the same season, to compare with",
    "new_season": "a version before it in the same season, to compare with",
    "in_production": "another version in production to compare with",
    "older_data": "newer data than production saw: a version behind it is not compared with it",
    "other_shape": "a version of this shape in production to compare with",
    "same_data": "newer data than the version before it saw",
    "not_stored": "a version that is published; this is a file",
    "no_move": "estimates that moved",
    "no_difference": "estimates that moved",
    "constant": "estimates of more than one value",
    "no_floats": "columns of type float",
    "no_float_estimates": "estimates of type float",
    "no_numeric_estimates": "estimates that are numbers",
    "no_dates": "a key column of dates",
    "no_functions": "code to be loaded, which --no-functions left out: judge without it where the "
    "code can be trusted",
    "nothing_to_say": "something to say: these checks of the set's own returned None",
    "not_in_contract": "a line in the contract",
} | dict.fromkeys(_PAST, "a longer past: more versions, and moves of production")


def quiet_line(verdict: Verdict) -> str:
    """`37 passed; 12 not measured`."""
    skipped = sum(result.status == "skipped" for result in verdict.checks)
    line = f"{verdict.counts['pass']} passed"
    return f"{line}; {skipped} not measured" if skipped else line


def quiet_lines(verdict: Verdict) -> list[str]:
    """The same, and below it what would turn on those that were not measured, by what they need."""
    groups: dict[str, list[CheckResult]] = {}
    for result in verdict.checks:
        if result.status == "skipped":
            groups.setdefault(_need(result, verdict.set), []).append(result)
    lines = [f"{quiet_line(verdict)}{', which need' if groups else ''}"]
    for need, results in sorted(groups.items(), key=lambda group: -len(group[1])):
        lines.append(visible(f"  {len(results):>2} {need}"))
        if need == _NEEDS["not_in_contract"]:
            lines += [visible(f"       {line}") for line in _contract_lines(results)]
    return lines


def _need(result: CheckResult, set_name: str) -> str:
    reason = result.reason or ""
    if reason.startswith("off: "):
        return "to be turned on again in the contract"
    if reason.startswith("depends_on: "):
        return f"the check {reason.partition(': ')[2]} to pass first"
    if reason.startswith("fewer_than_") and reason.endswith("_keys"):
        return f"at least {int(reason.split('_')[2]):,} keys that are compared"
    if reason == "too_few_keys":
        return "more keys that are compared"
    return _NEEDS.get(reason, reason).replace("SET", set_name)


def _contract_lines(results: list[CheckResult]) -> Iterator[str]:
    """What to write into the contract, and which checks it turns on."""
    checks: dict[str, list[str]] = {}
    for result in results:
        words = _TURNED_ON_BY.get(result.name, result.title)
        checks.setdefault(words, []).append(result.name)
    for words, names in checks.items():
        yield f"{words}: {', '.join(names)}"
