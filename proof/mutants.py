"""The gate with one thing wrong in it: does a test notice? `just mutate` writes proof/mutants.md.

A mutant is the gate with one comparison turned, one limit moved or one entry of the registry
changed. The page that is generated from the registry is left out, which would notice everything and
explain nothing. Mutants of the registry are made in memory, of a process that runs the tests of the
check first; those of comparisons in a copy of the sources, never in the working tree.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import msgspec

from estimates.gate.check import Check
from estimates.gate.registry import CHECKS

GATE = "estimates/gate"
PAGE = Path("proof/mutants.md")
TESTS = (
    "tests/gate/test_limits.py", "tests/gate/test_faults.py", "tests/gate/test_evaluation.py",
    "tests/gate/test_edges.py",
    "tests/gate/test_policy.py", "tests/gate/test_custom_checks.py", "tests/gate/test_offenders.py",
    "tests/gate/test_offenders_reference.py", "tests/gate/checks",
)  # fmt: skip
# of the first file, those that know the registry; the first takes the name of a check
FIRST = (
    "test_a_value_at_its_exact_default_limit_passes_and_one_beyond_does_not",
    "test_what_cannot_be_excepted",
)
SOURCES = (
    "estimates",
    "api",
    "jobs",
    "migrations",
    "tests",
    "proof",
    "examples",
    "docs",
    "pyproject.toml",
)
# What decides a status, and what must become of it.
COMPARISONS = [
    ("value <= limit + slack", "value < limit + slack - 2 * slack"),
    ("value <= limit + slack", "value >= limit + slack"),
    ("value >= limit - slack", "value > limit - slack + 2 * slack"),
    ("value >= limit - slack", "value <= limit - slack"),
    ("SLACK = 1e-12", "SLACK = 1e-6"),
    ("SLACK = 1e-12", "SLACK = 0.0"),
    ('return "fail"\n    if limits.warn', 'return "warn"\n    if limits.warn'),
    ("return limit + SLACK * abs(limit)", "return limit"),
    ("context.limits[check.name] = limits",
     "context.limits[check.name] = context.limits[check.name]"),
    ('part.measured.result.status not in ("pass", "skipped")',
     'part.measured.result.status == "fail"'),
    ("breaking or ranked]", "breaking or ranked[:1]]"),
    ("_SEVERITY.index(part.measured.result.status))", "0)"),
    ("worst_offenders(measure.offender_groups, OFFENDERS)",
     "worst_offenders(measure.offender_groups, 99)"),
    ("_nothing_to_measure(check, context) if context.is_subset else None", "None"),
    ("_nothing_to_measure(check, context) if context.is_subset else None",
     "_nothing_to_measure(check, context)"),
    ("not subset.report.keys.common:", "subset.report.keys.common:"),
    ("d.r > limit", "d.r >= 0.15"),
    ("moved.z > limit", "moved.z > 4"),
    ("size > limit", "size > 0"),
    ("old.finite & ~new.finite", "new.finite & ~old.finite"),
    ("if not math.isfinite(measure.value)", "if math.isnan(measure.value) and False"),
    ('blocks=outcome in ("fail", "error")', 'blocks=outcome in ("fail",)'),
    ('blocks=outcome in ("fail", "error")', 'blocks=outcome in ("error",)'),
    ('needed.status in ("fail", "error", "waived")', 'needed.status in ("fail", "waived")'),
    ('needed.status in ("fail", "error", "waived")', 'needed.status in ("fail", "error")'),
    ("if check.needs_baseline and context.baseline is None:",
     "if check.needs_baseline and context.baseline is not None:"),
    ("except ANY_FAILURE as error:\n        return failed(check, limits, error)\n    if not",
     "except ANY_FAILURE:\n        return skipped(check, limits, \"failed\")\n    if not"),
]  # fmt: skip


class Mutant(msgspec.Struct, frozen=True):
    """One change: of an entry of the registry (`name`, `changes`), or of the machinery's text
    (`old`, `new`).
    """

    what: str
    name: str = ""
    changes: dict[str, Any] = {}
    old: str = ""
    new: str = ""


def of_registry() -> Iterator[Mutant]:
    """Every limit moved up and down by a hundredth and taken away, every side turned, what is
    unwaivable made waivable.
    """
    for check in CHECKS:
        for what, changes in _changes(check):
            yield Mutant(f"`{check.name}`: {what}", check.name, changes)


def of_comparisons() -> Iterator[Mutant]:
    """Every comparison that decides a status, turned."""
    for old, new in COMPARISONS:
        yield Mutant(f"`{_line(old)}` becomes `{_line(new)}`", old=old, new=new)


def _changes(check: Check) -> Iterator[tuple[str, dict[str, Any]]]:
    for level in ("warn", "block"):
        limit = getattr(check, level)
        if limit is not None:
            for moved in (limit * 1.01, limit * 0.99) if limit else (1.0, -1.0):
                yield f"{level} {limit:g} becomes {moved:.6g}", {level: moved}
            yield f"{level} {limit:g} is gone", {level: None}
    other = {"above": "below", "below": "above"}[check.worse]
    yield f"bad is {other} its limit", {"worse": other}
    if not check.waivable:
        yield "may be waived", {"waivable": True}
    yield "says the other thing about single keys", {"by_key": not check.by_key}


def noticed_in_memory(part: int, parts: int) -> dict[str, str | None]:
    """For each so many-th mutant of the registry, the test that notices it."""
    noticed: dict[str, str | None] = {}
    for mutant in list(of_registry())[part::parts]:
        place = next(i for i, entry in enumerate(CHECKS) if entry.name == mutant.name)
        check = CHECKS[place]
        CHECKS[place] = msgspec.structs.replace(check, **mutant.changes)
        first = [f"{TESTS[0]}::{test}" for test in FIRST]
        try:
            noticed[mutant.what] = _failing(
                [first[0] + f"[{mutant.name}]", *first[1:]]
            ) or _failing(list(TESTS))
        finally:
            CHECKS[place] = check
    return noticed


class _Watch:
    """Remembers the first test that failed."""

    failed: str | None = None

    def pytest_runtest_logreport(self, report: Any) -> None:
        """What pytest calls after each step of a test."""
        if report.failed and self.failed is None:
            self.failed = report.nodeid.removeprefix("tests/")


def _failing(tests: list[str]) -> str | None:
    import pytest

    watch = _Watch()
    with open(os.devnull, "w") as nowhere:
        stdout, sys.stdout = sys.stdout, nowhere
        try:
            code = pytest.main(["-x", "-q", "-p", "no:cacheprovider", *tests], plugins=[watch])
        finally:
            sys.stdout = stdout
    assert code in (0, 1), f"pytest ended with {code}"
    return watch.failed


def noticed_in_copy(mutant: Mutant, root: Path) -> str | None:
    """The test that notices a mutant of the machinery; `root` is a copy of the sources that nobody
    else uses.
    """
    files = [
        file
        for file in sorted((root / GATE).rglob("*.py"))
        if mutant.old in file.read_text(encoding="utf-8")
    ]
    assert len(files) == 1, mutant
    file = files[0]
    source = file.read_text(encoding="utf-8")
    assert source.count(mutant.old) == 1, mutant
    file.write_text(source.replace(mutant.old, mutant.new), encoding="utf-8")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *TESTS],
            cwd=root,
            env=os.environ | {"PYTHONPATH": _search_path(root), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        file.write_text(source, encoding="utf-8")
    failed = re.search(r"^(?:FAILED|ERROR) tests/(.+?)(?: - .*)?$", done.stdout, flags=re.M)
    assert (done.returncode == 0) == (failed is None), done.stdout + done.stderr
    return failed[1] if failed else None


def _search_path(root: Path) -> str:
    """Where Python finds the packages of a copy before those that are installed."""
    return os.pathsep.join(str(root / name) for name in ("", "api", "jobs", "migrations"))


def page(results: list[tuple[Mutant, str | None]]) -> str:
    """The page."""
    killed = sum(test is not None for _, test in results)
    lines = [
        "# Mutants of the gate",
        "",
        "The gate with one thing wrong in it: a comparison turned, a limit moved by a hundredth or "
        "taken away, the bad",
        "side of a limit exchanged, an unwaivable check made waivable. For each the tests of the "
        "gate run, without the page",
        "that is generated from the registry, until one fails. `just mutate` does it and writes "
        "this page.",
        "",
        f"{len(results)} mutants, {killed} noticed by a test.",
        "",
        "| mutant | noticed by |",
        "| --- | --- |",
        *(
            f"| {mutant.what} | {f'`{test}`' if test else '**nobody**'} |"
            for mutant, test in results
        ),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Make them all, on all processors; exit 1 when one survives."""
    workers = os.cpu_count() or 1
    tests: dict[str, str | None] = {}
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        for part in pool.map(noticed_in_memory, range(workers), [workers] * workers):
            tests |= part
    with tempfile.TemporaryDirectory() as folder:
        roots = [Path(folder) / str(i) for i in range(workers)]
        for root in roots:
            root.mkdir()
            for name in SOURCES:
                copy = shutil.copytree if Path(name).is_dir() else shutil.copy
                copy(name, root / name)
        with ThreadPoolExecutor(workers) as threads:
            for some in threads.map(
                _in_copy, [list(of_comparisons())[i::workers] for i in range(workers)], roots
            ):
                tests |= some
    results = [(mutant, tests[mutant.what]) for mutant in (*of_comparisons(), *of_registry())]
    PAGE.write_text(page(results), encoding="utf-8")
    sys.exit(any(test is None for _, test in results))


def _in_copy(mutants: list[Mutant], root: Path) -> dict[str, str | None]:
    return {mutant.what: noticed_in_copy(mutant, root) for mutant in mutants}


def _line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    main()
