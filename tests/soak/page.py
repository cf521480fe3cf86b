"""docs/reliability.md: each fault, how often it was tried, what was seen."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.soak.outcome import Outcome

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
TITLES = (
    "Changes in files",
    "Changes in the catalog's tables",
    "Disks",
    "Kills",
    "Services",
)
_SECTION = re.compile(r"\n## (.+)\n(?:.*\n)*?(?=\n## |\Z)")
_ROW = re.compile(r"^\| (.+) \| (\d+) \| (.+) \|$", re.MULTILINE)
_REVISIONS = re.compile(r"faults, of revisions? (.+):")
_HEAD = (
    "# Reliability\n\n"
    "`just soak` does each of these to real stores, writes this page, and ends with the first "
    "fault that leaves something half-written, changes a number that is read, or that `verify` "
    "is silent about.\n"
    "`just test` does a few of each.\n\n"
    "- **nothing else is read**: what was changed is derived, working state or unused space; the "
    "answers are the same.\n"
    "- **verify names it**: the answers are the same, and `verify` says what is wrong.\n"
    "- **refused, verify names it**: what cannot be trusted is not read; `repair`, `restore` or "
    "`recover` bring it back.\n"
    "- **an older state is read, verify names it**: the catalog lost its newest rows; nothing can "
    "be written, because the log knows more.\n"
    "- **no answer lost or wrong; it follows again**: clients that try again for half a minute "
    "had every answer while production moved before and after the fault, each said what its "
    "version says, and workers did not grow.\n"
)
_TAIL = (
    "\n## Power loss\n\n"
    "`tests/store/test_power_loss.py` records every write and flush of publish, judge, promote, "
    "rollback and sweep, SQLite's included, and opens every state that a disk may have kept: "
    "[decision 32](decisions/0032-power-loss.md).\n"
    "`just test` opens one in a hundred of some three thousand, `just test-stack` all.\n"
    "\n## Servers that hang\n\n"
    "`tests/store/test_hanging.py` stops a real S3 server and a real PostgreSQL: each command ends "
    "within the time that [many-machines.md](many-machines.md#when-something-does-not-answer) "
    "states.\n"
)


def page(
    outcomes: Iterable[Outcome], revision: str, before: str = "", *, more: bool = False
) -> str:
    """The page; sections of parts that were not done stay as they are `before`.

    more  whether what was done is counted beside what the page has of the same part
    """
    counts = Counter((outcome.fault, outcome.seen) for outcome in outcomes)
    sections = {part[1]: part[0] for part in _SECTION.finditer(before) if part[1] in TITLES}
    for title in {_part(fault) for fault, _ in counts}:
        of_part = Counter({fault: n for fault, n in counts.items() if _part(fault[0]) == title})
        revisions = [revision]
        if more and title in sections:
            revisions = [*_REVISIONS.findall(sections[title])[0].split(", "), revision]
            for fault, number, seen in _ROW.findall(sections[title]):
                of_part[fault, seen] += int(number)
        sections[title] = _section(title, dict(sorted(of_part.items())), revisions)
    return _HEAD + "".join(sections[title] for title in TITLES if title in sections) + _TAIL


def _section(title: str, counts: Mapping[tuple[str, str], int], revisions: list[str]) -> str:
    rows = "".join(f"| {fault} | {number} | {seen} |\n" for (fault, seen), number in counts.items())
    named = f"revision{'s' if len(revisions) > 1 else ''} {', '.join(dict.fromkeys(revisions))}"
    return (
        f"\n## {title}\n\n{sum(counts.values())} faults, of {named}:\n\n"
        f"| fault | tried | seen |\n|---|---|---|\n{rows}"
    )


def _part(fault: str) -> str:
    if fault.startswith("kill"):
        return "Kills"
    if fault.startswith("table"):
        return "Changes in the catalog's tables"
    if fault.startswith("service"):
        return "Services"
    return "Disks" if "disk" in fault else "Changes in files"
