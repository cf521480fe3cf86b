"""Copies of the log, as files beside the snapshots, from which a lost catalog is rebuilt.

log/{event:012}.json holds an event, what it made, and its place in the chain. One sequence for all
sets, written after the commit and completed by whoever writes next: a crash leaves the newest ones
missing. Nothing ever overwrites one, and nothing reads them in operation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import msgspec

from estimates.catalog.event_chain import Entry
from estimates.errors import CorruptError, EstimatesError, NotFoundError, RefusedError
from estimates.storage.objects import Objects
from estimates.storage.storage_errors import MEND

FOLDER = "log"
_AT_ONCE = 16  # a bucket takes milliseconds for each, whatever its size
_READ_AHEAD = 256


def name_of(event: int) -> str:
    """Where the copy of an event is, below the store's root."""
    return f"{FOLDER}/{event:012d}.json"


def complete(
    objects: Objects, last_event: int, entries_after: Callable[[int], Iterable[Entry]]
) -> None:
    """Write the copies of the newest events that have none yet, oldest first.

    entries_after  the events after one, with what they made
    """
    copied = newest_copied(objects, last_event)
    if copied == last_event:
        return
    for entry in entries_after(copied):
        objects.put_if_absent(name_of(entry.event.id), msgspec.json.encode(entry))


def newest_copied(objects: Objects, last_event: int) -> int:
    """The newest event up to one that has a copy; 0 where none has."""
    copied = last_event
    if copied and not objects.exists(name_of(copied)):
        copied -= 1
    if copied and copied < last_event and not objects.exists(name_of(copied)):
        copied = max((event for event in copied_events(objects) if event < copied), default=0)
    return copied


def copied_events(objects: Objects) -> list[int]:
    """The ids of all events that have a copy, sorted."""
    names = objects.names(FOLDER)
    stems = (name.removeprefix(f"{FOLDER}/").removesuffix(".json") for name in names)
    return sorted(int(stem) for stem in stems if stem.isdecimal())


def events_beyond(objects: Objects, last: int, digest: str) -> int:
    """How many events a root's log has beyond the last one of another log, whose digest is given;
    0 where it does not continue that one by the chain.
    """
    newest = max(copied_events(objects), default=0)
    if newest <= last:
        return 0
    try:
        continues = read_copy(objects, last + 1).previous == digest
    except (CorruptError, NotFoundError):
        return 0
    return newest - last if continues else 0


def read_copies(objects: Objects, events: Sequence[int]) -> Iterator[Entry]:
    """The copies of events, in the order given, several read at a time; raises what `read_copy`
    raises.
    """
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for start in range(0, len(events), _READ_AHEAD):
            some = events[start : start + _READ_AHEAD]
            yield from pool.map(partial(read_copy, objects), some)


def read_all(
    objects: Objects, events: Sequence[int]
) -> Iterator[tuple[int, Entry | EstimatesError]]:
    """The copies of events, in the order given, several read at a time; of one that is missing or
    damaged, or that a folder does not let be read, the error. Raises UnavailableError (`storage`).
    """

    def read(event: int) -> Entry | EstimatesError:
        try:
            return read_copy(objects, event)
        except (CorruptError, NotFoundError) as error:
            return error
        except RefusedError as error:  # of a bucket it would be so of all others
            if objects.folder is None:
                raise
            return error

    for start in range(0, len(events), _READ_AHEAD):
        some = events[start : start + _READ_AHEAD]
        if objects.folder is not None:  # the disk is faster than threads are
            yield from ((event, read(event)) for event in some)
            continue
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            yield from zip(some, pool.map(read, some), strict=True)


def read_copy(objects: Objects, event: int) -> Entry:
    """The copy of an event, checked; raises NotFoundError (`no_object`), CorruptError
    (`log_damaged`).
    """
    name = name_of(event)
    content = objects.get(name)
    try:
        entry = msgspec.json.decode(content, type=Entry)
        if entry.event.id == event and entry.holds():
            return entry
    except (msgspec.MsgspecError, ValueError):  # a digest that is no hexadecimal number, too
        pass
    raise CorruptError(
        "log_damaged", f"{objects.root}/{name} is not what its digest says", remedy=MEND
    )
