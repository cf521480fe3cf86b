"""Every code of an error is in docs/spec.md, and no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from estimates import errors

PROJECT = Path(__file__).parents[2]
PACKAGES = ("estimates", "jobs", "migrations")  # docs/http.md has the codes of api
CLASSES = {name for name, kind in vars(errors).items() if isinstance(kind, type)}
# Where a code is not written at the error itself: the codes that it can have.
COMPUTED = {
    "estimates/gate/from_report.py": {"degenerate_scale", "overflow", "no_comparable_keys"},
    "estimates/gate/checks/change_size.py": {"degenerate_scale", "overflow"},
    "estimates/reading/version_reader.py": {"no_estimate", "elapsed", "removed", "outside_domain"},
    "estimates/store/identity.py": set[str](),  # the same file is missing
    "estimates/store/recover.py": {"log_damaged", "log_gap"},
    "jobs/estimates_jobs/tables/contract_draft.py": set[str](),  # another error's code, with a hint
    "jobs/estimates_jobs/tables/plain_text.py": set[str](),  # the same, with the file's name
    "jobs/estimates_jobs/cli/diff_tables.py": set[str](),  # the same
    "jobs/estimates_jobs/cli/explain.py": set[str](),  # the same
    "jobs/estimates_jobs/cli/interface/near_keys.py": set[str](),  # the same
    "jobs/estimates_jobs/hub/changed_files.py": {"no_repository", "unknown_ref"},
}


def constants(code: ast.expr) -> set[str] | None:
    """The codes in an expression; None when it must be run to know."""
    if isinstance(code, ast.Constant):
        return {str(code.value)}
    if isinstance(code, ast.IfExp):
        first, second = constants(code.body), constants(code.orelse)
        return None if first is None or second is None else first | second
    return None


def raised() -> Iterator[tuple[str, str]]:
    """Code and class of every error that the sources make."""
    for package in PACKAGES:
        for file in sorted((PROJECT / package).rglob("*.py")):
            path = file.relative_to(PROJECT).as_posix()
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Name)
                    and node.func.id in CLASSES
                ):
                    codes = constants(node.args[0])
                    for code in COMPUTED[path] if codes is None else codes:
                        yield code, node.func.id


def documented() -> list[tuple[str, str]]:
    """Code and class of every row of the tables in section 8 of docs/spec.md."""
    section = (PROJECT / "docs" / "spec.md").read_text(encoding="utf-8").split("\n## 8 Errors\n")[1]
    return re.findall(r"^\| `(\w+)` \| `(\w+Error)` \| [^|]+ \|$", section, flags=re.MULTILINE)


def test_every_code_is_documented() -> None:
    """What a program may meet, it can look up."""
    assert set(raised()) - set(documented()) == set()


def test_every_documented_code_is_raised() -> None:
    """The tables list no code that is gone, and none twice."""
    rows = documented()
    assert set(rows) - set(raised()) == set()
    assert len(set(rows)) == len(rows)


def test_codes_stand_in_order() -> None:
    """Each table is sorted by class, as the first table of the section, and then by code."""
    order = list(errors.EstimatesError.__subclasses__())
    rows = [([kind.__name__ for kind in order].index(name), code) for code, name in documented()]
    falls = sum(after < before for before, after in pairwise(rows))
    assert falls == 1  # from the end of the first table to the second one
