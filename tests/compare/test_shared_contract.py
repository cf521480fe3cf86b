"""The contract by which versions of two sets are compared."""

from __future__ import annotations

from estimates.compare.shared_contract import shared_contract
from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates.contract.domain import OpenDomain
from tests.builders import code_of
from tests.contract.contracts import ROLLING

_NOTE = '[columns.note]\nrole = "attribute"\ntype = "string"\n'


def contract(more: str = "", *, without: str = "", end: str = "") -> Contract:
    """A contract with more columns, without one, and with more at its end."""
    return parse_contract(ROLLING.replace(without, "").replace("[domain]", f"{more}[domain]") + end)


def test_columns_of_both() -> None:
    """As the first promises them; which keys there are is not compared."""
    interval = ROLLING[ROLLING.index("[columns.lower_80]") : ROLLING.index("[domain]")]
    shared = shared_contract(contract(_NOTE), contract(without=interval))
    assert list(shared.columns) == ["value"]
    assert shared.columns["value"].unit == "USD"
    assert shared.domain == OpenDomain()


def test_groups_that_only_one_has() -> None:
    """Are left out; a part of the key is in both."""
    own = contract(_NOTE, end='[stability]\ngroups = ["note", "ticker"]\n')
    assert shared_contract(own, contract()).stability.groups == ("ticker",)
    assert shared_contract(own, contract(_NOTE)).stability.groups == ("note", "ticker")


def test_nothing_to_compare() -> None:
    """An attribute is no estimate."""
    other = parse_contract(
        'name = "x"\n[key.ticker]\ntype = "string"\n[key.target_date]\ntype = "date"\n'
        f"[columns.other]\n{_NOTE}"
    )
    assert code_of(lambda: shared_contract(contract(_NOTE), other)) == "other_shape"
