"""Leading parts of a key in the query of a page: `k1`, `k2`, …, since columns may have any name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from estimates.errors import InvalidError


class LeadingParts:
    """The fields of a form in which people say which keys they want.

    columns  the key columns; names: what their fields are called; parts: what was filled in
    Raises InvalidError (`key_parts`) where a part is filled in behind one that is not.
    """

    def __init__(self, columns: Sequence[str], query: Mapping[str, Any]) -> None:
        self.columns = list(columns)
        self.names = [f"k{i}" for i in range(1, len(columns) + 1)]
        filled = [str(query.get(name, "")) for name in self.names]
        self.parts = [part for part in filled if part]
        if self.parts != filled[: len(self.parts)]:
            raise InvalidError(
                "key_parts",
                "a part of the key is missing",
                remedy="fill them in from the first one on",
            )

    @property
    def fields(self) -> list[tuple[str, str, str]]:
        """Column, name of the field, and what is filled in, for each column."""
        parts = [*self.parts, *[""] * len(self.columns)]
        return list(zip(self.columns, self.names, parts, strict=False))

    def query(self) -> dict[str, str]:
        """The parameters that the routes under /v1 take."""
        return dict(zip(self.columns, self.parts, strict=False))

    def query_of(self, parts: Sequence[object]) -> dict[str, str]:
        """The parameters of a page that fill in these parts."""
        return dict(zip([*self.names, ""], map(str, parts), strict=False))
