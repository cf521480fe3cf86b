"""How rows of tables come into a set, as its contract says it; `own_rows` does it."""

import msgspec

from estimates.contract.columns import Part

Cell = str | int | float | bool


class Load(Part, frozen=True):
    """How rows come into the set.

    where   by column the value, or the values, that the set's own rows have; other rows are counted
            and left out
    ignore  columns of the tables that come which are left out, where they are there
    """

    where: dict[str, Cell | tuple[Cell, ...]] = msgspec.field(default_factory=dict)
    ignore: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, wanted in self.where.items():
            if wanted == ():
                raise ValueError(f"'where' names no value of {name!r}")
