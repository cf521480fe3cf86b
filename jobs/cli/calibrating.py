"""Commands about what the gate holds versions to: the policy in force."""

from __future__ import annotations

import click

from estimates.gate import PolicyInForce, Rule, in_force
from estimates.gate.text import show as told
from estimates.gate_policy import GroupLimits
from jobs.cli import show
from jobs.cli.command import Options, command


@command(
    "policy",
    examples=(
        "estimates gate policy sp500-close",
        "estimates gate policy sp500-close --format json | jq '.checks[] | select(.warn_from == \"contract\")'",
    ),
)
@click.argument("set_name", metavar="SET")
def policy(options: Options, set_name: str) -> None:
    """The policy in force: what each check of the gate is held to, and where each limit comes from.

    Limits come from the check's default, the profile of the contract, the contract itself, or another field of it.
    """
    store = options.open()
    found = in_force(store.contract(set_name), len(store.view().set(set_name).contracts))
    if options.json:
        show.value(found)
    else:
        show_policy(found)


def show_policy(found: PolicyInForce) -> None:
    """A row a check, rows of groups beneath it; checks that are off, and the digest, at the end."""
    who = "a run promotes what passes" if found.promote == "automatic" else "a person promotes"
    show.line(f"{found.set}, contract revision {found.contract_revision}: profile {found.profile}, {who}", "bold")
    rows: list[list[show.Cell]] = []
    for rule in found.checks:
        if rule.off is None:
            rows += [_row(rule), *_group_rows(rule)]
    show.table(["no.", "check", "warns", "blocks", "severity", "from"], rows)
    off = [[str(rule.number), rule.name, rule.off] for rule in found.checks if rule.off is not None]
    if off:
        show.line()
        show.line("off", "bold")
        show.table(["no.", "check", "because"], off)
    show.line()
    show.line("◆ every version must pass it, whatever a contract says")
    show.line(f"policy {found.policy}")


def _row(rule: Rule) -> list[show.Cell]:
    name = f"{rule.name}{'' if rule.adjustable else ' ◆'}"
    limits = [_limit(rule, rule.warn), _limit(rule, rule.block)]
    return [str(rule.number), name, *limits, rule.severity or "", _sources(rule)]


def _group_rows(rule: Rule) -> list[list[show.Cell]]:
    named: list[tuple[str, GroupLimits]] = [
        (f"  {column} {value}", limits) for column, values in rule.groups.items() for value, limits in values.items()
    ]
    return [["", name, _limit(rule, own.warn), _limit(rule, own.block), "", "contract"] for name, own in named]


def _limit(rule: Rule, limit: float | None) -> str:
    return "" if limit is None else f"{rule.worse} {told(limit, rule.unit)}"


def _sources(rule: Rule) -> str:
    """Where the limits come from, said once when it is one place; and who gave the severity."""
    named = {"warns": rule.warn_from, "blocks": rule.block_from}
    given = {level: source for level, source in named.items() if source is not None}
    if len(set(given.values())) > 1:
        parts = [f"{level}: {source}" for level, source in given.items()]
    else:
        parts = list(given.values())[:1] or ["no limit"]
    return ", ".join([*parts, *([f"severity: {rule.severity_from}"] if rule.severity_from else [])])
