"""docs/checks.md: the registry as a page; a test compares them."""

from estimates.gate.check import Check
from estimates.gate.pages.verdict_text import value_text
from estimates.gate.registry import CHECKS

_STAGES = {
    1: "Stage 1, integrity",
    2: "Stage 2, the candidate alone",
    3: "Stage 3, against the baseline",
    4: "Stage 4, with actual values, and waivers",
}
_HEAD = """# The checks

Every check of the gate, in the order in which they run.
`just checks` writes this page from the registry in `estimates/gate/registry.py`.
[gate.md](gate.md) explains what a check is, what its statuses mean and how a contract changes its
limits.

The last column names the formula, in [stability.md](stability.md) or [accuracy.md](accuracy.md),
and where the default limits come from.
[gate.md](gate.md#where-the-limits-come-from) shows how they were found.
Checks of one number belong to one rule; each has its own value, limits and policy.

- ◆ marks checks that every version must pass: they can be neither waived, nor turned off, nor given
  other limits.
- ○ marks checks of the version as a whole: limits of groups and waivers of single keys do not apply
  to them.
"""
_TAIL = """
Two checks measure their limits with their value.
`coverage_error` warns above 0.05, or above half of Wilson's 95 % interval for so many targets where
that is more; it blocks above 0.15, or twice the limit of its warning.
`unchanged` warns below 1, and blocks below 1 when the version claims newer data than its baseline's
and has floats among its estimates.

Two more are run by `promote`, and stand in its event instead of the verdict:

- **43** ◆ protects from read files that answer something else than the snapshot: 100 sampled reads
  by key must equal the cells of the Parquet file; else `read_differs`, and nothing is promoted.
- **44** ◆ protects from promoting against a production that has moved on: it must still point to
  the version judged against, in the transaction that moves it; else `moved`: judge again.
"""
_COLUMNS = ("no.", "name", "protects from", "metric", "warns", "blocks", "formula, limits")


def page() -> str:
    """The page as Markdown."""
    parts = [_HEAD]
    for stage, title in _STAGES.items():
        rows = [_COLUMNS, ("---",) * len(_COLUMNS)]
        rows += [_row(check) for check in CHECKS if check.stage == stage]
        parts.append(f"\n## {title}\n\n")
        parts += [f"| {' | '.join(row)} |\n" for row in rows]
    return "".join([*parts, _TAIL])


def _row(check: Check) -> tuple[str, ...]:
    mark = " ◆" if not check.waivable else "" if check.by_key else " ○"
    return (
        str(check.number),
        f"`{check.name}`{mark}",
        check.purpose,
        check.metric + (f"; from {check.least} keys on" if check.least > 1 else ""),
        _limit(check, check.warn),
        f"`{check.field}`" if check.field else _limit(check, check.block),
        check.source,
    )


def _limit(check: Check, limit: float | None) -> str:
    return "" if limit is None else f"{check.worse} {value_text(limit, check.unit, check.name)}"
