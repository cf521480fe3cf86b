"""A contract as the keys of two versions are paired by it."""

from __future__ import annotations

from estimates.contract.contract_file import parse_contract
from estimates.contract.domain import OpenDomain
from estimates.stability.paired_contract import by_step, with_pairing
from tests.builders import POLICY, code_of, contract


def test_another_pairing_is_a_change_of_the_contract_alone() -> None:
    """Its own again is the very same; one that there is not, or has no targets, is refused."""
    own = contract()
    assert with_pairing(own, None) is own
    assert with_pairing(own, "same_key") is own
    assert with_pairing(own, "same_horizon").stability.pairing == "same_horizon"
    assert code_of(lambda: with_pairing(own, "by_name")) == "bad_pairing"
    bare = parse_contract('name = "t"\n[key.k]\ntype = "string"\n[columns.v]\n')
    assert code_of(lambda: with_pairing(bare, "same_horizon")) == "bad_pairing"


def test_steps_stand_in_the_place_of_dates() -> None:
    """From whatever domain; contracts that are paired by key stay as they are."""
    own = contract(more=POLICY)
    assert by_step(own) is own
    steps = by_step(with_pairing(own, "same_horizon"))
    assert steps.key["target_date"].type == "integer"
    assert isinstance(steps.domain, OpenDomain)
    assert by_step(steps) is steps
