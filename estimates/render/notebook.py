"""What an object shows of itself: a few lines where it is printed, a page in a notebook.

A report or a verdict has its fields in one module and its renderings in modules above that; they
are looked up by name when somebody looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib import import_module
from importlib.util import find_spec
from typing import Any

LINES = 15  # of a printed object


def short(lines: Sequence[str], more: str) -> str:
    """At most LINES lines; where there are more, the last one says where they are."""
    if len(lines) <= LINES:
        return "\n".join(lines)
    return "\n".join([*lines[: LINES - 1], more])


def rendered(module: str, function: str, *values: Any) -> Any:
    """What a function of a module of `estimates` makes of some values."""
    return getattr(import_module(f"estimates.{module}"), function)(*values)


def framed(page: str) -> str:
    """A whole page inside another one; its style touches nothing outside."""
    style = "width:100%;height:40em;border:0;background:#fff;resize:vertical;overflow:auto"
    return f'<iframe sandbox srcdoc="{escape(page)}" style="{style}"></iframe>'


def has_charts() -> bool:
    """Whether the extra `charts` is installed."""
    return find_spec("altair") is not None and find_spec("vl_convert") is not None
