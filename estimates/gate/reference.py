"""The registry as a table for docs/gate.md; a test holds the two together."""

from __future__ import annotations

import re

from estimates.gate.check import Check
from estimates.gate.registry import CHECKS
from estimates.gate.text import show

_HEAD = ("no.", "name", "metric", "warns", "blocks", "limit from the contract")


def markdown_table() -> str:
    """One row a check: its number, its name, its metric and its default limits; ◆ marks what cannot be adjusted."""
    rows = [_HEAD, tuple("---" for _ in _HEAD), *(_row(check) for check in CHECKS)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def metric(check: Check) -> str:
    """The metric as the docstring of the check's function tells it."""
    text = " ".join((check.measure.__doc__ or "").split())
    found = re.search(r"Metric: (.+?)\.(?: |$)", text)
    assert found is not None, f"the docstring of {check.name} names no metric"
    return found.group(1)


def _row(check: Check) -> tuple[str, ...]:
    name = f"`{check.name}`{'' if check.waivable else ' ◆'}"
    field = f"`{check.field}`" if check.field else ""
    return str(check.number), name, metric(check), _limit(check, check.warn), _limit(check, check.block), field


def _limit(check: Check, limit: float | None) -> str:
    return "" if limit is None else f"{check.worse} {show(limit, check.unit)}"
