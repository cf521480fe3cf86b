"""Copies of the log: written once, completed, checked when they are read."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from estimates.catalog.event_chain import BEGINNING, Entry, link
from estimates.errors import CorruptError, NotFoundError
from estimates.storage import log_copies
from estimates.storage.log_copies import (
    complete,
    copied_events,
    events_beyond,
    name_of,
    newest_copied,
    read_all,
    read_copies,
    read_copy,
)
from estimates.storage.objects import Objects
from tests.builders import code_of
from tests.catalog.histories import event


def log(count: int) -> list[Entry]:
    """A chain of so many events."""
    entries: list[Entry] = []
    for number in range(1, count + 1):
        previous = entries[-1].digest if entries else BEGINNING
        made = event(number, "retired")
        entries.append(Entry(made, previous, link(previous, made, {})))
    return entries


LOG = log(5)


@pytest.fixture
def objects(tmp_path: Path) -> Objects:
    """An empty root."""
    return Objects(str(tmp_path))


def put(objects: Objects, *numbers: int) -> None:
    """Copies of these events."""
    for number in numbers:
        objects.put(name_of(number), msgspec.json.encode(LOG[number - 1]))


def test_what_lacks_at_the_end_is_written(objects: Objects) -> None:
    """Nothing is ever written again, and nothing read where all are there."""
    read_after: list[int] = []

    def after(number: int) -> list[Entry]:
        read_after.append(number)
        return LOG[number:]

    complete(objects, 5, after)
    assert copied_events(objects) == [1, 2, 3, 4, 5]
    complete(objects, 5, after)
    objects.put(name_of(4), b"somebody's")
    objects.delete(name_of(5))
    complete(objects, 5, after)
    assert read_after == [0, 4]
    assert objects.get(name_of(4)) == b"somebody's"
    assert read_copy(objects, 5) == LOG[4]


@pytest.mark.parametrize(
    ("there", "newest"), [((), 0), ((1, 2, 3, 4, 5), 5), ((1, 2, 3, 4), 4), ((1, 3), 3), ((1,), 1)]
)
def test_the_newest_copy_is_looked_for_from_the_end(
    objects: Objects, there: tuple[int, ...], newest: int
) -> None:
    """Gaps before it are for a repair."""
    put(objects, *there)
    assert newest_copied(objects, 5) == newest
    assert newest_copied(objects, 0) == 0


def test_files_of_other_names_are_no_copies(objects: Objects) -> None:
    """Nor is one that is being written."""
    put(objects, 2)
    objects.put("log/readme.txt", b"x")
    objects.put("log/000000000003.json#1", b"x")
    assert copied_events(objects) == [2]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        msgspec.json.encode(LOG[3]),
        msgspec.json.encode(msgspec.structs.replace(LOG[2], digest="f" * 64)),
        msgspec.json.encode(msgspec.structs.replace(LOG[2], previous="not hexadecimal")),
        msgspec.json.encode(
            msgspec.structs.replace(LOG[2], event=event(3, "retired", actor="eve"))
        ),
    ],
)
def test_a_copy_is_what_its_digest_says(objects: Objects, content: bytes) -> None:
    """Empty, of another event, or with anything changed: damaged."""
    objects.put(name_of(3), content)
    assert code_of(lambda: read_copy(objects, 3)) == "log_damaged"
    assert code_of(lambda: read_copy(objects, 4)) == "no_object"


def test_many_are_read_in_their_order(objects: Objects, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing or damaged is given as its error, or ends the reading."""
    monkeypatch.setattr(log_copies, "_READ_AHEAD", 2)
    put(objects, 1, 2, 4, 5)
    objects.put(name_of(4), b"x")
    assert list(read_copies(objects, [5, 2, 1])) == [LOG[4], LOG[1], LOG[0]]
    copies = dict(read_all(objects, [1, 2, 3, 4, 5]))
    assert [copies[1], copies[2], copies[5]] == [LOG[0], LOG[1], LOG[4]]
    assert isinstance(copies[3], NotFoundError)
    assert isinstance(copies[4], CorruptError)
    assert code_of(lambda: list(read_copies(objects, [1, 4]))) == "log_damaged"


def test_a_log_goes_on_where_another_ends(objects: Objects) -> None:
    """By the chain; one that ends there too, or continues something else, has nothing more."""
    put(objects, 3, 4, 5)
    assert events_beyond(objects, 2, LOG[1].digest) == 3
    assert events_beyond(objects, 2, LOG[0].digest) == 0
    assert events_beyond(objects, 5, LOG[4].digest) == 0
    assert events_beyond(objects, 1, LOG[0].digest) == 0
