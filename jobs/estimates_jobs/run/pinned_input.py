"""What a run reads of an input, and which version of its source that is, now and when it goes on
later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec
import polars as pl

from estimates.catalog.records import InputDigest


class Reading(msgspec.Struct, frozen=True):
    """An input as a run sees it.

    undated     how many rows were left out because their time is null
    is_changed  whether a database answered something else when the run read it before
    """

    frame: pl.DataFrame
    digest: InputDigest
    undated: int
    is_changed: bool = False


class Pins:
    """By input, the version of its source that a run reads.

    known   those that the run, or the version that is computed again, read before
    record  what keeps a new one before it is read
    """

    def __init__(
        self,
        known: Mapping[str, str] | None = None,
        record: Callable[[str, str], None] = lambda name, version: None,
    ) -> None:
        self._known = dict(known or {})
        self._record = record

    def version(self, name: str) -> str | None:
        """The version to read; None: the newest."""
        return self._known.get(name)

    def differs(self, digest: InputDigest) -> bool:
        """Whether a source that counts no versions held something else when it was read before;
        what it holds now is kept to from now on.
        """
        known = self.version(digest.name)
        self.pin(digest.name, digest.digest)
        return known not in (None, digest.digest)

    def pin(self, name: str, version: str) -> None:
        """Keep to a version of an input's source from now on."""
        if self._known.get(name) != version:
            self._record(name, version)
            self._known[name] = version
