"""Pages of changes, and the cursors that lead from one page to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from estimates.contract.contract import Contract
from estimates.extras import needs
from estimates.reading.answer import Page

if TYPE_CHECKING:
    import polars as pl


class ChangeCursor(msgspec.Struct, frozen=True, array_like=True):
    """Where a page begins: the numbers of both versions, the row, and a mark of the request."""

    first: int
    second: int
    row: int
    mark: int


class ChangePage(Page):
    """One page of changes; `version` is the one they lead to, `cursor` asks for the next page,
    `total` counts all.

    Of versions of two sets `set` is empty, and the body says `from` and `to` with the names of
    their sets.
    """

    def frame(self, contract: Contract) -> pl.DataFrame:
        """The rows as `estimates.stability.changes` has them; `contract` is what
        `contract_of_changes` gives.
        """
        with needs("frames"):
            from estimates.compare.change_rows import decoded

        return decoded(self.json, contract)

    def first(self, name: str) -> int:
        """The number of the version of set `name` that the changes lead from."""
        return int(str(self.body["from"]).removeprefix(full_name(name, "")))


def full_name(name: str, version: object) -> str:
    """What a version is called where there are two sets."""
    return f"{name} version {version}"
