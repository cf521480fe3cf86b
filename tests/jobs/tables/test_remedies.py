"""Each refusal of a table ends with what to do about it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
# where tables are read, judged for what they are, and compared
ROOMS = (
    "estimates/accuracy",
    "estimates/compare/table_diff.py",
    "estimates/compare/two_sets.py",
    "estimates/compare/two_tables.py",
    "estimates/compare/vintages.py",
    "estimates/contract",
    "estimates/guess",
    "estimates/store/partial_update.py",
    "jobs/estimates_jobs/cli/diff_tables.py",
    "jobs/estimates_jobs/run/inputs.py",
    "jobs/estimates_jobs/tables",
)
# Faults of a contract say what is allowed at each line.
ELSEWHERE = ("bad_contract",)


def refusals() -> Iterator[tuple[str, ast.Call]]:
    """Where an InvalidError is made, and the call."""
    files = [
        file for room in ROOMS for file in (sorted((ROOT / room).rglob("*.py")) or [ROOT / room])
    ]
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "InvalidError":
                yield f"{file.relative_to(ROOT)}:{node.lineno}", node


def code_of(call: ast.Call) -> str:
    """Its code, or the expression that another error's code stands in."""
    return str(ast.literal_eval(call.args[0])) if isinstance(call.args[0], ast.Constant) else ""


def test_every_refusal_of_a_table_says_what_to_do() -> None:
    """By its `remedy`; one that only names the file of another keeps that one's."""
    silent = [
        where
        for where, call in refusals()
        if "remedy" not in {keyword.arg for keyword in call.keywords}
        and code_of(call) not in ELSEWHERE
        and not ast.unparse(call).startswith("InvalidError(error.code, named")
    ]
    assert silent == []
