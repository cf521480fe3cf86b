"""The index of docs links every page, and that of decisions every decision by its title."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def _links(page: Path) -> set[str]:
    return set(re.findall(r"\]\(([\w./-]+\.md)", page.read_text(encoding="utf-8")))


def test_every_page_is_linked() -> None:
    """A guide or reference that nobody links is found by nobody."""
    pages = {page.name for page in DOCS.glob("*.md")} - {"README.md"}
    assert pages <= _links(DOCS / "README.md")
    assert "decisions/README.md" in _links(DOCS / "README.md")


def test_every_decision_is_linked() -> None:
    """Each stands in the index under its own title, in order; numbers are used once."""
    rows = []
    for page in sorted((DOCS / "decisions").glob("0*.md")):
        number, title = page.read_text(encoding="utf-8").splitlines()[0][2:].split(". ", 1)
        assert int(number) == int(page.name[:4]), page.name
        rows.append(f"| {number} | [{title}]({page.name}) |")
    assert len({row.split("|")[1] for row in rows}) == len(rows)
    index = (DOCS / "decisions" / "README.md").read_text(encoding="utf-8").splitlines()
    assert [line for line in index if line.startswith("| ") and "](" in line] == rows
