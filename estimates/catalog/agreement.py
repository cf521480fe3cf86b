"""Whether rows are what the events made of them: how many there are, where aliases point, when
something ended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from estimates.catalog.database_errors import REBUILD
from estimates.catalog.records import Alias, Event, Version
from estimates.catalog.set_view import SetView
from estimates.errors import CorruptError


class Changes(NamedTuple):
    """What later events changed of what earlier ones made.

    expired, runs  of versions, by (set, version): when it expired, its MLflow run
    ended          of waivers and legal holds, by the id of their event
    """

    expired: dict[tuple[str, int | None], datetime]
    runs: dict[tuple[str, int | None], str]
    ended: dict[int, datetime]

    def agree(self, version: Version) -> bool:
        """Whether a version's end and MLflow run are what its events say."""
        about = version.set, version.version
        expected = self.expired.get(about), self.runs.get(about)
        return expected == (version.expired_at, version.mlflow_run)


def changes_of(events: Iterable[Event]) -> Changes:
    """What events changed of what earlier ones made."""
    changes = Changes({}, {}, {})
    for event in events:
        match event.kind:
            case "expired":
                changes.expired[event.set, event.version] = event.at
            case "tracked":
                changes.runs[event.set, event.version] = event.details["mlflow_run"]
            case "unwaived":
                changes.ended[event.details["waiver"]] = event.at
            case "hold_released":
                changes.ended[event.details["hold"]] = event.at
            case _:
                pass
    return changes


def check_set(name: str, view: SetView, aliases: Iterable[Alias]) -> None:
    """Raises CorruptError for a set whose rows are not those that its events made: `alias_damaged`,
    `record_missing`, `record_damaged`.

    aliases  those of the view with the times that count, as its events have them
    """
    for (_, alias), _move in misplaced_aliases(view.events, aliases):
        raise CorruptError(
            "alias_damaged",
            f"{name}: the catalog's alias {alias} is not where its last move put it",
            remedy=REBUILD,
        )
    made = Counter(event.kind for event in view.events)
    contracts, versions = made["defined"], made["published"]
    if [contract.revision for contract in view.contracts] != list(range(1, contracts + 1)):
        raise _missing(f"{name}: the catalog lacks some of its {contracts} contract revisions")
    if [version.version for version in view.versions] != list(range(1, versions + 1)):
        raise _missing(f"{name}: the catalog lacks some of its {versions} versions")
    if [erasure.id for erasure in view.erasures] != [
        event.id for event in view.events if event.kind == "erased"
    ]:
        raise _missing(f"{name}: the catalog lacks what was erased of keys")
    changes = changes_of(view.events)
    for version in view.versions:
        if not changes.agree(version):
            raise CorruptError(
                "record_damaged",
                f"{name}: version {version.version} has another end or MLflow run than its events "
                "say",
                remedy=REBUILD,
            )
    for kind, rows in (("waived", view.waivers), ("hold_placed", view.holds)):
        standing = {event.id for event in view.events if event.kind == kind} - changes.ended.keys()
        if {row.id for row in rows} != standing:
            raise _missing(
                f"{name}: what was {kind.replace('_', ' ')} and stands is not what its events say"
            )


def misplaced_aliases(
    events: Iterable[Event], aliases: Iterable[Alias]
) -> Iterator[tuple[tuple[str, str], Event | None]]:
    """Each alias, (set, alias), that is not where its last move put it, and that move; None where
    nothing ever moved it.
    """
    moves = {(event.set, event.alias): event for event in events if event.alias is not None}
    rows = {(row.set, row.alias): row for row in aliases}
    for alias in sorted(moves.keys() | rows.keys()):
        row, move = rows.get(alias), moves.get(alias)
        place = row and (row.version, row.moved_at, row.held)
        if place != _place(move):
            yield alias, move


def _place(move: Event | None) -> tuple[int | None, datetime, bool] | None:
    """Where a move put an alias: version, moment, held; None where it removed it."""
    if move is None or move.kind == "alias_removed":
        return None
    return move.version, move.at, move.kind == "rolled_back"


def _missing(what: str) -> CorruptError:
    return CorruptError("record_missing", what, remedy=REBUILD)
