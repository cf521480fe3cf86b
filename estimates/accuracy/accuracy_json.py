"""Accuracy as JSON: floats with 12 significant digits, so that equal reports are equal bytes
everywhere.
"""

from __future__ import annotations

from typing import Any

import msgspec

from estimates.accuracy.accuracy_report import Accuracy, SetAccuracy
from estimates.render.digits import rounded


def encode(report: msgspec.Struct) -> bytes:
    """A report as JSON."""
    if not isinstance(report, Accuracy):
        return msgspec.json.encode(rounded(msgspec.to_builtins(report)))
    # slices are most of it, and rounded where they are made
    bare = {
        name: msgspec.structs.replace(column, horizons=[], groups={})
        for name, column in report.columns.items()
    }
    tree = rounded(msgspec.to_builtins(msgspec.structs.replace(report, columns=bare)))
    for name, column in report.columns.items():
        tree["columns"][name] |= {"horizons": column.horizons, "groups": column.groups}
    return msgspec.json.encode(tree)


def encode_one(report: Accuracy, name: str, subject: str) -> bytes:
    """Scores of rows of many versions, as JSON: of which set, what was scored, and the scores."""
    tree = rounded(msgspec.to_builtins(report))
    del tree["version"]
    return msgspec.json.encode({"set": name, "said": subject, "scores": tree})


def encode_set(accuracy: SetAccuracy) -> bytes:
    """What is stored of a set's versions, as JSON: the scores have been rounded when they were
    stored.
    """
    derived = {"together": accuracy.together, "diebold_mariano": accuracy.diebold_mariano}
    encoded = {name: rounded(msgspec.to_builtins(part)) for name, part in derived.items()}
    return msgspec.json.encode(_head(accuracy) | {"versions": accuracy.versions} | encoded)


def _head(accuracy: SetAccuracy) -> dict[str, Any]:
    return {name: getattr(accuracy, name) for name in ("set", "vintage", "vintages")}


def decode(body: bytes) -> Accuracy:
    """The scores of a version as they were stored."""
    return msgspec.json.decode(body, type=Accuracy)
