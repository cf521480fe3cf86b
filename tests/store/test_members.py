"""The sets of a family's members: made when they are first needed, revised with it."""

from __future__ import annotations

import pytest

from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError
from estimates.store.members import check_member, define_family, members_of, set_of_member
from estimates.store.store import Store
from tests.builders import code_of, define, source

FAMILY = "[family]\n"


def family(store: Store, *, maximum: float = 500.0) -> int:
    """Define the family; how many contracts were registered."""
    text = source("hub", maximum=maximum, more=FAMILY)
    return len(define_family(store, parse_contract(text), text))


@pytest.fixture
def hub(local_store: Store) -> Store:
    """A family without members."""
    family(local_store)
    return local_store


def test_a_member_is_made_once_with_the_familys_contract(hub: Store) -> None:
    """What is known of it changes its contract; without more it stays."""
    name = set_of_member(hub, "hub", "ann", {"licence": "cc0"})
    assert set_of_member(hub, "hub", "ann") == name
    hub.refresh()
    of_set = hub.view().set(name)
    assert len(of_set.contracts) == 1
    assert of_set.contract.member is not None
    assert (of_set.contract.member.of, of_set.contract.member.name) == ("hub", "ann")
    assert of_set.contract.member.details == {"licence": "cc0"}
    set_of_member(hub, "hub", "ann", {"licence": "mit"})
    hub.refresh()
    assert len(hub.view().set(name).contracts) == 2


def test_members_are_revised_with_their_family(hub: Store) -> None:
    """Each of them; the family's own first."""
    for member in ("bea", "ann"):
        set_of_member(hub, "hub", member)
    hub.refresh()
    assert [member.name for member in members_of(hub, "hub")] == ["ann", "bea"]
    assert members_of(hub, "others") == []
    assert family(hub, maximum=400.0) == 3
    hub.refresh()
    sets = hub.view().sets
    assert {len(of_set.contracts) for of_set in sets.values()} == {2}


def test_a_family_with_members_stays_one(hub: Store) -> None:
    """Before it has any it may be an ordinary set."""
    set_of_member(hub, "hub", "ann")
    hub.refresh()
    plain = parse_contract(source("hub"))
    with pytest.raises(InvalidError, match=r"1 set, such as hub.*, are its members") as refused:
        define_family(hub, plain, source("hub"))
    assert refused.value.code == "bad_member"


def test_names_that_differ_in_case_alone_are_one_set(hub: Store) -> None:
    """So the second is refused; and so is a set that is no member at all."""
    own = set_of_member(hub, "hub", "ann")
    hub.refresh()
    assert code_of(lambda: check_member(hub, "hub", "ANN")) == "bad_member"
    define(hub, check_member(hub, "hub", "cat"))
    hub.refresh()
    assert code_of(lambda: check_member(hub, "hub", "cat")) == "bad_member"
    assert check_member(hub, "hub", "ann") == own
