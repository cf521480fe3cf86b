"""`estimates gate policy`: what each check is held to."""

from __future__ import annotations

from estimates.gate.pages.verdict_text import symmetric_legends, value_text
from estimates.gate.policy_table import PolicyInForce, Rule
from estimates.render.wording import count
from estimates_jobs.cli.interface.command import Options, command, set_argument
from estimates_jobs.cli.output import cells, terminal


@command(
    "estimates gate policy sp500-close",
    "estimates gate policy sp500-close --store http://127.0.0.1:8000   # of a running service",
    "estimates gate policy sp500-close --format json | jq '.checks[] | select(.warn_from == "
    '"contract")\'',
)
@set_argument
def policy(options: Options, set_name: str) -> None:
    """The policy in force: what each check of the gate is held to, and where each limit comes from.

    Limits come from the check's default, the profile of the contract, the contract itself, or
    another field of it.
    """
    policy_table = options.open_to_read()[set_name].policy()
    if options.json:
        terminal.json(policy_table)
    else:
        _show(policy_table)


def _show(policy_table: PolicyInForce) -> None:
    """A row a check, rows of groups beneath it; checks that are off, and the digest, at the end."""
    automatic = policy_table.promote == "automatic"
    who = "a run promotes what passes" if automatic else "a person promotes"
    terminal.line(
        f"{policy_table.set}, contract revision {policy_table.contract_revision}: profile "
        f"{policy_table.profile}, {who}",
        "bold",
    )
    if policy_table.approvals:
        who = ", ".join(policy_table.approvers) or "others"
        terminal.line(
            f"{count(policy_table.approvals, 'approval')} by {who} before production moves or the "
            "gate is loosened"
        )
    rules = [rule for rule in policy_table.checks if rule.off is None]
    rows = [row for rule in rules for row in (_row(rule), *_group_rows(rule))]
    header = ["no.", "check", "warns", "blocks", "severity", "from"]
    shown = [
        n for n, name in enumerate(header) if name != "severity" or any(row[n] for row in rows)
    ]
    terminal.table([header[n] for n in shown], [[row[n] for n in shown] for row in rows])
    usual = [
        {"no.": str(rule.number), "check": rule.name, "from": low, "to": high}
        for rule in rules
        if rule.usual is not None
        for low, high in [[value_text(end, rule.unit, rule.name) for end in rule.usual]]
    ]
    if usual:
        terminal.section("usual in this set, by its contract: other values warn")
        terminal.records(usual)
    off = [
        {"no.": str(rule.number), "check": rule.name, "because": rule.off}
        for rule in policy_table.checks
        if rule.off is not None
    ]
    if off:
        terminal.section("off")
        terminal.records(off)
    terminal.line()
    for legend in symmetric_legends(rule.name for rule in rules):
        terminal.line(legend)
    terminal.line("◆ every version must pass it, whatever a contract says")
    terminal.line(f"policy {policy_table.policy}")


def _row(rule: Rule) -> list[cells.Cell]:
    name = f"{rule.name}{'' if rule.adjustable else ' ◆'}"
    limits = (_limit(rule, rule.warn), _limit(rule, rule.block))
    return [str(rule.number), name, *limits, rule.severity or "", _sources(rule)]


def _group_rows(rule: Rule) -> list[list[cells.Cell]]:
    return [
        [
            "",
            f"  {column} {value}",
            _limit(rule, limits.warn),
            _limit(rule, limits.block),
            "",
            "contract",
        ]
        for column, groups in rule.groups.items()
        for value, limits in groups.items()
    ]


def _limit(rule: Rule, limit: float | None) -> str:
    return "" if limit is None else f"{rule.worse} {value_text(limit, rule.unit, rule.name)}"


def _sources(rule: Rule) -> str:
    """Where the limits come from, said once when it is one place; and who gave the severity."""
    sources = {
        level: "measured with the value" if source == "measured" else source
        for level, source in (("warns", rule.warn_from), ("blocks", rule.block_from))
        if source is not None
    }
    if len(set(sources.values())) > 1:
        parts = [f"{level}: {source}" for level, source in sources.items()]
    else:
        parts = [*sources.values()][:1] or ["no limit"]
    if rule.severity_from:
        parts.append(f"severity: {rule.severity_from}")
    return ", ".join(parts)
