"""What a request asks for, resolved to one version, and the headers its answer carries."""

from __future__ import annotations

from datetime import datetime

import msgspec

from api.follower import Follower
from api.parameters import read_ref, read_time
from api.representation import IMMUTABLE, REVALIDATE, Representation, entity_tag, of_content
from estimates import instants
from estimates.reader import Answer, Reader
from estimates.records import Version


class Question(msgspec.Struct, frozen=True):
    """A ref at a moment, resolved: the version to answer from.

    fixed   the answer can never change: the version was named by its number
    moment  `Estimates-As-Of`: as_of if given, else the moment of the view
    """

    reader: Reader
    version: Version
    fixed: bool
    moment: datetime

    def answer(self, answer: Answer, *names: object) -> Representation:
        """An answer from this version; `names` say what of it was asked for, for the entity tag."""
        tag = entity_tag(self.version.set, self.version.version, self.version.snapshot_id, *names)
        cache = IMMUTABLE if self.fixed else REVALIDATE
        return Representation(answer.json, etag=tag, cache=cache, headers=self.headers())

    def about(self, content: object) -> Representation:
        """An answer about this version that may change, such as its state."""
        found = of_content(content)
        found.headers |= self.headers()
        return found

    def headers(self) -> dict[str, str]:
        """What every answer from one version carries."""
        return {
            "estimates-version": str(self.version.version),
            "estimates-shape": str(self.version.shape),
            "estimates-published-at": instants.text(self.version.published_at),
            "estimates-data-through": instants.text(self.version.data_through),
            "estimates-as-of": instants.text(self.moment),
        }


def resolve(
    follower: Follower,
    name: str,
    ref: str | int,
    as_of: str | None = None,
    shape: int | None = None,
    *,
    readable: bool = True,
) -> Question:
    """The question of a request (blocks when `as_of` is newer than our view).

    readable  raise NotFoundError `expired` for a version whose files are gone
    The errors are those of `View.resolve`, `instants.parse` and `Follower.at`.
    """
    moment = read_time(as_of, "as_of")
    reader = follower.at(moment)
    found = read_ref(ref)
    resolver = reader.resolve if readable else reader.view.resolve
    version = resolver(name, found, moment, shape)
    return Question(reader, version, isinstance(found, int), moment or reader.view.moment)
