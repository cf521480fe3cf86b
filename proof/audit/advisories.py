"""Known vulnerabilities of locked distributions: of advisories in the OSV format on this machine,
or asked of a service over the network by pip-audit.
"""

from __future__ import annotations

import json
import subprocess
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from proof.audit.locks import Locked

_TIMEOUT_S = 300
_LONGEST = 200  # characters of what a service said


class Advisory(NamedTuple):
    """A vulnerability of a distribution in one version.

    aliases  other ids of it
    fixed    versions without it
    """

    name: str
    version: str
    id: str
    aliases: tuple[str, ...]
    summary: str
    fixed: tuple[str, ...]


class CouldNotLookError(Exception):
    """Nobody knows whether there are vulnerabilities; the message says why."""


def of_files(place: Path, locked: Iterable[Locked]) -> tuple[int, list[Advisory]]:
    """How many advisories a place has, and those that are about locked versions, sorted.

    place  a file in the OSV format, a folder of them, or a ZIP, as osv.dev exports them
    Raises CouldNotLookError where there are none.
    """
    versions: dict[str, set[str]] = defaultdict(set)
    for each in locked:
        versions[canonicalize_name(each.name)].add(each.version)
    count, matching = 0, set[Advisory]()
    for content in _contents(place):
        count += 1
        if "withdrawn" not in content:
            matching.update(_matching(content, versions))
    if not count:
        raise CouldNotLookError(f"{place} has no advisories (*.json in the OSV format)")
    return count, sorted(matching)


def of_service(program: Path, locks: Sequence[Path]) -> list[Advisory]:
    """What the service of pip-audit knows; raises CouldNotLookError."""
    files = [word for lock in locks for word in ("--requirement", str(lock))]
    how = ("--require-hashes", "--disable-pip", "--vulnerability-service", "osv")
    form = ("--format", "json", "--progress-spinner", "off", "--timeout", "10")
    try:
        done = subprocess.run(
            [program, *files, *how, *form], capture_output=True, text=True, timeout=_TIMEOUT_S
        )
    except FileNotFoundError:
        raise CouldNotLookError(f"{program} is not installed") from None
    except subprocess.TimeoutExpired:
        raise CouldNotLookError(f"pip-audit was not done after {_TIMEOUT_S} s") from None
    try:
        answer = json.loads(done.stdout)
    except json.JSONDecodeError:
        why = done.stderr.strip().splitlines() or ["no answer"]
        raise CouldNotLookError(f"pip-audit: {why[-1][:_LONGEST]}") from None
    return sorted(
        Advisory(
            each["name"],
            each["version"],
            known["id"],
            tuple(known["aliases"]),
            known.get("description", "").split("\n")[0],
            tuple(known["fix_versions"]),
        )
        for each in answer["dependencies"]
        for known in each.get("vulns", ())
    )


def _contents(place: Path) -> Iterator[dict[str, Any]]:
    if place.is_dir():
        texts = (file.read_bytes() for file in sorted(place.rglob("*.json")))
    elif zipfile.is_zipfile(place):
        with zipfile.ZipFile(place) as archive:
            names = [name for name in archive.namelist() if name.endswith(".json")]
            yield from (json.loads(archive.read(name)) for name in names)
        return
    else:
        texts = (file.read_bytes() for file in (place,) if file.exists())
    for text in texts:
        content = json.loads(text)
        yield from content if isinstance(content, list) else [content]


def _matching(content: dict[str, Any], versions: dict[str, set[str]]) -> Iterator[Advisory]:
    for affected in content.get("affected", ()):
        package = affected.get("package", {})
        if package.get("ecosystem") != "PyPI":
            continue
        name = canonicalize_name(package["name"])
        events = [
            event
            for part in affected.get("ranges", ())
            if part["type"] == "ECOSYSTEM"
            for event in part["events"]
        ]
        fixed = tuple(event["fixed"] for event in events if "fixed" in event)
        for version in versions.get(name, ()):
            if is_affected(version, affected):
                summary = content.get("summary") or content.get("details", "").split("\n")[0]
                aliases = tuple(content.get("aliases", ()))
                yield Advisory(name, version, content["id"], aliases, summary, fixed)


def is_affected(version: str, affected: dict[str, Any]) -> bool:
    """Whether OSV's `affected` has a version: listed, or within a range of the ecosystem."""
    parts = [part for part in affected.get("ranges", ()) if part["type"] == "ECOSYSTEM"]
    listed = {_version(each) for each in affected.get("versions", ())}
    return _version(version) in listed or any(_within(version, p["events"]) for p in parts)


def _within(version: str, events: list[dict[str, str]]) -> bool:
    present, inside = _version(version), False
    ordered = [(_version(text), kind) for event in events for kind, text in event.items()]
    for bound, kind in sorted(ordered, key=lambda each: (each[0], each[1] != "introduced")):
        if kind == "introduced" and present >= bound:
            inside = True
        elif (kind == "fixed" and present >= bound) or (
            kind == "last_affected" and present > bound
        ):
            inside = False
    return inside


def _version(text: str) -> Version:
    """A version; one that is none, of times before there were rules, is before all others."""
    try:
        return Version(text)
    except InvalidVersion:
        return Version("0.dev0")
