"""Files that hold what was erased: they go for good, without the week of trash."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

import msgspec

from estimates.catalog.erasure_writes import without_erased
from estimates.catalog.event_chain import NAMES, Entry, as_made
from estimates.catalog.records import Erasure, Judged
from estimates.catalog.view import View
from estimates.errors import CorruptError, NotFoundError, RefusedError
from estimates.storage import snapshot
from estimates.storage.log_copies import name_of, read_copy
from estimates.storage.objects import Objects
from estimates.storage.trash import TRASH, place_in_trash

_VERDICT = NAMES[Judged]


class Removal(NamedTuple):
    """How many files went, and (file, what the storage said) of those that it does not let go."""

    files: int
    left: tuple[tuple[str, str], ...]


def remove_erased(objects: Objects, view: View, more: Iterable[str] = ()) -> Removal:
    """Delete the files of a root that hold what was erased, and take it out of the log's copies.

    more  files that are known to hold it, too
    """
    erasures = erasures_of(view)
    files, left = 0, list[tuple[str, str]]()
    for file in dict.fromkeys([*more, *(file for _, file in files_of_erased(objects, view))]):
        try:
            objects.delete(file)
            files += 1
        except RefusedError as error:
            left.append((file, error.message))
    for of_set in erasures.values():
        for entry in unerased_copies(objects, view.head.store, of_set):
            objects.put(name_of(entry.event.id), msgspec.json.encode(entry))
            files += 1
    return Removal(files, tuple(left))


def files_of_erased(objects: Objects, view: View) -> Iterator[tuple[str, str]]:
    """(set, file) of each file of a root that is named by what was erased; no copies of the log."""
    for name, of_set in erasures_of(view).items():
        for file in _files(objects, of_set):
            yield name, file


def erasures_of(view: View) -> dict[str, list[Erasure]]:
    """What was erased, by set."""
    return {name: of_set.erasures for name, of_set in view.sets.items() if of_set.erasures}


def unerased_copies(
    objects: Objects, store_id: str, erasures: Sequence[Erasure]
) -> Iterator[Entry]:
    """The copies of the log that hold what was erased still, as they should be.

    erasures  of one set, oldest first
    """
    events = {event for erasure in erasures for event in erasure.verdicts}
    for event in sorted(map(int, events)):
        with suppress(CorruptError, NotFoundError):  # a repair brings it back
            copy = read_copy(objects, event)
            naming = [erasure for erasure in erasures if str(event) in erasure.verdicts]
            bare = bare_entry(copy, store_id, naming)
            if bare is not None and bare != copy:
                yield bare


def bare_entry(entry: Entry, store_id: str, erasures: Sequence[Erasure]) -> Entry | None:
    """The entry of a verdict without what erasures took out of it; None for one that is not what
    they left.

    erasures  those that took something out of it, oldest first
    """
    left = erasures[-1].verdicts[str(entry.event.id)]
    if entry.record_digests()[_VERDICT] == left:
        return entry
    verdict = entry.record(Judged)
    records = {_VERDICT: msgspec.Raw(as_made(without_erased(verdict, store_id, erasures)))}
    bare = msgspec.structs.replace(entry, records=records, named=entry.named_digests())
    return bare if bare.record_digests()[_VERDICT] == left else None


def _files(objects: Objects, erasures: Sequence[Erasure]) -> Iterator[str]:
    """The files of one set, in the trash too, that are named by what was erased."""
    name = erasures[0].set
    gone = {part.part for erasure in erasures for part in erasure.replaced}
    for folder in ("parts", "reads"):
        for file in objects.names(f"sets/{name}/{folder}"):
            if file.rpartition("/")[2].partition(".")[0] in gone and not objects.is_linked(file):
                yield file
    for file in objects.names(TRASH):
        place = place_in_trash(file)
        if place.set == name and place.digest in gone and not objects.is_linked(file):
            yield file
    for file in objects.names(f"sets/{name}/snapshots"):
        if file.endswith(".parquet") and _is_whole_of(objects, file, gone):
            yield file


def _is_whole_of(objects: Objects, file: str, gone: set[str]) -> bool:
    """Whether the one file of a snapshot of format 1 is named by what was erased."""
    _, set_name, _, snapshot_id, *_ = file.split("/")
    if file != snapshot.whole_name(set_name, snapshot_id):  # of somebody's copy
        return False
    try:
        manifest = snapshot.read_manifest(objects, set_name, snapshot_id)
    except CorruptError:
        return False
    is_named = any(part.sha256 in gone for part in manifest.content())
    return is_named and not objects.is_linked(file)
