"""Each refusal ends with what to do about it: which option to give, what to write, what to run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("api", "estimates", "jobs", "migrations")
KINDS = (
    "ConflictError",
    "CorruptError",
    "GateError",
    "InvalidError",
    "NotFoundError",
    "RefusedError",
    "UnavailableError",
)
# What a check cannot compute is said by its result, which ends with the check's own line.
CHECKS = (
    "estimates/gate/checks/",
    "estimates/gate/custom_checks.py",
    "estimates/gate/domain_keys.py",
    "estimates/gate/evaluation_context.py",
    "estimates/gate/from_report.py",
)
# Faults of a contract say what is allowed at each line.
ELSEWHERE = ("bad_contract",)


def refusals(room: str) -> Iterator[tuple[str, ast.Call]]:
    """Where an error of the library is made, and the call."""
    for file in sorted((ROOT / room).rglob("*.py")):
        where = str(file.relative_to(ROOT))
        if where.startswith(CHECKS):
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in KINDS:
                yield f"{where}:{node.lineno}", node


def code_of(call: ast.Call) -> str:
    """Its code; nothing where another error's stands in its place."""
    return str(ast.literal_eval(call.args[0])) if isinstance(call.args[0], ast.Constant) else ""


@pytest.mark.parametrize("room", ROOMS)
def test_every_refusal_says_what_to_do(room: str) -> None:
    """By its `remedy`; one that says more of another error hands on that one's."""
    silent = [
        where
        for where, call in refusals(room)
        if not {"remedy", None} & {keyword.arg for keyword in call.keywords}
        and code_of(call) not in ELSEWHERE
    ]
    assert silent == []


@pytest.mark.parametrize("room", ROOMS)
def test_what_to_do_is_a_line(room: str) -> None:
    """It is neither empty nor several lines, and no sentence that ends in a full stop."""
    for where, call in refusals(room):
        for keyword in call.keywords:
            if keyword.arg == "remedy" and isinstance(keyword.value, ast.Constant):
                text = keyword.value.value
                assert isinstance(text, str), where
                assert text.strip() == text != "", where
                assert "\n" not in text, where
                assert not text.endswith("."), where
