"""A contract in a few lines, as it prints itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from estimates.render.notebook import short

if TYPE_CHECKING:
    from estimates.contract.contract import Contract


def render_short(contract: Contract) -> str:
    """Its name, what it is about, key and columns."""
    about = f": {contract.description}" if contract.description else ""
    lines = [f"Contract {contract.name}{about}", *_parts(contract)]
    return short(lines, "  … the whole: msgspec.to_builtins(contract)")


def _parts(contract: Contract) -> Iterator[str]:
    for name, part in contract.key.items():
        yield f"  key {name}: {part.type}{', target' if part.target else ''}"
    for name, column in contract.columns.items():
        words = [column.role, *([column.unit] if column.unit else [])]
        yield f"  {name}: {', '.join(words)}"
