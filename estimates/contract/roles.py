"""The roles of columns: one table, by which the rest of the program treats columns alike."""

from typing import Literal, NamedTuple

Role = Literal[
    "point",
    "lower",
    "upper",
    "quantile",
    "samples",
    "label",
    "probability",
    "score",
    "attribute",
]


class Traits(NamedTuple):
    """What columns of a role are.

    type        of a column whose contract names none
    needs       the field without which a column of this role means nothing; "" for none
    is_numeric  each value is a number: it has bounds, and versions differ by how far it moved
    is_judged   an estimate: the gate and reports look at each column; others are carried along, or
                stand behind columns that are computed from them
    is_alone    a column means something by itself; others are measured together, as an interval, a
                quantile function or the probabilities of all labels
    of_point    a column belongs to a point column where there is one, and moves with it
    """

    type: Literal["float", "string", "numbers"] = "float"
    needs: str = ""
    is_numeric: bool = True
    is_judged: bool = True
    is_alone: bool = True
    of_point: bool = False


ROLES: dict[Role, Traits] = {
    "point": Traits(),
    "lower": Traits(needs="level", is_alone=False, of_point=True),
    "upper": Traits(needs="level", is_alone=False, of_point=True),
    "quantile": Traits(needs="quantile", is_alone=False, of_point=True),
    "samples": Traits("numbers", is_numeric=False, is_judged=False, is_alone=False, of_point=True),
    "label": Traits("string", is_numeric=False),
    "probability": Traits(needs="label", is_alone=False),
    "score": Traits(),
    "attribute": Traits(is_numeric=False, is_judged=False),
}

JUDGED = frozenset(role for role, traits in ROLES.items() if traits.is_judged)
NUMERIC_ROLES = frozenset(role for role, traits in ROLES.items() if traits.is_numeric)
OF_POINT = frozenset(role for role, traits in ROLES.items() if traits.of_point)
# Bounds of what a point may be; the others are numbers of their own, whose distribution over the
# keys says something, and of those the ones that mean something alone also have an order and a sum.
BOUNDS_OF_POINT = NUMERIC_ROLES & OF_POINT
CENTRAL = NUMERIC_ROLES - OF_POINT
RANKED = frozenset(role for role in CENTRAL if ROLES[role].is_alone)
