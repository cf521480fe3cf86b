"""What a request asks for, resolved to one version, and the headers its answer carries."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime

import msgspec

from api.parameters import read_ref, read_time
from api.representation import IMMUTABLE, REVALIDATE, Header, Representation, encoded, entity_tag, of_content
from estimates import instants
from estimates.answer import Answer
from estimates.reader import Reader
from estimates.records import Version

# A reader whose view knows a moment, as `Follower.at` and `Follower.at_once` give it.
ReaderAt = Callable[[datetime | None], Reader]


class Question:
    """A ref at a moment, resolved: the version to answer from.

    moment  `Estimates-As-Of`: as_of if given, else the moment of the view, or of the stand-in
    fault   `Estimates-Degraded`: why a stand-in answers
    head    what every answer from this version carries; `cached` with how long it may be kept: for ever when the
            version was named by its number
    """

    def __init__(
        self, reader: Reader, version: Version, moment: datetime, *, fixed: bool, fault: str | None = None
    ) -> None:
        self.reader = reader
        self.version = version
        self.moment = moment
        self.head: list[Header] = encoded(
            {
                "estimates-version": str(version.version),
                "estimates-shape": str(version.shape),
                "estimates-published-at": instants.text(version.published_at),
                "estimates-data-through": instants.text(version.data_through),
                "estimates-as-of": instants.text(moment),
            }
            | ({} if fault is None else {"estimates-degraded": fault})
        )
        self.cached = [*self.head, *encoded({"cache-control": IMMUTABLE if fixed else REVALIDATE})]
        self._tag = entity_tag(version.set, version.version, version.snapshot_id)[:-1]

    def answer(self, answer: Answer, *names: object) -> Representation:
        """An answer from this version; `names` say what of it was asked for, for the entity tag."""
        asked = hashlib.md5(msgspec.json.encode(names), usedforsecurity=False).hexdigest()
        return Representation(answer.json, etag=f'{self._tag}-{asked}"', cache=None, head=self.cached)

    def about(self, content: object) -> Representation:
        """An answer about this version that may change, such as its state."""
        found = of_content(content)
        found.head = self.head
        return found


def resolve(
    at: ReaderAt,
    name: str,
    ref: str | int,
    as_of: str | None = None,
    shape: int | None = None,
    *,
    readable: bool = True,
) -> Question:
    """The question of a request; a reader remembers what it was asked.

    at        the reader that knows a moment
    readable  raise NotFoundError `expired` for a version whose files are gone
    The errors are those of `View.resolve`, `instants.parse` and `at`.
    """
    moment = read_time(as_of, "as_of")
    reader = at(moment)

    def make() -> Question:
        found = read_ref(ref)
        resolver = reader.resolve if readable else reader.view.resolve
        version = resolver(name, found, moment, shape)
        stand_in = reader.view.stand_in(name, found, moment, shape)
        if stand_in is not None:
            return Question(reader, version, stand_in.moment, fixed=False, fault=stand_in.fault)
        return Question(reader, version, moment or reader.view.moment, fixed=isinstance(found, int))

    return reader.keep(("question", name, ref, as_of, shape, readable), make)
