"""Parts of a key in the query of a page: `k1`, `k2`, …, since columns may have any name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any

from estimates.errors import InvalidError


class LeadingParts:
    """The fields of a form in which people say which keys they want.

    columns  the key columns; names: what their fields are called
    parts    what was filled in without a gap; beyond: by column what was filled in behind one
    gaps     whether there may be any
    Raises InvalidError (`key_parts`) where a part is filled in behind one that is not.
    """

    def __init__(
        self, columns: Sequence[str], query: Mapping[str, Any], *, gaps: bool = False
    ) -> None:
        self.columns = list(columns)
        self.names = [f"k{i}" for i in range(1, len(columns) + 1)]
        self._filled = [str(query.get(name, "")) for name in self.names]
        self.parts = list(takewhile(bool, self._filled))
        behind = list(zip(self.columns, self._filled, strict=True))[len(self.parts) :]
        self.beyond = {column: part for column, part in behind if part}
        if self.beyond and not gaps:
            raise InvalidError(
                "key_parts",
                "a part of the key is missing",
                remedy="fill them in from the first one on",
            )

    @property
    def fields(self) -> list[tuple[str, str, str]]:
        """Column, name of the field, and what is filled in, for each column."""
        return list(zip(self.columns, self.names, self._filled, strict=True))

    @property
    def any(self) -> bool:
        """Whether anything is filled in."""
        return any(self._filled)

    def query(self) -> dict[str, str]:
        """The parameters that the routes under /v1 take, of the parts without a gap."""
        return dict(zip(self.columns, self.parts, strict=False))

    def query_of(self, parts: Sequence[object]) -> dict[str, str]:
        """The parameters of a page that fill in these parts."""
        return dict(zip([*self.names, ""], map(str, parts), strict=False))
