"""docs/approvals.md is walked through as written, by the people that its prompts name."""

from __future__ import annotations

import pwd
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.commands import BLOCK, typed

PAGE = (Path(__file__).parents[2] / "docs" / "approvals.md").read_text(encoding="utf-8")
PROMPT = re.compile(r"^(\S+)\$ (estimates .*)$", re.MULTILINE)


def commands(block: str) -> Iterator[tuple[str, str, str]]:
    """Who types what, and what is printed."""
    before, *rest = PROMPT.split(block)
    assert before == ""
    for i in range(0, len(rest), 3):
        yield rest[i], rest[i + 1], rest[i + 2].removeprefix("\n")


def test_the_page_is_walked_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command prints what the page says, and exits with the code beside it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ESTIMATES_STORE", str(tmp_path / "store"))
    for language, name, text in BLOCK.findall(PAGE):
        if name:
            Path(name).write_text(text)
        if language != "console":
            continue
        for actor, command, expected in commands(text):
            monkeypatch.setattr(
                pwd,
                "getpwuid",
                lambda uid, who=actor: pwd.struct_passwd((who, "x", uid, uid, "", "", "")),
            )
            printed = typed(command)
            if shlex.split(command)[-1] == "json":
                assert "error" not in printed, printed
            else:
                assert printed == expected, command
