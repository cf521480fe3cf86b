"""The policy in force as a table: each limit with whoever said it."""

from __future__ import annotations

from estimates.gate.policy_table import Rule, policy_in_force
from estimates.gate.registry import CHECKS
from tests.builders import POLICY, SET, contract


def rules(more: str = "") -> dict[str, Rule]:
    """The rules of a contract by name."""
    return {rule.name: rule for rule in policy_in_force(contract(more=more)).checks}


def test_every_check_is_there_in_its_order() -> None:
    """Then those of the contract, whose limits are its own."""
    table = policy_in_force(contract(more=POLICY), 3)
    assert [rule.name for rule in table.checks] == [*(c.name for c in CHECKS), "no_cents"]
    assert (table.set, table.contract_revision, table.profile) == (SET, 3, "strict")
    own = table.checks[-1]
    assert (own.own, own.block, own.block_from, own.warn_from) == (True, 0.0, "contract", None)
    assert not any(rule.own for rule in table.checks[:-1])


def test_where_limits_come_from() -> None:
    """The contract before the profile before the check's own default."""
    plain, strict = rules(), rules(POLICY)
    assert (plain["p95_change"].block_from, strict["p95_change"].block_from) == (
        "default",
        "contract",
    )
    assert strict["p95_change"].block == 0.2
    assert strict["extreme_move"].block_from == "profile strict"
    assert strict["median_shift"].severity == "block"
    assert strict["median_shift"].severity_from == "contract"
    assert strict["domain_missing"].block_from == "domain.allow_missing"
    assert (plain["manifest"].adjustable, plain["jumps"].adjustable) == (False, True)
    assert strict["duplicate_content"].off == "ties are common"
    assert strict["removed_keys"].groups["ticker"]["AAPL"].warn == 0.0


def test_a_check_that_measures_its_limits_says_so() -> None:
    """Unless somebody gives others, or it only reports."""
    (name,) = [check.name for check in CHECKS if check.measures_limits][:1]
    entry = f"[gate.checks.{name}]\n"
    assert rules()[name].warn_from == "measured"
    assert rules(f"{entry}warn = 5")[name].warn_from == "contract"
    assert rules(f"{entry}warn = 5")[name].block_from is None
    assert rules(f"{entry}severity = 'report'")[name].warn_from is None


def test_a_band_of_what_is_usual_stands_beside_the_limits() -> None:
    """None where the contract has none."""
    assert rules("[gate.checks.jumps]\nusual = [0, 3]")["jumps"].usual == (0, 3)
    assert rules()["jumps"].usual is None
