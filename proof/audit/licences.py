"""What distributions say of their licences, held to a list of those that are acceptable."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.utils import canonicalize_name

from proof.audit.locks import Locked

# Classifiers that name one licence; "BSD License" and the like name several.
_OF_CLASSIFIER = {
    "MIT License": "MIT",
    "Apache Software License": "Apache-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "CC0 1.0 Universal (CC0 1.0) Public Domain Dedication": "CC0-1.0",
}
_OPERATORS = {"AND", "OR", "WITH"}


class Rules(NamedTuple):
    """What requirements/audit.toml says.

    acceptable     SPDX ids of licences that need no reason
    distributions  by name: `licence`, where the distribution itself does not name it, and
                   `reason`, why one that is not acceptable as such is taken
    advisories     id → why it is no danger here
    """

    acceptable: frozenset[str]
    distributions: dict[str, dict[str, str]]
    advisories: dict[str, str]


class Licence(NamedTuple):
    """The licence of a distribution as an SPDX expression, and the reason for taking it, if it
    needs one.
    """

    expression: str
    reason: str | None = None


def read_rules(file: Path) -> Rules:
    """The rules of a file."""
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    return Rules(frozenset(content["acceptable"]), content["distributions"], content["advisories"])


def declared(name: str) -> str | None:
    """The SPDX expression that an installed distribution names; None where it names none, or is
    not installed here.
    """
    try:
        about: Any = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return None
    for field in ("License-Expression", "License"):
        expression = spdx(about.get(field) or "")
        if expression is not None:
            return expression
    classifiers = about.get_all("Classifier") or []
    names = [each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License ::")]
    return _OF_CLASSIFIER.get(names[0]) if len(names) == 1 else None


def spdx(text: str) -> str | None:
    """A text as SPDX writes it; None where it is no expression of SPDX."""
    try:
        return str(canonicalize_license_expression(text)) if text.strip() else None
    except InvalidLicenseExpression:
        return None


def licences_of(
    locked: Iterable[Locked], rules: Rules
) -> tuple[dict[str, Licence], dict[str, str]]:
    """By name the licences of distributions, and what is wrong: an unknown one, one that is not
    acceptable, an entry of the rules that is needed no more.
    """
    names = sorted({canonicalize_name(each.name) for each in locked})
    licences: dict[str, Licence] = {}
    wrong = dict.fromkeys(rules.distributions, "no lock has it: take its entry out")
    for name in names:
        wrong.pop(name, None)
        entry = rules.distributions.get(name, {})
        own, written = declared(name), entry.get("licence")
        expression = own or written
        if expression is None or spdx(expression) is None:
            wrong[name] = "names no licence: read its LICENSE file, and write down `licence`"
            continue
        licences[name] = Licence(expression, entry.get("reason"))
        if own is not None and written is not None:
            wrong[name] = f"names {own} itself: take `licence` out"
        elif not set(_ids(expression)) <= rules.acceptable and "reason" not in entry:
            wrong[name] = f"{expression} is not acceptable: do without it, or write down `reason`"
        elif set(_ids(expression)) <= rules.acceptable and "reason" in entry:
            wrong[name] = f"{expression} needs no reason: take it out"
    return licences, wrong


def _ids(expression: str) -> list[str]:
    """The licences of an expression; of alternatives all, so that none is taken by mistake."""
    return [word for word in re.findall(r"[\w.+-]+", expression) if word not in _OPERATORS]
