"""The registry: its order, and what every check declares."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

from estimates.gate import checks
from estimates.gate.check import Check
from estimates.gate.registry import BY_NAME, CHECKS
from tests.gate.cases import Setting, simple

DOCS = Path(__file__).parents[2] / "docs"


def test_the_registry_is_in_order_and_names_each_check_once() -> None:
    """Numbers never fall, names are unique, and a check stands after those that it depends on."""
    numbers = [check.number for check in CHECKS]
    wrong = [
        check.name
        for check, most in zip(CHECKS, sorted(numbers), strict=True)
        if check.number != most
    ]
    assert not wrong, f"{wrong[0]}: a check has the number of the rule that it belongs to"
    names = [check.name for check in CHECKS]
    assert len(set(names)) == len(names)
    for i, check in enumerate(CHECKS):
        assert set(check.needs) <= set(names[:i])


def test_every_file_of_checks_is_a_check_of_that_name() -> None:
    """A check lies in the file of its name, or in `<name>_check` where that name is taken."""
    files = {path.stem for path in Path(checks.__file__).parent.glob("*.py")} - {"__init__"}
    assert {name.removesuffix("_check") for name in files} == {check.name for check in CHECKS}
    assert len(files) == len(CHECKS)


@pytest.mark.parametrize("check", CHECKS, ids=[check.name for check in CHECKS])
def test_a_check_says_what_it_is_for(check: Check) -> None:
    """Every check declares what it protects from and its metric."""
    assert check.purpose
    assert check.metric
    assert "|" not in check.purpose + check.metric + check.source, "it breaks the table"


@pytest.mark.parametrize("check", CHECKS, ids=[check.name for check in CHECKS])
def test_what_a_check_cites_is_there(check: Check) -> None:
    """A source names a page of docs/ and a formula on it that exist."""
    for page, formula in re.findall(r"(\w+\.md)(?: ([A-Z]\d+|`\w+`))?", check.source):
        text = (DOCS / page).read_text(encoding="utf-8")
        assert re.search(rf"(?<!\w){re.escape(formula)}(?!\w)", text), (page, formula)


@pytest.mark.parametrize("columns", ["", 'role = "label"', 'role = "score"'])
def test_a_check_that_a_contract_turns_on_says_by_what(columns: str) -> None:
    """Whatever the plainest of contracts leaves unmeasured for want of a line names that line."""
    values = pl.Series([str(number) for number in range(40)])
    rows = pl.DataFrame({"k": values, "v": values if "label" in columns else values.cast(float)})
    actuals = None if "score" in columns else rows
    verdict = Setting(simple(columns), rows, rows, actuals=actuals).evaluate()
    without = {check.name for check in verdict.checks if check.reason == "not_in_contract"}
    assert len(without) > 10
    assert {name for name in without if not BY_NAME[name].turned_on_by} == set()


def test_a_check_is_known_by_its_name() -> None:
    """`BY_NAME` gives the check, and refuses an unknown name."""
    assert BY_NAME["quantile_crossing"].number == 13
    with pytest.raises(KeyError):
        BY_NAME["no_such_check"]
