"""Two versions of one set that share parts: these are left unread where a report, or the gate, can
do without their rows.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from copy import copy
from functools import cached_property, partial
from itertools import pairwise
from typing import Any, Literal, Self

import msgspec
import numpy as np
import polars as pl

from estimates.catalog.records import Version
from estimates.contract import conform
from estimates.contract.contract import Contract, Shape
from estimates.lookup.snapshot_parts import search_key
from estimates.stability.aligned import AlignedVersions, align_versions
from estimates.stability.alignment import ascends
from estimates.stability.kernels.blocks import run_parallel
from estimates.stability.kernels.sorting import repeated
from estimates.stability.shared_rows import (
    NeedsAllRows,
    SharedRows,
    SortedColumn,
    can_leave_out,
    check_numbers,
    sorted_column,
)
from estimates.storage import snapshot
from estimates.storage.column_cache import ColumnCache, Ordered, PartColumns
from estimates.storage.manifests import Manifests
from estimates.storage.objects import Objects
from estimates.storage.parts import Part, key_range
from estimates.storage.report_cache import ReportCache
from estimates.storage.shared_parts import Stretch, stretches

_MOST_KEPT = 10_000  # rows of a version that agree with another one; more are looked for each time
Unexpired = Callable[[Version], AbstractContextManager[None]]


class VersionRows:
    """Reads rows of versions: all of one, or those that two do not share."""

    def __init__(
        self,
        objects: Objects,
        manifests: Manifests,
        reports: ReportCache,
        columns: ColumnCache,
        unexpired: Unexpired,
    ) -> None:
        self.objects = objects
        self.reports = reports
        self.columns = columns
        self.unexpired = unexpired
        self._manifests = manifests
        self._read = self._whole

    def __call__(self, version: Version) -> pl.DataFrame:
        """All estimates of a version, sorted by key, verified; raises CorruptError, NotFoundError
        (`expired`).
        """
        return self._read(version)

    def remembering(self, remember: Callable[[Any], Any]) -> Self:
        """The same, whose way to read all of a version is wrapped."""
        other = copy(self)
        other._read = remember(self._read)
        return other

    def _whole(self, version: Version) -> pl.DataFrame:
        with self.unexpired(version):
            replaced = self._manifests.replaced.get(version.set, {})
            return snapshot.read_frame(self.objects, version.set, version.snapshot_id, replaced)

    def shared(self, a: Version, b: Version) -> SharedVersions | None:
        """Two versions of one set, where they have other rows but share some; raises as reading
        one does.
        """
        if a.set != b.set or a.snapshot_id == b.snapshot_id:
            return None
        with self.unexpired(a), self.unexpired(b):
            manifests = [self._manifests.get(v.set, v.snapshot_id) for v in (a, b)]
        pieces = stretches(*manifests)
        return SharedVersions(self, (a, b), manifests[0].shape, pieces) if pieces else None


class SharedVersions:
    """Version B beside version A; `stretches` says what they share.

    Whatever reads raises CorruptError, NotFoundError (`expired`).
    """

    def __init__(
        self,
        rows: VersionRows,
        versions: tuple[Version, Version],
        shape: Shape,
        pieces: Sequence[Stretch],
    ) -> None:
        self.versions = versions
        self._shape = shape
        self._rows = rows
        self._stretches = pieces
        self._shared = [part for piece in pieces for part in piece.shared]
        self._frames: dict[str, pl.DataFrame] = {}
        self._pair: tuple[Contract, AlignedVersions] | None = None

    @property
    def rows(self) -> tuple[int, int]:
        """How many rows each version has."""
        shared = sum(part.rows for part in self._shared)
        a = sum(part.rows for piece in self._stretches for part in piece.a)
        b = sum(part.rows for piece in self._stretches for part in piece.b)
        return a + shared, b + shared

    @cached_property
    def unshared_rows(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The rows of the parts that only one of them has, in key order."""
        a = [part for piece in self._stretches for part in piece.a]
        b = [part for piece in self._stretches for part in piece.b]
        return self._concat(a), self._concat(b)

    def all_rows(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """All rows of both; what is shared is read once."""
        a = [part for piece in self._stretches for part in (*piece.a, *piece.shared)]
        b = [part for piece in self._stretches for part in (*piece.b, *piece.shared)]
        return self._concat(a), self._concat(b)

    def pair(self, contract: Contract) -> AlignedVersions:
        """Both versions row beside row, without the rows that they share.

        Raises NeedsAllRows where the contract measures what needs them.
        """
        if self._pair is not None and self._pair[0] is contract:
            return self._pair[1]
        if not (can_leave_out(contract) and self._is_regular):
            raise NeedsAllRows
        a, b = self.unshared_rows
        for name in contract.judged:
            check_numbers(a[name])
            check_numbers(b[name])
        pair = align_versions(a, b, contract, *(v.data_through for v in self.versions))
        shared = self._shared_rows(contract)
        pair = AlignedVersions(pair.alignment, pair.contract, pair.steady, shared)
        self._pair = contract, pair
        return pair

    def remember(self, pair: AlignedVersions) -> None:
        """Keep what a report found out of whole versions, for the next one."""
        assert pair.shared is not None
        for (side, column), ties in pair.shared.ties.items():
            self._rows.reports.put(self._ties_name(side, column), str(ties).encode())

    def count(self, rules: Sequence[pl.Expr]) -> list[int]:
        """How many of the shared rows fulfil each of some conditions."""
        if not rules:
            return []
        written = b"\0".join(rule.meta.serialize() for rule in rules)
        program = f"{pl.__version__} {hashlib.sha256(written).hexdigest()}"
        counts = np.zeros(len(rules), dtype=np.int64)
        for part in self._shared:
            name = _name("counts", part.sha256, program)
            kept = self._rows.reports.get(name)
            if kept is None:
                sums = (rule.sum().alias(str(i)) for i, rule in enumerate(rules))
                kept = msgspec.msgpack.encode(list(self._frame(part).select(sums).row(0)))
                self._rows.reports.put(name, kept)
            counts += np.array(msgspec.msgpack.decode(kept, type=list[int]), dtype=np.int64)
        return counts.tolist()

    def duplicates(self, side: Literal["a", "b"], columns: list[str]) -> pl.DataFrame:
        """The rows of a version whose values in some columns, not all null, another of its rows has
        too; in key order. They are kept for the next version, which is compared with this one.
        """
        agreeing = self._kept_duplicates(side, columns)
        if agreeing is None:
            before = self._kept_duplicates("a", columns) if side == "b" else None
            if before is None:
                agreeing = self._find_duplicates(side, columns)
            else:
                agreeing = self._moved_duplicates(before, columns)
            if agreeing.height <= _MOST_KEPT:
                written = agreeing.write_ipc(None).getvalue()
                self._rows.reports.put(self._duplicates_name(side, columns), written)
        return agreeing

    def _kept_duplicates(self, side: Literal["a", "b"], columns: list[str]) -> pl.DataFrame | None:
        kept = self._rows.reports.get(self._duplicates_name(side, columns))
        return None if kept is None else pl.read_ipc(io.BytesIO(kept))

    def _find_duplicates(self, side: Literal["a", "b"], columns: list[str]) -> pl.DataFrame:
        """Rows that agree have one hash, and those of each part are kept."""
        own = self.unshared_rows[side == "b"]
        of_parts = [self._row_hashes(part, columns) for part in self._shared]
        own_hashes = _estimated(own, columns).select(columns).hash_rows()
        every = pl.concat([own_hashes, *(pl.Series(hashes) for hashes in of_parts)])
        twice = repeated(every)
        if not len(twice):
            return own.clear()
        rows = pl.concat([own, *self._parts_with(twice, columns)])
        return self._agreeing(_estimated(rows, columns), columns)

    def _moved_duplicates(self, before: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
        """Those of B by those of A: a row of a shared part is only looked for where its values
        appear more often among B's own rows than among A's.
        """
        a, b = (_estimated(rows, columns) for rows in self.unshared_rows)
        of_a, of_b = (rows.select(columns).hash_rows() for rows in (a, b))
        more = pl.concat([of_b.filter(~of_b.is_in(of_a.implode())), repeated(of_b)])
        frames = self._parts_with(more, columns) if len(more) else []
        rows = _estimated(pl.concat([b, *frames]), columns)
        for known in (a, rows):
            before = before.join(known.select(self._key), on=self._key, how="anti")
        return self._agreeing(pl.concat([rows, before.select(rows.columns)]), columns)

    def _parts_with(self, hashes: pl.Series, columns: list[str]) -> list[pl.DataFrame]:
        """The shared parts that have a row of one of some hashes."""
        wanted_hashes = hashes.implode()
        return [
            self._frame(part)
            for part in self._shared
            if pl.Series(self._row_hashes(part, columns)).is_in(wanted_hashes).any()
        ]

    def _agreeing(self, rows: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
        hashes = rows.select(columns).hash_rows()
        candidates = rows.filter(hashes.is_in(repeated(hashes).implode()))
        return candidates.filter(pl.struct(columns).is_duplicated()).sort(self._key)

    def _row_hashes(self, part: Part, columns: list[str]) -> np.ndarray:
        """The hashes of a part's rows that have any of some columns; kept once found out."""
        program = _name(pl.__version__, *columns)
        cache = self._rows.columns
        hashes = cache.get_hashes(part.sha256, program)
        if hashes is None:
            rows = _estimated(self._frame(part), columns)
            hashes = rows.select(columns).hash_rows().to_numpy()
            cache.put_hashes(part.sha256, program, hashes)
        return hashes

    @cached_property
    def _is_regular(self) -> bool:
        """Whether all parts have the same columns, and keys that ascend from each to the next and
        can stand in a path: what nobody has to look for any more.
        """
        schemas = {tuple(map(tuple, part.schema)) for part, _ in self._columns}
        schemas |= {tuple(schema_of(frame)) for frame in self.unshared_rows}
        return (
            len(schemas) == 1
            and all(ascends(frame, self._key) for frame in self.unshared_rows)
            and all(part.keys for part, _ in self._columns)
            and all(self._ascend(alone) for alone in (0, 1))
        )

    def _ascend(self, alone: int) -> bool:
        """Whether each part of A (0) or B (1) begins after the one before ends."""
        parts = [part for piece in self._stretches for part in (*piece[alone], *piece.shared)]
        ends = [
            [search_key(self._shape, texts) for texts in (part.first, part.last)]
            for part in parts
            if part.rows
        ]
        return all(before[1] < after[0] for before, after in pairwise(ends))

    def _shared_rows(self, contract: Contract) -> SharedRows:
        names = list(contract.judged)
        digests = [part.sha256 for part in self._shared]
        known = dict(zip(digests, self._columns, strict=True))
        at = 0
        of_stretches: list[tuple[int, list[tuple[int, dict[str, SortedColumn]]]]] = []
        for piece in self._stretches:
            at += sum(part.rows for part in piece.a)
            parts = [(part.rows, _numbers(*known[part.sha256], names)) for part in piece.shared]
            if parts:
                of_stretches.append((at, parts))
        ties = {
            ("a", name): int(kept)
            for name in names
            if (kept := self._rows.reports.get(self._ties_name("a", name))) is not None
        }
        return SharedRows.of_parts(of_stretches, names, ties)

    @cached_property
    def _columns(self) -> list[tuple[PartColumns, dict[str, Ordered]]]:
        """What is known of each shared part; found out where it is not kept."""
        cache = self._rows.columns
        tasks = [partial(cache.get, part.sha256) for part in self._shared]
        kept = run_parallel(tasks, sum(part.rows for part in self._shared))
        results = []
        for part, columns in zip(self._shared, kept, strict=True):
            self._check(part)
            if columns is None:
                columns = part_columns(self._frame(part), self._key, part)
                cache.put(part.sha256, *columns)
            results.append(columns)
        return results

    @property
    def _key(self) -> list[str]:
        return list(self._shape.key_names)

    def _concat(self, parts: Sequence[Part]) -> pl.DataFrame:
        frames = [self._frame(part) for part in parts]
        return pl.concat(frames) if frames else self._frame(self._shared[0]).clear()

    def _frame(self, part: Part) -> pl.DataFrame:
        """The rows of a part, verified; read once."""
        if part.sha256 not in self._frames:
            with ExitStack() as stack:
                for version in self.versions:
                    stack.enter_context(self._rows.unexpired(version))
                name = snapshot.part_name(self.versions[0].set, part.sha256)
                content = snapshot.read_part(self._rows.objects, name, part)
            self._frames[part.sha256] = pl.read_parquet(content)
        return self._frames[part.sha256]

    def _check(self, part: Part) -> None:
        """See that the file of a part is there, as far as its size tells."""
        name = snapshot.part_name(self.versions[0].set, part.sha256)
        snapshot.check_size(self._rows.objects, name, part)

    def _ties_name(self, side: str, column: str) -> str:
        return self._name_of_version(side, "ties", column)

    def _duplicates_name(self, side: str, columns: list[str]) -> str:
        return self._name_of_version(side, "duplicates", pl.__version__, *columns)

    def _name_of_version(self, side: str, *what: str) -> str:
        alone = [part for piece in self._stretches for part in piece[side == "b"]]
        # of what is read: an erasure leaves a snapshot its id; sorted, since the other version
        # decides which parts are shared
        return _name(*what, *sorted(part.sha256 for part in (*alone, *self._shared)))


def part_columns(
    rows: pl.DataFrame, key: list[str], part: Part
) -> tuple[PartColumns, dict[str, Ordered]]:
    """What there is to know of a part; a column whose numbers no double holds is left out."""
    numbers: dict[str, SortedColumn] = {}
    for name, dtype in rows.schema.items():
        if name not in key and dtype in (pl.Float64, pl.Int64):
            try:
                numbers[name] = sorted_column(rows[name])
            except NeedsAllRows:
                continue
    texts = [name for name in key if rows.schema[name] == pl.String]
    keys = (
        key_range(rows, key) == (part.first, part.last)
        and not any(rows[name].null_count() for name in key)
        and ascends(rows, key)
        and not any(rows.select(conform.unfit_part(name).any()).item() for name in texts)
    )
    known = PartColumns(
        rows.height,
        schema_of(rows),
        keys,
        {name: (len(column.run), str(column.size)) for name, column in numbers.items()},
    )
    return known, {name: (column.run, column.places) for name, column in numbers.items()}


def schema_of(rows: pl.DataFrame) -> list[tuple[str, str]]:
    """The columns of some rows and their types."""
    return [(name, str(dtype)) for name, dtype in rows.schema.items()]


def _numbers(
    known: PartColumns, columns: dict[str, Ordered], names: Sequence[str]
) -> dict[str, SortedColumn]:
    if not all(name in columns for name in names):
        raise NeedsAllRows
    return {
        name: SortedColumn(columns[name][0], int(known.numbers[name][1]), columns[name][1])
        for name in names
    }


def _estimated(rows: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """The rows that have any of some columns."""
    if all(rows[name].null_count() for name in columns):
        return rows.filter(~pl.all_horizontal(pl.col(columns).is_null()))
    return rows


def _name(*content: str) -> str:
    return hashlib.blake2b(msgspec.json.encode(content), digest_size=20).hexdigest()
