"""What was seen in a request, file by file."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from estimates_jobs.hub.changed_files import Change

Severity = Literal["fail", "warn"]


class Finding(msgspec.Struct, frozen=True):
    """Something that is wrong, or worth a look.

    rows      how many rows of the file it is about; None: it is about no rows
    examples  some of them
    """

    check: str
    message: str
    severity: Severity = "fail"
    rows: int | None = None
    examples: tuple[str, ...] = ()


class FileReport(msgspec.Struct, frozen=True):
    """A file of a request.

    rows    that it has; None where it was not read
    checks  which checks were made, in order
    """

    path: str
    change: Change
    model: str | None = None
    round: str | None = None
    rows: int | None = None
    checks: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def outcome(self) -> str:
        """pass, warn or fail."""
        return outcome_of(self.findings)


class RequestReport(msgspec.Struct, frozen=True):
    """A request: what is wrong with it as a whole, and its files by path.

    teams  whose files it has
    """

    since: str
    checked_at: datetime
    teams: tuple[str, ...]
    findings: tuple[Finding, ...]
    files: tuple[FileReport, ...]

    @property
    def outcome(self) -> str:
        """pass, warn or fail."""
        return outcome_of([*self.findings, *(f for file in self.files for f in file.findings)])


def as_json(report: RequestReport) -> dict[str, Any]:
    """The report for a program, with its outcome and that of each file."""
    content = {"outcome": report.outcome} | msgspec.to_builtins(report)
    files = [{"outcome": file.outcome} | msgspec.to_builtins(file) for file in report.files]
    return content | {"files": files}


def outcome_of(findings: list[Finding] | tuple[Finding, ...]) -> str:
    """pass, warn or fail."""
    severities = {finding.severity for finding in findings}
    return "fail" if "fail" in severities else "warn" if severities else "pass"
