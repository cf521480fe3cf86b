"""Numbers of bytes as text."""

from __future__ import annotations


def size(count: int) -> str:
    """A number of bytes with its unit, such as `1.4 GB`."""
    number = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if float(f"{number:.3g}") < 1000:  # 999.9 kB are 1 MB in three digits
            return f"{number:,.3g} {unit}"
        number /= 1000
    return f"{number:,.4g} TB"
