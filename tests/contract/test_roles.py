"""The table of roles, and the groups of roles that come of it."""

from typing import get_args

import pytest

from estimates.contract.columns import Column
from estimates.contract.roles import (
    BOUNDS_OF_POINT,
    CENTRAL,
    JUDGED,
    NUMERIC_ROLES,
    OF_POINT,
    RANKED,
    ROLES,
    Role,
)


def test_each_role_has_its_traits() -> None:
    """The names that a contract may write are those of the table, in its order."""
    assert list(get_args(Role)) == list(ROLES)


def test_groups_of_roles() -> None:
    """What the program treats alike is what docs/contract.md says of each role."""
    assert {"attribute", "samples"} == set(ROLES) - JUDGED
    assert {"attribute", "samples", "label"} == set(ROLES) - NUMERIC_ROLES
    assert {"lower", "upper", "quantile", "samples"} == OF_POINT
    assert {"lower", "upper", "quantile"} == BOUNDS_OF_POINT
    assert {"point", "probability", "score"} == CENTRAL
    assert {"point", "score"} == RANKED


@pytest.mark.parametrize("role", ROLES)
def test_a_column_has_what_its_role_needs(role: Role) -> None:
    """A role asks for its own field and refuses those that others ask for."""
    values = {"level": 0.9, "quantile": 0.1, "label": "rain"}
    needs = ROLES[role].needs
    own = {needs: values.pop(needs)} if needs else {}
    assert Column(role=role, **own).kind == ROLES[role].type
    for field, value in values.items():
        with pytest.raises(ValueError, match=f"'{field}' has no meaning for role '{role}'"):
            Column(role=role, **own, **{field: value})
    if needs:
        with pytest.raises(ValueError, match=f"role '{role}' needs '{needs}'"):
            Column(role=role)
