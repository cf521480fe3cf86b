"""Two files compared in this process, as `estimates diff` does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from estimates.compare.two_tables import TwoTables
from estimates_jobs.cli.diff_request import DiffRequest
from estimates_jobs.cli.diff_tables import guess_line, two_files
from estimates_jobs.tables.text_options import TextOptions


def compared(old: Path, new: Path, key: str, **options: Any) -> TwoTables:
    """Two files as `estimates diff OLD NEW --key` compares them."""
    words = {"words": (str(old), str(new)), "key": key.split(",")}
    request = DiffRequest(**dict.fromkeys(DiffRequest.__struct_fields__) | words)
    return two_files(request, TextOptions(**options))


def guessed(tables: TwoTables) -> str:
    """The line that says what was guessed."""
    return guess_line(tables).removeprefix("guessed: ")
