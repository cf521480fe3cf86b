"""What the path of a file in a hub says: whose it is, and of which round.

`model-output/TEAM-MODEL/ROUND-TEAM-MODEL.csv`, `model-metadata/TEAM-MODEL.yml`.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Literal, NamedTuple

from estimates_jobs.hub.hub_folder import Hub

Kind = Literal["output", "metadata", "abstract", "other"]
_WORD = r"[A-Za-z0-9_+.]+"
_MODEL = re.compile(rf"(?P<team>{_WORD})-(?P<model>{_WORD})")
_FILE = re.compile(
    rf"(?P<round>\d{{4}}-\d{{2}}-\d{{2}}|(?!\d{{4}}-\d{{2}}-\d{{2}})[A-Za-z0-9_]+)"
    rf"-(?P<model>{_WORD}-{_WORD}?)"
    r"(?:\.(?:gz|zstd|snappy|brotli|lz4|bz2))?\.(?P<format>csv|parquet|arrow)"
)
_TABLES = (
    ".csv",
    ".parquet",
    ".arrow",
    ".tsv",
    ".txt",
    ".json",
    ".xlsx",
    ".gz",
    ".zip",
    ".feather",
)
METADATA = "model-metadata"
_ABSTRACTS = "model-abstracts"
_METADATA_ENDINGS = (".yml", ".yaml")


class SubmissionPath(NamedTuple):
    """What a path says; None for what it does not say.

    model   TEAM-MODEL
    faults  what is wrong with it: the check's name, and a sentence
    """

    kind: Kind
    model: str | None = None
    round: str | None = None
    format: str | None = None
    faults: tuple[tuple[str, str], ...] = ()

    @property
    def team(self) -> str | None:
        """The team's abbreviation."""
        return None if self.model is None else self.model.partition("-")[0]


def submission_path(hub: Hub, path: str) -> SubmissionPath:
    """What a path from the hub's folder says."""
    folder, name = str(PurePosixPath(path).parent), PurePosixPath(path).name
    if folder == METADATA:
        return _metadata(name)
    if folder == _ABSTRACTS or folder.startswith(f"{_ABSTRACTS}/"):
        return SubmissionPath("abstract")
    of_output = folder == hub.output or folder.startswith(f"{hub.output}/")
    if not of_output or (folder == hub.output and not name.lower().endswith(_TABLES)):
        return SubmissionPath("other")
    return _output(hub, folder.removeprefix(hub.output).strip("/"), name)


def _metadata(name: str) -> SubmissionPath:
    stem = PurePosixPath(name).stem
    if not name.endswith(_METADATA_ENDINGS):
        return SubmissionPath("other")
    if _MODEL.fullmatch(stem) is None:
        return SubmissionPath(
            "metadata", faults=(("file_name", f"{name} is not called TEAM-MODEL.yml"),)
        )
    return SubmissionPath("metadata", stem)


def _output(hub: Hub, folder: str, name: str) -> SubmissionPath:
    """A file below the folder of submissions; `folder` is the one that it lies in, from there."""
    faults: list[tuple[str, str]] = []
    if _MODEL.fullmatch(folder) is None:
        where = f"{hub.output}/{folder}" if folder else hub.output
        faults.append(
            ("location", f"lies in {where}, and not in {hub.output}/TEAM-MODEL of its model")
        )
    match = _FILE.fullmatch(name)
    if match is None:
        ending = PurePosixPath(name).suffix.removeprefix(".")
        if ending not in hub.formats and f".{ending}" in _TABLES:
            faults.append(_format_fault(hub, ending))
        else:
            wanted = f"ROUND-{folder or 'TEAM-MODEL'}.{hub.formats[0]}"
            faults.append(("file_name", f"{name} is not called {wanted}"))
        return SubmissionPath("output", folder or None, faults=tuple(faults))
    if match["format"] not in hub.formats:
        faults.append(_format_fault(hub, match["format"]))
    if not faults and match["model"] != folder:
        faults.append(
            ("location", f"is of {match['model']} by its name, and lies in the folder of {folder}")
        )
    model = folder if _MODEL.fullmatch(folder) else match["model"]
    return SubmissionPath("output", model, match["round"], match["format"], tuple(faults))


def _format_fault(hub: Hub, ending: str) -> tuple[str, str]:
    return "file_format", f"is .{ending}; the hub takes {', '.join(hub.formats)}"
