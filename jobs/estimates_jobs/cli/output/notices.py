"""Lines on standard error: errors, warnings, notes."""

from __future__ import annotations

import shutil
import sys

import click

from estimates.render.terminal import folded
from estimates.render.wording import visible_json, visible_lines


def notice(text: str | bytes) -> None:
    """A text for people, or JSON for programs; a terminal folds its lines between words."""
    shown = visible_json(text).decode() if isinstance(text, bytes) else visible_lines(text)
    if isinstance(text, str) and sys.stderr.isatty():
        width = shutil.get_terminal_size().columns
        shown = "\n".join(part for line in shown.split("\n") for part in folded(line, width))
    click.echo(shown, err=True)
