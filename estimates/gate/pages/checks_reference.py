"""docs/checks.md: the registry as a page, made from what the checks say of themselves; a test
compares them.
"""

from __future__ import annotations

import re

from estimates.gate.check import Check
from estimates.gate.pages.verdict_text import show
from estimates.gate.registry import CHECKS

_STAGES = {
    1: "Stage 1, integrity",
    2: "Stage 2, the candidate alone",
    3: "Stage 3, against the baseline",
    4: "Stage 4, with actual values, and exceptions",
}
_HEAD = """# The checks

Every check of the gate, in the order in which they run, from the registry in `estimates/gate/registry.py`.
`just checks` writes this page. [gate.md](gate.md) tells what a check is, what its statuses mean and how a contract
changes its limits.

Where the default limits come from, gate.md says; the last column names the rule of the design and the formula.
A number of the design whose rule has two metrics has two checks, so that each has its own value, limits and policy.
◆ marks checks that every version must pass: they can be neither waived, nor turned off, nor given other limits.
○ marks checks of the version as a whole: limits of groups and waivers of single keys do not apply to them.
"""
_TAIL = """
Two checks measure their limits with their value. `coverage_error` warns above 0.05, or above half of Wilson's 95 %
interval for so many targets where that is more; it blocks above 0.15, or twice the limit of its warning. `unchanged`
warns below 1, and blocks below 1 when the version claims newer data than its baseline's and has floats among its
estimates.

Two more are run by `promote`, and stand in its event instead of the verdict:

- **43** ◆ protects from read files that answer something else than the snapshot: 100 sampled reads by key must equal
  the cells of the Parquet file; else `read_differs`, and nothing is promoted.
- **44** ◆ protects from promoting against a production that has moved on: it must still point to the version judged
  against, in the transaction that moves it; else `moved`: judge again.
"""


def page() -> str:
    """The page as Markdown."""
    parts = [_HEAD]
    for stage, title in _STAGES.items():
        parts += [
            f"\n## {title}\n",
            "\n",
            _table([check for check in CHECKS if check.stage == stage]),
        ]
    return "".join([*parts, _TAIL])


def metric(check: Check) -> str:
    """The metric as the docstring of the check's function tells it."""
    return _told(check, r"Metric: (.+?)\.(?: |$)", "names no metric")


def _table(checks: list[Check]) -> str:
    head = ("no.", "name", "protects from", "metric", "warns", "blocks", "rule and formula")
    rows = [head, tuple("---" for _ in head), *(_row(check) for check in checks)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _row(check: Check) -> tuple[str, ...]:
    mark = " ◆" if not check.waivable else "" if check.by_key else " ○"
    return (
        str(check.number),
        f"`{check.name}`{mark}",
        _told(check, r"Protects from (.+?)[.:](?: |$)", "does not say what it protects from"),
        metric(check),
        _limit(check, check.warn),
        f"`{check.field}`" if check.field else _limit(check, check.block),
        _told(check, r"Source: (.+?)\.(?: |$)", "names no source"),
    )


def _told(check: Check, pattern: str, otherwise: str) -> str:
    text = " ".join((check.measure.__doc__ or "").split())
    # gate.md and stability.md are names, not ends of sentences
    found = re.search(pattern, text.replace(".md", "\0md"))
    assert found is not None, f"the docstring of {check.name} {otherwise}"
    told = found.group(1).replace("\0md", ".md").replace("|", "\\|")
    return re.sub(r"\bgate\.md (\d+)", r"rule \1", told)


def _limit(check: Check, limit: float | None) -> str:
    return "" if limit is None else f"{check.worse} {show(limit, check.unit)}"
