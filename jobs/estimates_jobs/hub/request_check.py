"""A request to a hub, looked at before it is merged: whose files it has, and what is in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from typing import NamedTuple

from estimates.contract.window import SubmissionWindow
from estimates.errors import InvalidError
from estimates.render.wording import count, did_you_mean
from estimates_jobs.hub.changed_files import ChangedFile
from estimates_jobs.hub.hub_folder import Hub, Round
from estimates_jobs.hub.model_metadata import MetadataSchema, metadata_file
from estimates_jobs.hub.request_report import FileReport, Finding, RequestReport, outcome_of
from estimates_jobs.hub.required_rows import required_faults
from estimates_jobs.hub.round_window import window_of
from estimates_jobs.hub.row_checks import (
    column_fault,
    duplicate_faults,
    id_faults,
    round_faults,
    type_id_faults,
)
from estimates_jobs.hub.sample_checks import sample_faults
from estimates_jobs.hub.submission_path import SubmissionPath, submission_path
from estimates_jobs.hub.submission_rows import Submission, submission_of
from estimates_jobs.hub.value_checks import crossing_faults, date_faults, sum_faults, value_faults
from estimates_jobs.tables.table_files import read_table
from estimates_jobs.tables.text_options import TextOptions

Faults = Callable[[Submission], Iterator[Finding]]
# Each by the name that its findings have, in the order in which they are shown.
ROW_CHECKS: tuple[tuple[str, Faults], ...] = (
    ("round", round_faults),
    ("tasks", id_faults),
    ("output_types", type_id_faults),
    ("duplicates", duplicate_faults),
    ("required", required_faults),
    ("values", value_faults),
    ("crossing", crossing_faults),
    ("sums", sum_faults),
    ("dates", date_faults),
    ("samples", sample_faults),
)
# The hub's own folders, which no submission changes.
_OF_THE_HUB = ("hub-config/", "target-data/", ".github/")
# What a store says of a submission's file, of a model and a round.
Verdicts = Callable[[str, str, str], Iterator[Finding]]


class Request(NamedTuple):
    """A request to a hub.

    since     the branch that it goes to
    now       when it is looked at
    teams     patterns of the teams whose files it may have; none: those of one team
    verdicts  asks a store; None where there is none
    """

    hub: Hub
    files: Sequence[ChangedFile]
    since: str
    now: datetime
    teams: tuple[str, ...] = ()
    verdicts: Verdicts | None = None


def check_request(
    request: Request, progress: Callable[[str], None] = lambda path: None
) -> RequestReport:
    """What is wrong with a request; nothing is stored.

    Raises InvalidError: `bad_timezone`, `bad_file` (of the hub's own files), and what opening a
    store raises.
    """
    paths = [(file, submission_path(request.hub, file.path)) for file in request.files]
    schema = MetadataSchema(request.hub)
    reports: list[FileReport] = []
    for file, path in paths:
        progress(file.path)
        if path.kind == "output":
            reports.append(_output_report(request, file, path))
        elif path.kind == "metadata":
            reports.append(_metadata_report(file, path, schema))
    teams = sorted({path.team for _, path in paths if path.team is not None})
    findings = [*_team_faults(request, teams)]
    if reports:
        others = [file.path for file, path in paths if path.kind == "other"]
        findings += _other_faults(others)
    return RequestReport(request.since, request.now, tuple(teams), tuple(findings), tuple(reports))


def _team_faults(request: Request, teams: list[str]) -> Iterator[Finding]:
    if not request.teams and len(teams) > 1:
        yield Finding(
            "team", f"has files of {count(len(teams), 'team')}: {', '.join(teams)}; one is allowed"
        )
    for team in teams if request.teams else ():
        if not any(fnmatchcase(team, pattern) for pattern in request.teams):
            allowed = ", ".join(request.teams)
            yield Finding("team", f"has files of {team}, and only those of {allowed} are allowed")


def _other_faults(paths: list[str]) -> Iterator[Finding]:
    own = tuple(path for path in paths if path.startswith(_OF_THE_HUB))
    rest = tuple(path for path in paths if not path.startswith(_OF_THE_HUB))
    if own:
        yield Finding(
            "files",
            f"changes {count(len(own), 'file')} of the hub itself beside a submission",
            examples=own[:3],
        )
    if rest:
        yield Finding(
            "files",
            f"changes {count(len(rest), 'file')} that {'is' if len(rest) == 1 else 'are'} no "
            "submission and not looked at",
            "warn",
            examples=rest[:3],
        )


def _metadata_report(file: ChangedFile, path: SubmissionPath, schema: MetadataSchema) -> FileReport:
    findings = [Finding(check, message) for check, message in path.faults]
    checks = ["file_name"]
    if file.change == "deleted":
        checks += ["change"]
        findings += [Finding("change", "deletes what is known of a model")]
    elif path.model is not None:
        checks += ["metadata"]
        findings += schema.faults(path.model, file.path)
    return FileReport(
        file.path,
        file.change,
        path.model,
        checks=tuple(checks),
        findings=tuple(findings),
    )


def _output_report(request: Request, file: ChangedFile, path: SubmissionPath) -> FileReport:
    hub = request.hub
    checks = ["location", "file_name", "file_format"]
    findings = [Finding(check, message) for check, message in path.faults]
    of_round = None if path.round is None else hub.round(path.round)
    rows = None
    if path.round is not None:
        checks.append("round")
        if of_round is None:
            findings.append(_no_round(hub, path.round))
        elif path.format not in of_round.formats and path.format in hub.formats:
            takes = ", ".join(of_round.formats)
            findings.append(Finding("file_format", f"is .{path.format}; the round takes {takes}"))
    if of_round is not None and file.change == "deleted":
        checks += ["window", "change"]
        findings += _window_faults(request, file, window_of(of_round, hub.zone))
    elif of_round is not None and path.model is not None:
        checks += ["metadata"]
        if metadata_file(hub, path.model) is None:
            message = f"there is no model-metadata/{path.model}.yml"
            findings.append(Finding("metadata", message))
        rows = _read_rows(request, file, path.model, of_round, checks, findings)
    return FileReport(
        file.path, file.change, path.model, path.round, rows, tuple(checks), tuple(findings)
    )


def _read_rows(
    request: Request,
    file: ChangedFile,
    model: str,
    of_round: Round,
    checks: list[str],
    findings: list[Finding],
) -> int | None:
    """Check the rows of a file, into the lists; how many there are."""
    options = TextOptions()
    where = str(request.hub.folder / file.path)
    checks += ["window", "change", "reading"]
    try:
        frame = read_table(where, options)
    except InvalidError as error:
        findings += _window_faults(request, file, window_of(of_round, request.hub.zone))
        findings.append(_reading_fault(error, where))
        return None
    relative = str((of_round.due or {}).get("relative_to"))
    origin = None
    if relative in frame.columns and relative != of_round.variable and frame.height:
        origin = str(frame.get_column(relative)[0])
    findings += _window_faults(request, file, window_of(of_round, request.hub.zone, origin))
    checks.append("columns")
    fault = column_fault(of_round, frame.columns)
    if fault is not None or not frame.height:
        findings.append(fault or Finding("reading", "has no rows"))
        return frame.height
    try:
        submission = submission_of(frame, of_round, options)
    except InvalidError as error:
        findings.append(_reading_fault(error, where))
        return frame.height
    for name, faults in ROW_CHECKS:
        checks.append(name)
        findings += faults(submission)
    findings += [Finding("reading", note, "warn") for note in options.notes]
    if request.verdicts is not None and outcome_of(findings) != "fail":
        checks.append("gate")
        findings += request.verdicts(where, model, of_round.name)
    return frame.height


def _reading_fault(error: InvalidError, where: str) -> Finding:
    message = error.message.removeprefix(f"{where}: ")
    return Finding("reading", message.partition("; the contract wants ")[0])


def _window_faults(
    request: Request, file: ChangedFile, window: SubmissionWindow | None
) -> Iterator[Finding]:
    """A round that is closed takes nothing; while it is open a file may come again."""
    fault = None if window is None else window.fault(request.now)
    fault = None if fault is None else f"the round {fault}"
    if file.change == "added":
        if fault is not None:
            yield Finding("window", fault)
        return
    if fault is not None:
        yield Finding("change", f"is {file.change}, and {fault}")
    elif window is None:
        yield Finding("change", f"is {file.change}; the hub says no last day for that", "warn")


def _no_round(hub: Hub, name: str) -> Finding:
    names = hub.round_names
    near = did_you_mean(name, names)
    ends = f"{names[0]} to {names[-1]}" if len(names) > 1 else "".join(names)
    return Finding("round", f"the hub has no round {name}{near}; its rounds are {ends or 'none'}")
