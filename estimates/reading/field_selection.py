"""Some columns of the rows that a read file gives."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from estimates.contract.contract import Contract
from estimates.errors import InvalidError
from estimates.render.wording import did_you_mean


def selection(
    name: str, contract: Contract, fields: Sequence[str] | None
) -> Callable[[bytes], bytes]:
    """Keeps the asked columns of rows as a read file gives them, in contract order, and always the
    key.

    Raises InvalidError `unknown_field`.
    """
    if fields is None:
        return lambda rows: rows
    unknown = [
        field for field in fields if field not in contract.columns and field not in contract.key
    ]
    if unknown:
        raise InvalidError(
            "unknown_field",
            f"{name}: no column {unknown[0]!r}{did_you_mean(unknown[0], contract.columns)}",
            remedy=f"columns: {', '.join(contract.columns)}",
        )
    names = set(contract.key) | set(fields)

    def select(rows: bytes) -> bytes:
        cells: list[dict[str, Any]] = msgspec.json.decode(b"[%b]" % rows)
        return b",\n".join(
            msgspec.json.encode({name: value for name, value in row.items() if name in names})
            for row in cells
        )

    return select
