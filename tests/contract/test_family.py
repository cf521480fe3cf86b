"""The contract of a member, made from that of its family."""

from __future__ import annotations

import msgspec
import pytest

from estimates.contract.contract_file import parse_contract
from estimates.contract.family import Family, Member, member_set, member_source
from estimates.errors import InvalidError

REST = '[key.location]\ntype = "string"\n[columns.q]\nquantiles = [0.1, 0.9]\n'


@pytest.mark.parametrize(
    "head",
    [
        'name = "flu"  # of the season\n[family]\n',
        'name = "flu"\n[family]\nby = "team"\n',
        'name = "flu"\nfamily.by = "team"\n',
        'name = "flu"\nfamily = { by = "team" }\n',
        '# name = "old"\ndescription = "name = 1"\nname = \'flu\'\n[family]  # all of them\n',
    ],
)
def test_a_member_has_all_that_its_family_says(head: str) -> None:
    """But its name, and that it is a member and no family, however the TOML is written."""
    member = Member("flu", "UMass-trends", {"team_name": 'The "A" team', "a b": "é"})
    family = parse_contract(head + REST)
    made = parse_contract(member_source(head + REST, member))
    assert isinstance(family.family, Family)
    assert made == msgspec.structs.replace(
        family, name="flu.umass-trends", family=None, member=member
    )


@pytest.mark.parametrize("name", ["", "-x", "a b", "ä", "x" * 97, "a/b"])
def test_a_name_that_names_no_set_is_refused(name: str) -> None:
    """With what a name may be."""
    with pytest.raises(InvalidError, match="letters, digits") as caught:
        member_set("flu", name)
    assert caught.value.code == "bad_member"
