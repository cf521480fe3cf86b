"""Each check that does not let a version through says what to do where the version is right."""

from __future__ import annotations

import re

import msgspec
import polars as pl
import pytest

from estimates.contract.contract_file import parse_contract
from estimates.gate.check import Check
from estimates.gate.pages.verdict_markdown import render_markdown
from estimates.gate.pages.verdict_text import render_text
from estimates.gate.policy_validation import validate_policy
from estimates.gate.registry import CHECKS
from estimates.gate.remedies import remedy
from estimates.gate.verdict import CheckResult, Status
from tests.gate.cases import Setting, clean_verdict, poke, simple

VERDICT = clean_verdict()
AS_FILE = msgspec.structs.replace(VERDICT, version=None)
# a section or field of the contract, a command, or an option
WAY_OUT = re.compile(r"`[a-z_]+ = |\[(gate|columns|domain|freshness|key)|`estimates |`--")


def result(check: Check, status: Status, value: float | None = 0.123456) -> CheckResult:
    """What a check says that measured a value."""
    return CheckResult(
        check.number, check.name, check.stage, check.title, status, value=value, block=0.1,
        unit="share", worse=check.worse,
    )  # fmt: skip


@pytest.mark.parametrize("check", CHECKS, ids=[check.name for check in CHECKS])
@pytest.mark.parametrize("status", ["fail", "error"])
def test_every_check_has_a_way_out(check: Check, status: Status) -> None:
    """A line of the contract to write, an option or a command, in one line, for versions and
    files.
    """
    value = None if status == "error" else 0.123456
    for verdict in (VERDICT, AS_FILE):
        line = remedy(result(check, status, value), verdict)
        assert line.startswith("if this is right: ")
        assert "\n" not in line
        assert WAY_OUT.search(line) or check.name == "not_empty", line


@pytest.mark.parametrize("check", CHECKS, ids=[check.name for check in CHECKS])
def test_the_line_of_the_contract_can_be_written(check: Check) -> None:
    """What is proposed for a limit is a policy that the gate takes, and the value keeps it."""
    line = remedy(result(check, "fail"), AS_FILE)
    section = re.search(r"write `(block = (.+))` under \[(gate\.checks\.\w+)\]", line)
    if section is None:
        assert check.remedy
        return
    contract = simple(more=f"[{section[3]}]\n{section[1]}\n")
    validate_policy(contract)
    limit = float(section[2])
    assert limit >= 0.123456 if check.worse == "above" else limit <= 0.123456


def test_only_what_blocks_has_one() -> None:
    """A warning needs nobody to do anything."""
    others: tuple[Status, ...] = ("pass", "warn", "skipped", "waived")
    assert {remedy(result(CHECKS[0], status), VERDICT) for status in others} == {""}


def test_it_ends_the_section_of_its_check() -> None:
    """As the last line, with the column to write; in Markdown, too."""
    verdict = poke("close", None).evaluate()
    line = "if this is right: write `nullable = true` under [columns.close] in the contract"
    assert f"      {line}\n\n" in render_text(verdict)
    assert "if this is right: write" in render_markdown(verdict)


def test_a_check_of_the_sets_own() -> None:
    """Its limit stands where the check does."""
    own = '[gate.custom.few]\nsql = "SELECT count(*) FROM candidate"\nblock = 3\n'
    contract = parse_contract(f'name = "s"\n[key.k]\ntype = "string"\n[columns.v]\n{own}')
    rows = pl.DataFrame({"k": list("abcd"), "v": [1.5, 2.5, 3.5, 4.5]})
    verdict = Setting(contract, rows, None).evaluate()
    line = remedy(verdict.check("few"), verdict)
    assert line.endswith("or write `block = 4` under [gate.custom.few] in the contract")
