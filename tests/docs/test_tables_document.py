"""docs/tables.md, "Bring your table": each section's files are written, its Python is run, its
commands are typed, and what it shows is printed.

A block `csv NAME` or `toml NAME` is a file, a block `python` is a program that writes files, a
block `sh` is typed, and each line of the block `text` after it stands in the output.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.commands import BLOCK, typed

DOCUMENT = (Path(__file__).parents[2] / "docs" / "tables.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", DOCUMENT, re.DOTALL | re.MULTILINE))


@pytest.mark.parametrize("title", SECTIONS)
def test_a_section_does_what_it_says(
    title: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files of a section, read by its commands, print the lines that it shows."""
    monkeypatch.chdir(tmp_path)
    printed = ""
    for kind, name, text in BLOCK.findall(SECTIONS[title]):
        if name:
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_text(text, encoding="utf-8")
        elif kind == "python":
            exec(compile(text, f"docs/tables.md, {title}", "exec"), {})
        elif kind == "sh":
            printed = typed(text)
        else:
            missing = [line for line in text.splitlines() if line.strip() not in printed]
            assert not missing, f"{title}: {missing} not in\n{printed}"
