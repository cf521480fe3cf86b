"""Lines on standard error: errors, warnings, notes."""

from __future__ import annotations

import shutil
import sys

import click

from estimates.render.terminal import folded


def notice(text: str | bytes) -> None:
    """A text for people, or bytes for programs; a terminal folds its lines between words."""
    if isinstance(text, str) and sys.stderr.isatty():
        width = shutil.get_terminal_size().columns
        text = "\n".join(part for line in text.split("\n") for part in folded(line, width))
    click.echo(text, err=True)
