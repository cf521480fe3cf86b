"""Options that name columns: `--key shop,day`, or `--key shop --key day`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click


def columns(*declarations: str, **attributes: Any) -> Callable[[Any], Any]:
    """An option whose value is a list of names, in the order given; None without it. The arguments
    are click's.
    """
    return click.option(*declarations, metavar="A,B", multiple=True, callback=_names, **attributes)


def _names(
    context: click.Context, option: click.Parameter, given: tuple[str, ...]
) -> list[str] | None:
    return [name.strip() for words in given for name in words.split(",")] or None
