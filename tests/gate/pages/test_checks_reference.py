"""docs/checks.md is the registry, and docs/gate.md names every reason of a skip."""

from __future__ import annotations

import re
from pathlib import Path

from estimates import gate
from estimates.gate.pages import checks_reference


def test_the_page_of_checks_is_the_registry() -> None:
    """docs/checks.md lists the checks and default limits of the code; `just checks` writes it."""
    page = (Path(__file__).parents[3] / "docs" / "checks.md").read_text()
    assert page == checks_reference.page(), "just checks writes it anew"


def test_the_docs_name_every_skip_reason() -> None:
    """Reasons that a verdict can give are explained in docs/gate.md."""
    page = (Path(__file__).parents[3] / "docs" / "gate.md").read_text()
    source = "".join(path.read_text() for path in Path(gate.__file__).parent.rglob("*.py"))
    for reason in set(re.findall(r'Skip\("(\w+)"\)', source)):
        assert f"`{reason}`" in page
