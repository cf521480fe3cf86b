"""Numbers as answers give them: with twelve significant digits, so that equal answers are equal
bytes everywhere.
"""

from typing import Any

DIGITS = 12


def rounded(tree: Any) -> Any:
    """A tree of plain values with its floats rounded; a `value`, which is an estimate as it was
    published, stays.
    """
    if isinstance(tree, float):
        return float(f"{tree:.{DIGITS}g}")
    if isinstance(tree, dict):  # most of a large tree is the numbers in it: no call for each
        return {
            name: (float(f"{part:.12g}") if name != "value" else part)
            if type(part) is float
            else rounded(part)
            if isinstance(part, (dict, list))
            else part
            for name, part in tree.items()
        }
    return [rounded(part) for part in tree] if isinstance(tree, list) else tree
