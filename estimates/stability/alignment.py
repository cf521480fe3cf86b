"""Which rows of two frames have the same key; which keys came, went, elapsed or advanced."""

from __future__ import annotations

from collections.abc import Sequence
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
from estimates.stability.kernels.blocks import each_block
from estimates.stability.kernels.key_join import Rows, matching_rows
from estimates.stability.noise import is_none

Mask = NDArray[np.bool_]
_ROWS = 1 << 18  # rows of a row group: what polars is asked at a time


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

    def row_numbers(self) -> tuple[Rows, Rows]:
        """`rows_a` and `rows_b`, spelled out where they are all rows."""
        return (
            np.arange(self.a.height) if self.rows_a is None else self.rows_a,
            np.arange(self.b.height) if self.rows_b is None else self.rows_b,
        )

    def old(self, column: str) -> pl.Series:
        """The column's values in A, per common key."""
        return self.a[column] if self.rows_a is None else self.a[column][self.rows_a]

    def new(self, column: str) -> pl.Series:
        """The column's values in B, per common key."""
        return self.b[column] if self.rows_b is None else self.b[column][self.rows_b]

    def common_rows(self, columns: Sequence[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Some columns of A and of B, a row per common key."""
        old, new = self.a.select(columns), self.b.select(columns)
        return (
            old if self.rows_a is None else old[self.rows_a],
            new if self.rows_b is None else new[self.rows_b],
        )

    def identical(self) -> Mask:
        """K3: which common keys have the same row; NaN equals NaN, null equals null, −0.0 equals
        0.0.
        """
        same = np.ones(self.common, dtype=bool)
        columns = [(self.a[name], self.b[name]) for name in self.a.columns if name not in self.key]

        def compare(rows: slice) -> None:
            for old, new in columns:
                same[rows] &= (
                    _rows_of_block(old, self.rows_a, rows)
                    .eq_missing(_rows_of_block(new, self.rows_b, rows))
                    .to_numpy()
                )
                if not same[rows].any():  # as between most versions, whatever the other columns say
                    break

        each_block(compare, self.common)
        return same

    def keys(self, positions: Rows) -> list[list[str]]:
        """The common keys at these positions, as text."""
        return key_texts(
            self.a, self.key, positions if self.rows_a is None else self.rows_a[positions]
        )


def _rows_of_block(column: pl.Series, rows: Rows | None, block: slice) -> pl.Series:
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
    alignment = _without_noise(alignment, contract)
    pairing, target = contract.stability.pairing, contract.target
    if target is None:
        return alignment
    if pairing == "same_target":
        alignment = _same_targets(
            alignment, target, backwards=bool(through_a and through_b and through_a > through_b)
        )
    if contract.key[target].type == "integer":
        return (
            alignment
            if pairing == "same_key"
            else replace(alignment, horizon=alignment.old(target))
        )
    if through_b is None:
        return alignment
    if pairing == "same_target":
        return replace(alignment, horizon=_horizons(alignment, target, through_b))
    return _rolled(alignment, target, through_a or through_b, through_b)


def _without_noise(alignment: Alignment, contract: Contract) -> Alignment:
    """B with the number of A wherever the two differ by no more than the column's own tolerance:
    nothing that follows sees a change there.
    """
    columns: list[pl.Series] = []
    for name, column in contract.columns.items():
        if column.rtol is None and column.atol is None:
            continue
        old, new = alignment.old(name), alignment.new(name)
        a, b = old.cast(pl.Float64).to_numpy(), new.cast(pl.Float64).to_numpy()
        with np.errstate(over="ignore", invalid="ignore"):
            near = is_none(b - a, a, b, column) & (a != b)
        if near.any():
            kept = new.zip_with(~pl.Series(near), old.cast(new.dtype))
            rows = alignment.rows_b
            whole = kept if rows is None else alignment.b[name].scatter(rows, kept)
            columns.append(whole.alias(name))
    return replace(alignment, b=alignment.b.with_columns(columns)) if columns else alignment


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
                f"says {dtype}",
                remedy="cast it first",
                column=name,
            )
    return frame.select(
        pl.col(n).cast(DTYPES["string"]) if have_schema[n] == pl.Null and d == pl.String else n
        for n, d in wanted_schema.items()
    )


def _sorted(frame: pl.DataFrame, contract: Contract, side: str) -> pl.DataFrame:
    """The frame sorted by key; a null or duplicate key is an error."""
    key = list(contract.key)
    nulls = (
        frame.filter(pl.any_horizontal(pl.col(key).is_null()))
        if any(frame[k].null_count() for k in key)
        else None
    )
    if nulls is not None:
        raise InvalidError(
            "null_key",
            f"{contract.name}: {nulls.height} rows of the {side!r} frame have a null key: "
            f"{name_keys(nulls, key)}",
            remedy="remove them or complete the key",
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
            remedy="leave one row of each, or add the column that tells them apart to the key",
            keys=key_texts(twice, key, np.arange(min(twice.height, 100))),
        )
    return frame


def _equal(a: pl.DataFrame, b: pl.DataFrame, key: list[str]) -> bool:
    """Whether the rows of two frames of one height have the same keys; looked at in threads."""

    def of_rows(rows: slice) -> bool:
        start, n = rows.start, rows.stop - rows.start
        return all(a[name].slice(start, n).equals(b[name].slice(start, n)) for name in key)

    return all(each_block(of_rows, a.height, _ROWS))


def ascends(frame: pl.DataFrame, key: list[str]) -> bool:
    """Whether the frame is sorted by key, with no key twice, no part being null; looked at in
    threads.
    """

    def of_rows(rows: slice) -> bool:
        return increases(frame.slice(rows.start, rows.stop - rows.start), key)

    starts = np.arange(_ROWS, frame.height, _ROWS)
    # where a row group ends and where the next begins
    joints = frame[np.stack([starts - 1, starts], axis=1).ravel()]
    return increases(joints, key) and all(each_block(of_rows, frame.height, _ROWS))


def _others(height: int, rows: Rows) -> Rows:
    absent = np.ones(height, dtype=bool)
    absent[rows] = False
    return np.flatnonzero(absent)


def _rolled(
    alignment: Alignment, target: str, through_a: datetime, through_b: datetime
) -> Alignment:
    """Take out what the passing of time explains.

    Of the version with the earlier origin the targets that the later one can no longer estimate
    (elapsed), of the later one the targets beyond the other's last (advanced). So a diff read
    backwards takes out the same keys. Where no step of time passed, new targets are added.
    """
    targets_a, targets_b = _steps(alignment.a[target]), _steps(alignment.b[target])
    backwards = through_a > through_b
    older, newer = (targets_b, targets_a) if backwards else (targets_a, targets_b)
    elapsed_rows = older <= _step(alignment.a[target], max(through_a, through_b))
    moved = _step(alignment.a[target], through_a) != _step(alignment.b[target], through_b)
    advanced_rows = newer > older.max() if moved and len(older) else np.zeros(len(newer), bool)
    alignment = _without_uncompared(alignment, elapsed_rows, advanced_rows, backwards)
    return replace(alignment, horizon=_horizons(alignment, target, through_b))


def _same_targets(alignment: Alignment, target: str, backwards: bool) -> Alignment:
    """Take out the targets that only one version has: of the older one elapsed, of the newer one
    advanced.
    """
    targets_a, targets_b = _steps(alignment.a[target]), _steps(alignment.b[target])
    older, newer = (targets_b, targets_a) if backwards else (targets_a, targets_b)
    return _without_uncompared(alignment, ~np.isin(older, newer), ~np.isin(newer, older), backwards)


def _without_uncompared(
    alignment: Alignment, elapsed_rows: Mask, advanced_rows: Mask, backwards: bool
) -> Alignment:
    """The alignment without rows of the older frame that elapsed and rows of the newer one that
    advanced.
    """
    elapsed = _uncompared(alignment, elapsed_rows, backwards)
    advanced = _uncompared(alignment, advanced_rows, not backwards)
    out_a, out_b = elapsed_rows, advanced_rows
    if backwards:
        out_a, out_b = out_b, out_a
    alignment = _without(alignment, out_a, out_b)
    return replace(alignment, elapsed=elapsed, advanced=advanced)


def _horizons(alignment: Alignment, target: str, through_b: datetime) -> pl.Series:
    """Per common key, the step of its target after B's origin."""
    targets_a = _steps(alignment.a[target])
    later_than_origin = _later_steps(alignment.a[target], alignment.b[target], through_b)
    compared = targets_a if alignment.rows_a is None else targets_a[alignment.rows_a]
    return pl.Series(np.searchsorted(later_than_origin, compared) + 1)


def later_targets(old: pl.Series, new: pl.Series, origin: datetime) -> pl.Series:
    """The dated targets of either version after an origin, in order: the first is horizon 1."""
    steps = pl.Series(_later_steps(old, new, origin))
    return steps.cast(old.to_physical().dtype).cast(old.dtype)


def _later_steps(old: pl.Series, new: pl.Series, origin: datetime) -> NDArray[np.int64]:
    steps = np.union1d(_steps(old), _steps(new))
    return steps[steps > _step(new, origin)]


def _uncompared(alignment: Alignment, out: Mask, of_b: bool) -> UncomparedKeys:
    """Some rows of a (or of b), and the rows that the other frame has for their keys."""
    rows_a, rows_b = alignment.row_numbers()
    rows, other_rows = (rows_b, rows_a) if of_b else (rows_a, rows_b)
    partner = np.full(len(out), -1, dtype=np.intp)
    partner[rows] = other_rows
    chosen = np.flatnonzero(out)
    return (
        UncomparedKeys(partner[chosen], chosen) if of_b else UncomparedKeys(chosen, partner[chosen])
    )


def _without(alignment: Alignment, out_a: Mask, out_b: Mask) -> Alignment:
    """The alignment without some rows of each frame; a common key goes when either of its rows
    does.
    """
    if alignment.rows_a is None and not out_a.any() and not out_b.any():
        return alignment
    rows_a, rows_b = alignment.row_numbers()
    compared = ~(out_a[rows_a] | out_b[rows_b])
    return replace(
        alignment,
        rows_a=rows_a[compared],
        rows_b=rows_b[compared],
        added=alignment.added[~out_b[alignment.added]],
        removed=alignment.removed[~out_a[alignment.removed]],
    )


def _steps(targets: pl.Series) -> NDArray[np.int64]:
    """Dates as days, timestamps as microseconds since 1970."""
    return targets.to_physical().cast(pl.Int64).to_numpy()


def _step(targets: pl.Series, instant: datetime) -> int:
    """The last step at or before an instant; a date counts as its first moment in UTC."""
    micros = instants.micros(instant)
    return micros // 86_400_000_000 if targets.dtype == pl.Date else micros
