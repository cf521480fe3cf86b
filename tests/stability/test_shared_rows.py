"""Reports that leave out the rows that two versions share, against those of all rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates.stability.aligned import AlignedVersions, align_versions
from estimates.stability.diff import diff, report_of
from estimates.stability.shared_rows import (
    NeedsAllRows,
    SharedRows,
    can_leave_out,
    sorted_column,
)

CONTRACT = parse_contract(
    """
    name = "set"
    [key.id]
    type = "integer"
    [columns.value]
    nullable = true
    [columns.count]
    type = "integer"
    role = "score"
    nullable = true
    [columns.note]
    role = "attribute"
    type = "string"
    nullable = true
    [stability]
    top_k = 5
    """
)
NAMES = ["value", "count"]
SCHEMA = {"id": pl.Int64, "value": pl.Float64, "count": pl.Int64, "note": pl.String}
VALUE = st.one_of(
    st.none(),
    st.floats(-1e6, 1e6),
    st.floats(0.5, 2.0),
    st.sampled_from([0.0, 1.0, -1.0, 5e-324, 1.7e308, -1.7e308, 1e-9]),
)
ROW = st.tuples(VALUE, st.one_of(st.none(), st.integers(-9, 9)), st.sampled_from([None, "x", "y"]))


class Parts(NamedTuple):
    """Two versions, part by part: of each the rows in A and in B; equal ones are shared."""

    pairs: list[tuple[pl.DataFrame, pl.DataFrame]]

    def all_rows(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """All rows of A and of B."""
        return pl.concat([a for a, _ in self.pairs]), pl.concat([b for _, b in self.pairs])

    def without_shared(
        self, contract: Contract = CONTRACT, names: Sequence[str] = NAMES
    ) -> AlignedVersions:
        """The rows of the parts that differ, knowing what is shared."""
        stretches, at = [], 0
        apart = [self.pairs[0][0].clear()], [self.pairs[0][1].clear()]
        for a, b in self.pairs:
            if a.equals(b):
                columns = {name: sorted_column(a[name]) for name in names}
                stretches.append((at, [(a.height, columns)]))
            else:
                apart[0].append(a)
                apart[1].append(b)
                at += a.height
        pair = align_versions(pl.concat(apart[0]), pl.concat(apart[1]), contract, None, None)
        shared = SharedRows.of_parts(stretches, names, {})
        return AlignedVersions(pair.alignment, pair.contract, pair.steady, shared)


@st.composite
def versions(draw: st.DrawFn) -> Parts:
    """Parts of some rows each, most of them shared."""
    pairs = []
    for number in range(draw(st.integers(1, 6))):
        ids = range(100 * number, 100 * number + draw(st.integers(0, 30)))
        rows = {i: draw(ROW) for i in ids}
        changed = draw(
            st.dictionaries(st.integers(100 * number, 100 * number + 40), ROW, max_size=2)
        )
        removed = draw(st.sets(st.integers(100 * number, 100 * number + 40), max_size=1))
        is_shared = draw(st.sampled_from([True, True, False]))
        other = rows if is_shared else {**rows, **changed}
        other = {i: row for i, row in other.items() if is_shared or i not in removed}
        pairs.append((frame(rows), frame(other)))
    return Parts(pairs)


def frame(rows: dict[int, tuple]) -> pl.DataFrame:
    """Rows sorted by key."""
    return pl.DataFrame([(i, *row) for i, row in sorted(rows.items())], SCHEMA, orient="row")


@given(versions())
def test_without_shared_rows_is_with_them(parts: Parts) -> None:
    """Whatever changes, a report without the shared rows is that of all rows, to the bit, or says
    that it needs them; a headline never does.
    """
    whole = parts.all_rows()
    for headline_only in (True, False):
        wanted = msgspec.msgpack.encode(diff(*whole, CONTRACT, headline_only=headline_only))
        try:
            report = report_of(parts.without_shared(), headline_only=headline_only)
        except NeedsAllRows:
            assert not headline_only
        else:
            assert msgspec.msgpack.encode(report) == wanted


def test_long_columns_are_the_same() -> None:
    """Some 300,000 rows, whose sums and quantiles are made block by block, of which few change."""
    random = np.random.default_rng(1)
    pairs = []
    for number in range(6):
        n = 50_000 + 7 * number
        rows = pl.DataFrame(
            {
                "id": np.arange(n) + 10**6 * number,
                "value": random.normal(-3 if number else 100, 2, n),
                "count": random.integers(0, 10**6, n),
                "note": ["x"] * n,
            },
            SCHEMA,
        )
        other = rows
        if number in (2, 4):
            moved = pl.int_range(pl.len()) % 900 == number
            other = rows.with_columns(
                pl.when(moved).then(pl.col("value") * 1.01 + 7).otherwise("value").alias("value"),
                pl.when(moved).then(pl.col("count") + 10**6).otherwise("count").alias("count"),
            ).slice(3)
        pairs.append((rows, other))
    parts = Parts(pairs)
    report = report_of(parts.without_shared())
    assert msgspec.msgpack.encode(report) == msgspec.msgpack.encode(
        diff(*parts.all_rows(), CONTRACT)
    )
    assert can_leave_out(CONTRACT)
