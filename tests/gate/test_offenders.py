"""Every offender of a judgement as a table: as many as the verdict counts, those it names among
them.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError
from estimates.gate.candidate import Candidate
from estimates.gate.evaluation import evaluate
from estimates.gate.offender_table import Offenders
from estimates.gate.production_history import ProductionHistory
from estimates.gate.verdict import Verdict
from tests.examples import examples
from tests.gate.cases import (
    JUDGED,
    Setting,
    assert_whole,
    many,
    many_rows,
    provenance,
    simple,
    stored,
)
from tests.gate.faulty_settings import newer

N = 300  # more than the 100 that a verdict names
CONTRACT = parse_contract("""
name = "many"
[key.shop]
type = "string"
[key.day]
type = "date"
[columns.units]
max = 1000
[columns.lower_80]
role = "lower"
level = 0.8
[columns.upper_80]
role = "upper"
level = 0.8
[columns.class]
role = "label"
labels = ["a", "b"]
[columns.extra]
role = "score"
nullable = true
""")


def rows(n: int = N) -> pl.DataFrame:
    """Estimates for `n` shops and one day, none like another."""
    return pl.DataFrame(
        {
            "shop": [f"s{i:03d}" for i in range(n)],
            "day": [date(2026, 11, 23)] * n,
            "units": [10.0 + i for i in range(n)],
            "lower_80": [9.0 + i for i in range(n)],
            "upper_80": [11.0 + i for i in range(n)],
            "class": ["ab"[i % 2] for i in range(n)],
            "extra": [i - 20.5 for i in range(n)],
        }
    )


def judged(
    candidate: pl.DataFrame, of: Contract = CONTRACT, before: pl.DataFrame | None = None
) -> tuple[Verdict, pl.DataFrame]:
    """The verdict on a file against `rows()`, and every offender; the one has the first of the
    other.
    """
    offenders = Offenders()
    new = Candidate(candidate, None, provenance(targets=()))
    old = None if before is None else stored(before, of, version=1)
    verdict = evaluate(of, new, old, judged_at=JUDGED, contract_revision=1, offenders=offenders)
    assert offenders.frame is not None
    assert_whole(verdict, offenders.frame, list(of.key))
    return verdict, offenders.frame


def moved(frame: pl.DataFrame, name: str, first: int, last: int, value: Any) -> pl.DataFrame:
    """The frame with a column replaced in the rows from `first` to `last`."""
    at = pl.int_range(pl.len()).is_between(first, last)
    return frame.with_columns(pl.when(at).then(value).otherwise(pl.col(name)).alias(name))


def test_all_of_them_and_not_the_first_hundred() -> None:
    """250 shops gone, 150 bounds broken, 150 jumps and 120 flips: a row each, the key in its
    types.
    """
    new = moved(
        moved(rows(), "units", 0, 149, pl.col("units") + 5000), "extra", 150, 269, -pl.col("extra")
    )
    _, listed = judged(new, before=rows(550).vstack(rows(0)))
    assert listed.schema["day"] == pl.Date
    assert listed.filter(check="removed_keys").height == 250
    assert listed.filter(check="hard_bounds").height == 150
    assert listed.filter(check="sign_flips").height == 120
    far = listed.filter((pl.col("check") == "p95_change") & (pl.col("column") == "units"))
    assert far["shop"].to_list() == [f"s{i:03d}" for i in range(150)]
    assert far["detail"][0] == "10.0 → 5010.0, +50000.0 %"
    outside = listed.filter(check="outside_old_interval")
    assert outside.select("shop", "column").rows() == [(f"s{i:03d}", "units") for i in range(150)]
    assert outside["detail"][0] == "5010.0 outside 9.0 to 11.0"
    assert (
        listed.filter(check="extreme_move").height
        == listed.filter(check="z_beyond_one").height
        == 150
    )


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["units", "lower_80", "extra", "class", "gone", "new"]),
        st.integers(0, N - 1),
        st.integers(0, N - 1),
        st.sampled_from([None, float("nan"), -1.0, 5000.0, 30.0]),
    ),
    max_size=5,
)


@pytest.mark.slow
@examples(16)
@given(EDITS)
def test_any_change_is_told_completely(edits: list[tuple[str, int, int, float | None]]) -> None:
    """Whatever was changed, the table has what the verdict counts, and what it names."""
    new = rows()
    for column, a, b, value in edits:
        first, last = min(a, b), max(a, b)
        if column == "gone":
            new = new.filter(~pl.int_range(pl.len()).is_between(first, last))
        elif column == "new":
            new = new.with_columns(
                pl.when(pl.int_range(pl.len()).is_between(first, last))
                .then(pl.col("shop") + "x")
                .otherwise(pl.col("shop"))
                .alias("shop")
            )
        elif column == "class":
            new = moved(new, column, first, last, pl.lit("b" if value is None else "c"))
        else:
            new = moved(new, column, first, last, pl.lit(value, pl.Float64))
    judged(new, before=rows())


def test_a_clean_candidate_has_none() -> None:
    """The table is there, with its columns, and empty."""
    verdict, listed = judged(rows().with_columns(pl.col("units") * 1.0001), before=rows())
    assert not verdict.blocks
    assert listed.filter(pl.col("status").is_in(["fail", "error"])).is_empty()
    assert listed.columns == ["check", "number", "status", "shop", "day", "column", "detail"]


def test_keys_that_are_none_are_told() -> None:
    """Null keys and twins stand in the table as they are; what depends on keys says nothing."""
    new = (
        rows()
        .vstack(rows())
        .with_columns(
            pl.when(pl.int_range(pl.len()) < 150).then(None).otherwise("shop").alias("shop")
        )
    )
    verdict, listed = judged(new, before=rows())
    assert listed["check"].unique().to_list() == ["keys"]
    assert listed.height == verdict.check("keys").offending > 150
    assert listed["shop"].null_count() >= 150


def test_what_offends_without_a_key() -> None:
    """A missing column is an offender, with the column and without a key."""
    verdict, listed = judged(rows().drop("units"), before=rows())
    (row,) = listed.filter(check="schema").rows(named=True)
    assert (row["shop"], row["column"], row["detail"]) == (None, "units", "missing")
    assert verdict.blocks


def test_checks_of_the_sets_own_are_told() -> None:
    """Offenders that a query names are all there."""
    more = """
[gate.custom.odd]
sql = "SELECT count(*) FROM candidate WHERE v > 50"
offenders = "SELECT k FROM candidate WHERE v > 50"
block = 0
"""
    new = pl.DataFrame({"k": [f"{i:03d}" for i in range(N)], "v": [float(i) for i in range(N)]})
    verdict, listed = judged(new, simple(more=more))
    assert listed.filter(check="odd")["k"].to_list() == [f"{i:03d}" for i in range(51, N)]
    assert verdict.check("odd").offending == N - 51


@pytest.mark.parametrize(
    ("key", "keys"), [("k", [8, 9]), ("k::VARCHAR", [8, 9]), ("'x'", None), ("[k]", None)]
)
def test_a_check_of_the_sets_own_names_keys_of_the_contract(
    key: str, keys: list[int] | None
) -> None:
    """In other types they are made the contract's; what cannot be is an error of that check, and
    ends no judgement.
    """
    query = f"""
[gate.custom.odd]
sql = "SELECT 2"
offenders = "SELECT {key} AS k FROM candidate WHERE k > 7"
block = 0
"""
    verdict, listed = judged(many_rows(10), many(query))
    assert (verdict.check("odd").status, listed.filter(check="odd")["k"].to_list()) == (
        ("error", []) if keys is None else ("fail", keys)
    )
    assert keys is not None or "offenders that are no keys: k (" in verdict.check("odd").message


def test_a_key_named_like_a_column_of_the_table_is_an_error() -> None:
    """Two columns cannot have one name: it is said which."""
    contract = parse_contract('name = "taken"\n[key.check]\ntype = "string"\n[columns.v]\n')
    with pytest.raises(InvalidError) as error:
        judged(pl.DataFrame({"check": ["a"], "v": [1.0]}), contract)
    assert error.value.code == "key_name"


FUNCTIONS = parse_contract("""
name = "functions"
[key.k]
type = "integer"
[columns.q10]
role = "quantile"
quantile = 0.1
[columns.q50]
role = "quantile"
quantile = 0.5
[columns.q90]
role = "quantile"
quantile = 0.9
""")


def test_quantile_functions_that_moved() -> None:
    """Of a thousand 150 move by 2 of their old IQR and more: all of them are told, the furthest
    first.
    """
    k = pl.Series("k", range(1000))
    before = pl.DataFrame(
        {"k": k, "q10": 99.0 + k / 1000, "q50": 100.0 + k / 1000, "q90": 101.0 + k / 1000}
    )
    by = pl.when(pl.col("k") < 150).then(4 + pl.col("k")).otherwise(0.001)
    new = before.with_columns(pl.col(name) + by for name in ("q10", "q50", "q90"))
    verdict, listed = judged(new, FUNCTIONS, before)
    assert verdict.check("quantile_change").status == "fail"
    mine = listed.filter(check="quantile_change")
    assert mine["k"].to_list() == list(range(149, -1, -1))
    assert mine["detail"][149] == "quantiles moved by 2.0 of their old IQR"
    assert (
        verdict.check("quantile_change").offenders[0].detail
        == "quantiles moved by 76.5 of their old IQR"
    )


def test_what_stands_still_and_what_changed_more_than_ever() -> None:
    """A third of a thousand keys is the same in three versions, the others changed: each is
    told.
    """
    still = pl.col("k") < 300
    moves = [
        many_rows().with_columns(v=pl.when(still).then("v").otherwise(pl.col("v") * f))
        for f in (1, 1.05, 1.1)
    ]
    past = ProductionHistory(
        frames=lambda count: moves[:2][-count:], material_shares=lambda: {"v": [0.1] * 20}
    )
    of, offenders = many("frozen_after = 3\n"), Offenders()
    verdict = Setting(of, moves[2], moves[1], history=past, candidate=newer()).evaluate(offenders)
    assert offenders.frame is not None
    assert_whole(verdict, offenders.frame, ["k"])
    assert (verdict.check("frozen").value, verdict.check("frozen").offending) == (0.3, 300)
    assert offenders.frame.filter(check="frozen")["k"].to_list() == list(range(300))
    assert verdict.check("unusual_change").offending == 700
    assert sorted(offenders.frame.filter(check="unusual_change")["k"]) == list(range(300, 1000))


STEPS = parse_contract("""
name = "steps"
[key.shop]
type = "string"
[key.day]
type = "date"
target = true
[columns.v]
[stability]
pairing = "same_horizon"
""")


def test_steps_are_told_by_the_days_of_the_candidate() -> None:
    """What is compared by horizon has the candidate's dates as its key, so that it can be found and
    waived.
    """
    days = [date(2026, 11, day) for day in range(20, 25)]
    old, new = (
        pl.DataFrame({"shop": ["s"] * 4, "day": of, "v": values})
        for of, values in ((days[:4], [1.0, 2.0, 3.0, 4.0]), (days[1:], [1.0, 2.0, 300.0, 4.0]))
    )
    offenders = Offenders()
    sides = [
        stored(
            frame,
            STEPS,
            version,
            provenance=provenance(data_through=datetime(2026, 11, day, tzinfo=UTC)),
        )
        for version, frame, day in ((2, new, 20), (1, old, 19))
    ]
    verdict = evaluate(STEPS, *sides, judged_at=JUDGED, contract_revision=1, offenders=offenders)
    assert offenders.frame is not None
    assert_whole(verdict, offenders.frame, ["shop", "day"])
    steps = offenders.frame.filter(pl.col("check").is_in(["p95_change", "jumps"]))
    assert steps.select("check", "day", "detail").rows() == [
        ("p95_change", date(2026, 11, 23), "3.0 → 300.0, +9900.0 %"),
        ("jumps", date(2026, 11, 23), "3.0 → 300.0, +9900.0 %"),
    ]
