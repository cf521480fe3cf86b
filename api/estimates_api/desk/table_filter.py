"""What the form above a table of estimates asks for: parts of the key, and one column's values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from estimates.reading.row_request import TO
from estimates_api.desk.leading_parts import LeadingParts

NAMES = ("of", "low", "high")  # of the fields: a column, and the ends of its values


class TableFilter:
    """The estimates that are shown.

    parts      of the key, any of them; each may be a range
    of         the column whose values lie between `low` and `high`, as text; "" for none
    """

    def __init__(self, key: Sequence[str], columns: Sequence[str], query: Mapping[str, Any]):
        self.parts = LeadingParts(key, query, gaps=True)
        self.columns = list(columns)
        self.of, self.low, self.high = (str(query.get(name, "")).strip() for name in NAMES)

    @property
    def any(self) -> bool:
        """Whether estimates are left out."""
        return self.parts.any or bool(self._values())

    def query(self) -> dict[str, str]:
        """The parameters that the routes under /v1 take."""
        return self.parts.query() | self.parts.beyond | self._values()

    def _values(self) -> dict[str, str]:
        if not self.of or not (self.low or self.high):
            return {}
        is_value = self.low == self.high
        # in brackets, so that texts have a range, too
        return {self.of: self.low if is_value else f"[{self.low}{TO}{self.high}]"}
