"""Probability vectors: known answers, and the engine against a slow, obvious reference."""

from __future__ import annotations

import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.contract.contract_file import parse_contract
from estimates.stability.diff import diff
from estimates.stability.family_reports import ProbabilityReport
from tests.stability.reference import quantile, same

Row = tuple[float | None, ...]


def measured(old: list[Row], new: list[Row], vocabulary: str = "") -> ProbabilityReport:
    """The report of probabilities p0, p1, … of the labels l0, l1, …"""
    names = [f"p{i}" for i in range(len(old[0]))]
    columns = "".join(
        f'[columns.{name}]\nrole = "probability"\nlabel = "l{i}"\nnullable = true\n'
        for i, name in enumerate(names)
    )
    label = (
        f'[columns.label]\nrole = "label"\nlabels = [{vocabulary}]\nnullable = true\n'
        if vocabulary
        else ""
    )
    contract = parse_contract(f'name = "s"\n[key.id]\ntype = "integer"\n{columns}{label}')
    schema = dict.fromkeys(names, pl.Float64)
    a, b = (
        pl.DataFrame(rows, schema=schema, orient="row", strict=False)
        .with_row_index("id")
        .cast({"id": pl.Int64})
        for rows in (old, new)
    )
    if vocabulary:
        a, b = (side.with_columns(label=pl.lit(None, dtype=pl.String)) for side in (a, b))
    result = diff(a, b, contract).probabilities
    assert result is not None
    return result


def test_from_one_label_to_the_other() -> None:
    """All probability moves from one label to another: total variation 1, divergence one bit, 0 ·
    log 0 = 0.
    """
    result = measured([(1.0, 0.0), (0.5, 0.5)], [(0.0, 1.0), (0.5, 0.5)])
    assert result.tv is not None
    assert result.jsd is not None
    assert (result.tv.max, result.jsd.max, result.tv.mean, result.jsd.mean) == (1, 1, 0.5, 0.5)
    assert [(move.key, move.tv) for move in result.top] == [(["0"], 1)]
    assert (result.labels, result.columns, result.rest) == (["l0", "l1"], ["p0", "p1"], False)


def test_one_column_has_an_implied_other() -> None:
    """A single probability is compared with what is missing to 1 as a second label."""
    result = measured([(0.2,), (0.9,)], [(0.7,), (0.9,)])
    assert result.tv is not None
    assert (result.rest, result.tv.max) == (True, pytest.approx(0.5))


def test_a_part_of_the_vocabulary() -> None:
    """With columns for two of three labels the sum may be less than 1; more than 1 is invalid."""
    result = measured(
        [(0.2, 0.3), (0.9, 0.3)], [(0.2, 0.8), (0.2, 0.3)], vocabulary='"l0", "l1", "l2"'
    )
    assert (result.rest, result.n, result.invalid_from, result.invalid_to) == (True, 1, 1, 0)
    assert result.tv is not None
    assert result.tv.mean == pytest.approx(0.5)


def test_what_is_no_distribution_is_counted_and_left_out() -> None:
    """Negative, not adding up, or not finite: left out; the tolerances are 1e-9 and 1e-6."""
    whole = (0.5, 0.5)
    old: list[Row] = [
        (-1e-8, 1.0),
        (0.5, 0.6),
        (None, 1.0),
        (math.nan, 1.0),
        (-1e-10, 1.0),
        (0.5, 0.5 + 5e-7),
    ]
    old.append((0.5, 0.5 + 5e-6))
    result = measured(old, [whole] * 7)
    assert (result.invalid_from, result.invalid_to, result.n, result.coverage) == (
        3,
        0,
        2,
        pytest.approx(2 / 7),
    )


def test_no_vector_to_compare() -> None:
    """Without a valid vector in both versions there is no number, and the reason."""
    result = measured([(None, 1.0)], [(0.5, 0.5)])
    assert (result.n, result.tv, result.jsd, result.top, result.reason) == (
        0,
        None,
        None,
        [],
        "no_comparable_keys",
    )


def slow_jsd(p: tuple[float, ...], q: tuple[float, ...]) -> float:
    """In bits."""
    terms = [
        x / 2 * math.log2(x / ((x + y) / 2))
        for x, y in (*zip(p, q, strict=True), *zip(q, p, strict=True))
        if x
    ]
    return max(0.0, math.fsum(terms))


def vector(parts: list[int]) -> tuple[float, ...]:
    """Parts made into probabilities."""
    return tuple(part / sum(parts) for part in parts)


VECTOR = st.lists(st.integers(0, 1000), min_size=3, max_size=3).filter(any).map(vector)


@given(st.lists(st.tuples(VECTOR, VECTOR), min_size=1, max_size=30))
def test_probabilities_agree_with_the_reference(
    rows: list[tuple[tuple[float, ...], tuple[float, ...]]],
) -> None:
    """Total variation and divergence of any two versions agree with plain Python to 1e-12."""
    result = measured([a for a, _ in rows], [b for _, b in rows])
    tv = [math.fsum(abs(y - x) for x, y in zip(*row, strict=True)) / 2 for row in rows]
    jsd = [slow_jsd(*row) for row in rows]
    assert (result.n, result.invalid_from, result.invalid_to) == (len(rows), 0, 0)
    for got, values in ((result.tv, tv), (result.jsd, jsd)):
        assert got is not None
        same(got.mean, math.fsum(values) / len(rows), 1)
        same(got.p95, quantile(values, 0.95), 1)
        same(got.max, max(values), 1)
