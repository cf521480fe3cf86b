"""The policy in force in a few lines, and as a table of a notebook."""

from __future__ import annotations

from estimates.gate.pages.verdict_text import value_text
from estimates.gate.policy_table import PolicyInForce, Rule
from estimates.render.notebook import fragment, short


def render_short(policy: PolicyInForce) -> str:
    """Who promotes, and the checks that can block, in a few lines."""
    lines = [
        f"  {rule.name}: {', '.join(_limits(rule))}"
        for rule in policy.checks
        if rule.off is None and _limits(rule)
    ]
    return short([_title(policy), *lines], "  … the whole: .checks")


def render_fragment(policy: PolicyInForce) -> str:
    """A row a check."""
    rows = [
        {"no.": str(rule.number), "check": rule.name, "limits": ", ".join(_limits(rule))}
        for rule in policy.checks
        if rule.off is None
    ]
    return fragment(_title(policy), rows)


def _title(policy: PolicyInForce) -> str:
    return f"policy of {policy.set}: profile {policy.profile}, promotion {policy.promote}"


def _limits(rule: Rule) -> list[str]:
    return [
        f"{verb} {rule.worse} {value_text(limit, rule.unit, rule.name)}"
        for verb, limit in (("warns", rule.warn), ("blocks", rule.block))
        if limit is not None
    ]
