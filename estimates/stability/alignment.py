"""Which rows of two frames have the same key; which keys came, went, elapsed or advanced."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from estimates import instants
from estimates.contract.columns import key_text
from estimates.contract.conform import DTYPES, check_columns, increases, name_keys, schema
from estimates.contract.contract import Contract
from estimates.errors import InvalidError
from estimates.stability.kernels.blocks import Mask, Rows, block_size, each_block
from estimates.stability.kernels.key_join import matching_rows


@dataclass(frozen=True)
class UncomparedKeys:
    """Keys that are not compared: their row numbers in a and in b, −1 where a version does not have
    the key.
    """

    rows_a: Rows
    rows_b: Rows

    def __len__(self) -> int:
        return len(self.rows_a)


@dataclass(frozen=True)
class Alignment:
    """Two frames sorted by key, and the rows of each that are compared.

    rows_a, rows_b    row numbers of the common keys, in key order; None when they are all rows of
                      both frames
    added, removed    row numbers in b and in a
    elapsed, advanced keys taken out beforehand; None when the contract has no dated target
    horizon           per common key, the step of its target after B's origin, from 1; None where no
                      step is known
    """

    a: pl.DataFrame
    b: pl.DataFrame
    key: list[str]
    rows_a: Rows | None
    rows_b: Rows | None
    added: Rows
    removed: Rows
    elapsed: UncomparedKeys | None = None
    advanced: UncomparedKeys | None = None
    horizon: pl.Series | None = None

    @property
    def common(self) -> int:
        """Number of keys in both."""
        return self.a.height if self.rows_a is None else len(self.rows_a)

    def old(self, column: str) -> pl.Series:
        """The column's values in A, per common key."""
        return self.a[column] if self.rows_a is None else self.a[column][self.rows_a]

    def new(self, column: str) -> pl.Series:
        """The column's values in B, per common key."""
        return self.b[column] if self.rows_b is None else self.b[column][self.rows_b]

    def identical(self) -> Mask:
        """K3: which common keys have the same row; NaN equals NaN, null equals null, −0.0 equals
        0.0.
        """
        same = np.ones(self.common, dtype=bool)
        columns = [(self.a[name], self.b[name]) for name in self.a.columns if name not in self.key]

        def compare(rows: slice) -> None:
            for old, new in columns:
                same[rows] &= (
                    _some(old, self.rows_a, rows)
                    .eq_missing(_some(new, self.rows_b, rows))
                    .to_numpy()
                )
                if not same[rows].any():  # as between most versions, whatever the other columns say
                    break

        each_block(compare, self.common)
        return same

    def rows(self, positions: Rows) -> tuple[Rows, Rows]:
        """The rows in a and in b of the common keys at these positions."""
        return (
            positions if self.rows_a is None else self.rows_a[positions],
            positions if self.rows_b is None else self.rows_b[positions],
        )

    def keys(self, positions: Rows) -> list[list[str]]:
        """The common keys at these positions, as text."""
        return key_texts(self.a, self.key, self.rows(positions)[0])


def _some(column: pl.Series, rows: Rows | None, block: slice) -> pl.Series:
    return (
        column.slice(block.start, block.stop - block.start) if rows is None else column[rows[block]]
    )


def key_texts(frame: pl.DataFrame, key: list[str], rows: Rows) -> list[list[str]]:
    """The keys of some rows, each as a list of texts."""
    if not len(rows):
        return []
    columns = [[key_text(part) for part in frame[name][rows]] for name in key]
    return [list(parts) for parts in zip(*columns, strict=True)]


def align(
    a: pl.DataFrame,
    b: pl.DataFrame,
    contract: Contract,
    through_a: datetime | None,
    through_b: datetime | None,
) -> Alignment:
    """Pair the rows of two frames by key.

    Raises InvalidError: `columns`, `column_type`, `null_key`, `duplicate_key`, naming the version
    and the keys.
    """
    key = list(contract.key)
    a, b = _checked(a, contract, "from"), _checked(b, contract, "to")
    a = _sorted(a, contract, "from")
    if a.height == b.height and _equal(a, b, key):
        none = np.empty(0, dtype=np.intp)
        alignment = Alignment(a, b, key, None, None, none, none)
    else:
        b = _sorted(b, contract, "to")
        rows_a, rows_b = matching_rows(a, b, key)
        alignment = Alignment(
            a, b, key, rows_a, rows_b, _others(b.height, rows_b), _others(a.height, rows_a)
        )
    pairing, target = contract.stability.pairing, contract.target
    if target is None:
        return alignment
    stepped = contract.key[target].type == "integer"
    if pairing == "same_target" or not (stepped or through_b is None):
        alignment = _without_passed(alignment, target, pairing, through_a, through_b)
    if stepped:
        horizon = None if pairing == "same_key" else alignment.old(target)
    else:
        horizon = None if through_b is None else _horizons(alignment, target, through_b)
    return replace(alignment, horizon=horizon)


def dated_target(contract: Contract) -> str | None:
    """The key column whose dates or times the data reach one day; None when there is none."""
    target = contract.target
    return None if target is None or contract.key[target].type == "integer" else target


def _checked(frame: pl.DataFrame, contract: Contract, side: str) -> pl.DataFrame:
    """The frame with the contract's columns in its order; any numeric type will do for a number."""
    check_columns(frame, contract, f" of the {side!r} frame")
    wanted_schema, have_schema = schema(contract), frame.schema
    if have_schema == wanted_schema:
        return frame
    for name, dtype in wanted_schema.items():
        have = have_schema[name]
        loose = name not in contract.key and (
            have == pl.Null or (dtype.is_numeric() and have.is_numeric())
        )
        if have != dtype and not loose:
            raise InvalidError(
                "column_type",
                f"{contract.name}: column {name!r} of the {side!r} frame is {have}, the contract "
                f"says {dtype}; "
                "cast it first",
                column=name,
            )
    return frame.select(
        pl.col(n).cast(DTYPES["string"]) if have_schema[n] == pl.Null and d == pl.String else n
        for n, d in wanted_schema.items()
    )


def _sorted(frame: pl.DataFrame, contract: Contract, side: str) -> pl.DataFrame:
    """The frame sorted by key; a null or duplicate key is an error."""
    key = list(contract.key)
    if any(frame[name].null_count() for name in key):
        nulls = frame.filter(pl.any_horizontal(pl.col(key).is_null()))
        raise InvalidError(
            "null_key",
            f"{contract.name}: {nulls.height} rows of the {side!r} frame have a null key: "
            f"{name_keys(nulls, key)}; "
            "remove them or complete the key",
        )
    if ascends(frame, key):
        return frame
    frame = frame.sort(key)
    if not ascends(frame, key):
        twice = frame.filter(pl.struct(key).is_duplicated()).select(key).unique(maintain_order=True)
        raise InvalidError(
            "duplicate_key",
            f"{contract.name}: {twice.height} keys of the {side!r} frame appear more than once: "
            f"{name_keys(twice, key)}",
            keys=key_texts(twice, key, np.arange(min(twice.height, 100))),
        )
    return frame


def _equal(a: pl.DataFrame, b: pl.DataFrame, key: list[str]) -> bool:
    """Whether the rows of two frames of one height have the same keys; looked at in threads."""

    def of_rows(rows: slice) -> bool:
        start, n = rows.start, rows.stop - rows.start
        return all(a[name].slice(start, n).equals(b[name].slice(start, n)) for name in key)

    return all(each_block(of_rows, a.height))


def ascends(frame: pl.DataFrame, key: list[str]) -> bool:
    """Whether the frame is sorted by key, with no key twice, no part being null; looked at in
    threads.
    """

    def of_rows(rows: slice) -> bool:
        return increases(frame.slice(rows.start, rows.stop - rows.start), key)

    size = block_size(frame.height)
    starts = np.arange(size, frame.height, size)
    # where a block ends and where the next begins
    joints = frame[np.stack([starts - 1, starts], axis=1).ravel()]
    return increases(joints, key) and all(each_block(of_rows, frame.height))


def _others(height: int, rows: Rows) -> Rows:
    absent = np.ones(height, dtype=bool)
    absent[rows] = False
    return np.flatnonzero(absent)


def _without_passed(
    alignment: Alignment,
    target: str,
    pairing: str,
    through_a: datetime | None,
    through_b: datetime | None,
) -> Alignment:
    """Take out what the passing of time explains; both origins the same where one is not known.

    Of the version with the earlier origin the targets that the later one can no longer estimate
    (elapsed), of the later one the targets beyond the other's last (advanced). Of `same_target` the
    targets that only the earlier or only the later one has. So a diff read backwards takes out the
    same keys.
    """
    backwards = through_a is not None and through_b is not None and through_a > through_b
    frames = (alignment.b, alignment.a) if backwards else (alignment.a, alignment.b)
    older, newer = (_steps(frame[target]) for frame in frames)
    if pairing == "same_target":
        elapsed, advanced = ~np.isin(older, newer), ~np.isin(newer, older)
    else:
        reached = max(through for through in (through_a, through_b) if through is not None)
        elapsed = older <= _step(alignment.a[target], reached)
        advanced = newer > older.max() if len(older) else np.zeros(len(newer), dtype=bool)
    return _without(alignment, elapsed, advanced, backwards)


def _without(alignment: Alignment, elapsed: Mask, advanced: Mask, backwards: bool) -> Alignment:
    """The alignment without rows of the older frame that elapsed and rows of the newer one that
    advanced; a common key goes when either of its rows does.
    """
    common_a, common_b = alignment.rows(np.arange(alignment.common))
    added, removed = alignment.added, alignment.removed
    # of every key, its row in each frame, -1 for none
    rows_a = np.concatenate([common_a, removed, np.full_like(added, -1)])
    rows_b = np.concatenate([common_b, np.full_like(removed, -1), added])
    older, newer = (rows_b, rows_a) if backwards else (rows_a, rows_b)
    # the row -1 is none of those
    has_elapsed, has_advanced = np.append(elapsed, False)[older], np.append(advanced, False)[newer]
    alignment = replace(
        alignment,
        elapsed=UncomparedKeys(rows_a[has_elapsed], rows_b[has_elapsed]),
        advanced=UncomparedKeys(rows_a[has_advanced], rows_b[has_advanced]),
    )
    compared = ~(has_elapsed | has_advanced)
    if alignment.rows_a is None and compared.all():
        return alignment
    rows_a, rows_b = rows_a[compared], rows_b[compared]
    common = (rows_a >= 0) & (rows_b >= 0)
    return replace(
        alignment,
        rows_a=rows_a[common],
        rows_b=rows_b[common],
        added=rows_b[rows_a < 0],
        removed=rows_a[rows_b < 0],
    )


def _horizons(alignment: Alignment, target: str, through_b: datetime) -> pl.Series:
    """Per common key, the step of its target after B's origin."""
    targets = np.union1d(_steps(alignment.a[target]), _steps(alignment.b[target]))
    after_origin = targets[targets > _step(alignment.b[target], through_b)]
    return pl.Series(np.searchsorted(after_origin, _steps(alignment.old(target))) + 1)


def _steps(targets: pl.Series) -> NDArray[np.int64]:
    """Dates as days, timestamps as microseconds since 1970."""
    return targets.to_physical().cast(pl.Int64).to_numpy()


def _step(targets: pl.Series, instant: datetime) -> int:
    """The last step at or before an instant; a date counts as its first moment in UTC."""
    micros = instants.micros(instant)
    return micros // 86_400_000_000 if targets.dtype == pl.Date else micros
