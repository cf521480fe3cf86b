"""Numbers of bytes as text."""

from __future__ import annotations


def size(count: int) -> str:
    """A number of bytes with its unit, such as `1.4 GB`."""
    number = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:,.3g} {unit}"
        number /= 1000
    return f"{number:,.4g} TB"
