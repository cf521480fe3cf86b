"""What rows are asked for: ranges of the key, columns, order, and of many versions which.

It needs msgspec alone, so that a client without frames can be imported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import msgspec

from estimates.contract.columns import key_text

TO = ".."  # between the ends of a range


class RowQuery(msgspec.Struct, frozen=True):
    """Which rows, which columns, in which order.

    where     by key column what it is, `2026-12-01`, or a range with both ends in it,
              `2026-12-01..2026-12-07`, `..2026-12-07`, `5..`; a range of texts stands in brackets,
              `[A..C]`
    fields    columns to answer; None: all
    order     columns to sort by, `-value` from the largest; None: by key
    release   `first`, `latest` or a number from 1: of the versions that were in production, for
              each key the first that has it, the newest, the n-th
    lag       `7d`: for each key the version of those whose data end at least so long before its
              target
    deadline  `D-1T06:00`, `PT36H`: what production said at that moment before each target
    """

    where: dict[str, str] = {}
    fields: tuple[str, ...] | None = None
    order: tuple[str, ...] = ()
    release: str | int | None = None
    lag: str | None = None
    deadline: str | None = None

    @property
    def of_many(self) -> bool:
        """Whether rows come from many versions, and say from which."""
        return not (self.release is None and self.lag is None and self.deadline is None)


class RowRelease(TypedDict, total=False):
    """Which of many versions answers for a key, as arguments."""

    release: str | int | None
    lag: str | None
    deadline: str | None


class RowOptions(RowRelease, total=False):
    """The fields of `RowQuery` but `where`, as arguments."""

    fields: Sequence[str] | None
    order: Sequence[str]


def row_query(where: Mapping[str, Any] | None, options: RowOptions) -> RowQuery:
    """A query from values of Python: of each key column a value, or a pair of ends."""
    fields = options.get("fields")
    return RowQuery(
        {name: _range_text(value) for name, value in (where or {}).items()},
        None if fields is None else tuple(fields),
        tuple(options.get("order", ())),
        options.get("release"),
        options.get("lag"),
        options.get("deadline"),
    )


def _range_text(value: Any) -> str:
    if not isinstance(value, tuple):
        return key_text(value)
    first, last = ("" if end is None else key_text(end) for end in value)
    is_text = any(isinstance(end, str) for end in value)
    return f"[{first}{TO}{last}]" if is_text else f"{first}{TO}{last}"
