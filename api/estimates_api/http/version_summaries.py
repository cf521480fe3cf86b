"""A version as lists name it."""

from __future__ import annotations

from typing import Any

from estimates.catalog.records import Version, VersionSummary
from estimates.catalog.view import View


def version_summary(view: View, version: Version) -> VersionSummary:
    """A version in the list of versions."""
    return VersionSummary(**summary_fields(view, version))


def summary_fields(view: View, version: Version) -> dict[str, Any]:
    """The fields of a `VersionSummary`."""
    derived = {
        "state": view.state(version),
        "blocks": view.set(version.set).blocks.get(version.version),
        "data_through": version.data_through,
    }
    names = VersionSummary.__struct_fields__
    return derived | {name: getattr(version, name) for name in names if name not in derived}
