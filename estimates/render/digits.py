"""Numbers as they are told: with twelve significant digits, so that equal answers are equal bytes
everywhere.
"""

from typing import Any

DIGITS = 12


def rounded(tree: Any) -> Any:
    """A tree of plain values with its floats rounded; a `value`, which is an estimate as it was
    published, stays.
    """
    if isinstance(tree, float):
        return float(f"{tree:.{DIGITS}g}")
    if isinstance(tree, dict):
        return {
            name: part if name == "value" and isinstance(part, float) else rounded(part)
            for name, part in tree.items()
        }
    return [rounded(part) for part in tree] if isinstance(tree, list) else tree
