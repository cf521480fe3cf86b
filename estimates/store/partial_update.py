"""A version out of another one and some changes: the parts that they touch are written, all others
are shared.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from estimates.catalog.at import At
from estimates.catalog.ref import PRODUCTION, Ref
from estimates.contract.conform import conform, conform_keys, name_keys
from estimates.contract.contract import Contract
from estimates.errors import ConflictError, InvalidError
from estimates.keys.search_key import search_pieces
from estimates.lookup.snapshot_parts import search_key
from estimates.render.row_text import joined
from estimates.render.wording import count
from estimates.storage import snapshot
from estimates.storage.parts import Part, cut, is_complete
from estimates.storage.snapshot import Manifest
from estimates.store.open_store import OpenStore

_PLACE = ""  # of a row in its part, beside the key; no column has this name


class Changes(NamedTuple):
    """What a frame changes: its rows take the place of those of a version, or are added to them.

    against  that version
    removed  the keys that go
    """

    against: Ref = PRODUCTION
    removed: pl.DataFrame | None = None


class PartialUpdate:
    """Changes of a version, checked; `write` may be called again.

    of        the number of that version
    keys      those of the rows that are given
    all_rows  of the new version are not at hand
    """

    all_rows: pl.DataFrame | None = None

    def __init__(
        self, store: OpenStore, name: str, contract: Contract, rows: pl.DataFrame, changes: Changes
    ) -> None:
        """Raises as `conform` does; InvalidError (`removed_and_given`), ConflictError
        (`other_shape`), CorruptError, NotFoundError.
        """
        self._store = store
        self._name = name
        self._shape = contract.shape()
        self._key = list(contract.key)
        self._rows = conform(rows, contract)
        self.keys = self._rows.select(self._key)
        removed = (
            self._rows.select(self._key).clear()
            if changes.removed is None
            else (conform_keys(changes.removed, contract))
        )
        self._removed = removed
        _check_apart(self._rows, removed, self._key, name)
        version = store.reader().resolve(name, At(changes.against))
        self.of = version.version
        self._version = version
        with store.unexpired(version):
            manifest = store.manifests.get(name, version.snapshot_id)
        if manifest.shape.digest != self._shape.digest:
            raise ConflictError(
                "other_shape",
                f"{name}: version {version.version} has another shape than the newest contract",
                remedy="publish a whole version",
            )

    def write(self) -> Manifest:
        """Store what changes; raises InvalidError (`unknown_keys`): keys to remove that the version
        lacks.
        """
        parts: list[Part] = []
        # from parts that an erasure put there rows are missing, so they are cut anew
        self._manifest = self._store.manifests.get(self._name, self._version.snapshot_id)
        stored = self._store.manifests.stored(self._name, self._version.snapshot_id)
        self._shared = set(self._manifest.parts).intersection(stored.parts)
        for piece in self._pieces():
            if isinstance(piece, Part):
                parts.append(piece)
            elif piece.height:
                parts.append(self._stored(piece))
        if not parts:  # nothing is left
            parts.append(self._stored(self._rows.clear()))
        manifest = snapshot.manifest_of(self._shape, tuple(parts))
        snapshot.write_manifest(self._store.objects, self._name, manifest)
        return manifest

    def _stored(self, rows: pl.DataFrame) -> Part:
        part, content = snapshot.encode_part(rows, self._shape)
        self._store.objects.put_once(snapshot.part_name(self._name, part.sha256), content)
        return part

    def _pieces(self) -> Iterator[Part | pl.DataFrame]:
        """The parts of the new version in key order: those of the old one, or rows to be written.

        After a part that changed, rows are cut anew until an end is where one was.
        """
        left, parts = self._rows.clear(), self._manifest.content()
        for number, (part, changed, removed) in enumerate(self._by_part(parts)):
            is_last = number + 1 == len(parts)
            if part in self._shared and not (left.height or changed.height or removed.height):
                yield part
                continue
            rows, has_same_keys = self._changed(part, changed, removed)
            if has_same_keys and part in self._shared and not left.height:
                yield rows  # where a part ends is decided by keys alone
                continue
            *whole, left = cut(pl.concat([left, rows]), self._key)
            yield from whole
            if is_last or is_complete(left, self._key):
                yield left
                left = left.clear()

    def _changed(
        self, part: Part, changed: pl.DataFrame, removed: pl.DataFrame
    ) -> tuple[pl.DataFrame, bool]:
        """The rows of a part with its changes, verified; and whether it has the keys it had."""
        name = self._manifest.name_of(self._name, part)
        content = snapshot.read_part(self._store.objects, name, part)
        rows = pl.read_parquet(content).select(self._rows.columns)
        if not removed.height:
            numbered = rows.select(self._key).with_row_index(_PLACE)
            same = numbered.join(changed, on=self._key, how="semi", maintain_order="left")
            if same.height == changed.height:
                return _replaced(rows, same[_PLACE], changed), True
        unknown = removed.join(rows, on=self._key, how="anti")
        if unknown.height:
            raise InvalidError(
                "unknown_keys",
                f"{self._name}: version {self.of} has no row of what is to be "
                f"removed: {count(unknown.height, 'key')}: {name_keys(unknown, self._key)}",
                remedy="take these keys out of the table of --remove",
            )
        gone = pl.concat([changed.select(self._key), removed])
        kept = rows.join(gone, on=self._key, how="anti")
        return pl.concat([kept, changed]).sort(self._key), False

    def _by_part(self, parts: Sequence[Part]) -> Iterator[tuple[Part, pl.DataFrame, pl.DataFrame]]:
        """Each part with the rows and the removed keys that belong to it."""
        firsts = [search_key(self._shape, part.first) for part in parts[1:]]
        frames = self._rows, self._removed
        of_part = [_places(frame, self._key, firsts) for frame in frames]
        for number, part in enumerate(parts):
            changed, removed = (
                frame.filter(places == number)
                for frame, places in zip(frames, of_part, strict=True)
            )
            yield part, changed, removed


def _replaced(rows: pl.DataFrame, places: pl.Series, changed: pl.DataFrame) -> pl.DataFrame:
    """Rows of which those at some places are others."""
    order = np.arange(rows.height)
    order[places.to_numpy()] = rows.height + np.arange(changed.height)
    return pl.concat([rows, changed])[order]


def _places(frame: pl.DataFrame, key: list[str], firsts: Sequence[bytes]) -> pl.Series:
    """For each row the number of the part that it belongs to."""
    if not frame.height or not firsts:
        return pl.repeat(0, frame.height, eager=True)
    keys = frame.select(joined(search_pieces(frame, key))).to_series().cast(pl.Binary)
    return pl.Series([bisect_right(firsts, search) for search in keys])


def _check_apart(rows: pl.DataFrame, removed: pl.DataFrame, key: list[str], name: str) -> None:
    both = removed.join(rows, on=key, how="semi")
    if both.height:
        raise InvalidError(
            "removed_and_given",
            f"{name}: {count(both.height, 'key')} to be removed that also have a row: "
            f"{name_keys(both, key)}",
            remedy="take these keys out of one of the two tables",
        )
