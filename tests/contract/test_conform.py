from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import estimates
from estimates.contract.columns import key_text
from estimates.contract.conform import conform, name_keys, schema
from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError

CONTRACT = parse_contract("""
name = "close"
[key.ticker]
type = "string"
[key.target_date]
type = "date"
[columns.value]
[columns.count]
role = "attribute"
type = "integer"
[columns.note]
role = "attribute"
type = "string"
[columns.halted]
role = "attribute"
type = "boolean"
[columns.seen_at]
role = "attribute"
type = "timestamp"
""")


def frame(**changes: Any) -> pl.DataFrame:
    """Three rows that conform, with some columns replaced."""
    columns: dict[str, Any] = {
        "ticker": ["AAPL", "AAPL", "MSFT"],
        "target_date": [date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 23)],
        "value": [1.5, 2.5, None],
        "count": [1, None, 3],
        "note": ["a", "", None],
        "halted": [True, False, None],
        "seen_at": [datetime(2026, 11, 20, 16, tzinfo=UTC), None, None],
    }
    moment = {} if "seen_at" in changes else {"seen_at": pl.Datetime("us", "UTC")}
    return pl.DataFrame(columns | changes, schema_overrides=moment)


def refusal(data: pl.DataFrame, contract: Contract = CONTRACT) -> InvalidError:
    """The error of a frame that does not conform."""
    with pytest.raises(InvalidError) as caught:
        conform(data, contract)
    return caught.value


def keyed(kind: str, values: pl.Series | list[Any]) -> tuple[pl.DataFrame, Contract]:
    """A frame with one key column, and its contract."""
    contract = parse_contract(f'name = "a"\n[key.k]\ntype = "{kind}"\n[columns.v]')
    return pl.DataFrame({"k": values}).with_columns(v=1.0), contract


def test_conforming_frame_keeps_its_values() -> None:
    """A frame that conforms already comes back with the same values, sorted by key."""
    assert_frame_equal(conform(frame(), CONTRACT), frame())
    assert conform(frame(), CONTRACT).schema == schema(CONTRACT)


def test_columns_come_in_contract_order_and_rows_by_key() -> None:
    """The order of columns and rows in the input does not matter."""
    turned = frame().reverse().select(reversed(frame().columns))
    assert_frame_equal(conform(turned, CONTRACT), frame())


rows = st.lists(
    st.tuples(
        st.text(
            st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
            min_size=1,
            max_size=3,
        ),
        st.dates(),
        st.none() | st.floats(allow_nan=False, allow_infinity=False),
        st.none() | st.integers(-(2**63), 2**63 - 1),
    ),
    unique_by=lambda row: row[:2],
    max_size=12,
).map(lambda rows: [row for row in rows if row[0] not in (".", "..")])


@given(rows, st.randoms(use_true_random=False))
def test_any_permutation_conforms_to_the_same_frame(
    rows: list[tuple[Any, ...]], random: Any
) -> None:
    """Rows and columns in any order give the identical frame, negative zeros included."""
    names = ["ticker", "target_date", "value", "count"]
    kinds = {name: schema(CONTRACT)[name] for name in names}
    contract = parse_contract(
        'name = "a"\n[key.ticker]\ntype = "string"\n[key.target_date]\ntype = '
        '"date"\n[columns.value]\n'
        '[columns.count]\nrole = "attribute"\ntype = "integer"'
    )
    plain = conform(pl.DataFrame(rows, schema=kinds, orient="row"), contract)
    shuffled, columns = random.sample(rows, len(rows)), random.sample(names, len(names))
    again = conform(pl.DataFrame(shuffled, schema=kinds, orient="row").select(columns), contract)
    assert_frame_equal(again, plain, check_exact=True)
    assert again.to_numpy().tobytes() == plain.to_numpy().tobytes() or again.equals(plain)
    keys = plain.select("ticker", "target_date").rows()
    assert keys == sorted(keys, key=lambda key: (key[0].encode(), key[1]))


def test_negative_zero_becomes_zero() -> None:
    """−0.0 and 0.0 are the same estimate, so they are the same bytes."""
    values = conform(frame(value=[-0.0, 0.0, -1.0]), CONTRACT)["value"].to_list()
    assert [str(value) for value in values] == ["0.0", "0.0", "-1.0"]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("value", pl.Series([1, 2, 2**53], dtype=pl.Int64)),
        ("value", pl.Series([1.5, 2.5, None], dtype=pl.Float32)),
        ("value", pl.Series([None, None, None], dtype=pl.Null)),
        ("count", pl.Series([1, 2, None], dtype=pl.UInt8)),
        ("count", pl.Series([1, 2, 2**63 - 1], dtype=pl.UInt64)),
        ("note", pl.Series(["a", "b", None], dtype=pl.Categorical())),
        ("ticker", pl.Series(["AAPL", "AAPL", "MSFT"], dtype=pl.Enum(["MSFT", "AAPL"]))),
        (
            "seen_at",
            pl.Series(
                [datetime(2026, 11, 20), None, None], dtype=pl.Datetime("ms", "America/New_York")
            ),
        ),
        (
            "seen_at",
            pl.Series(
                [datetime(2026, 11, 20, 1, 2, 3, 4), None, None], dtype=pl.Datetime("ns", "UTC")
            ),
        ),
    ],
)
def test_narrower_types_are_widened(column: str, values: pl.Series) -> None:
    """A type whose every value fits is taken, and no value changes by it."""
    conformed = conform(frame(**{column: values}), CONTRACT)
    assert conformed.schema == schema(CONTRACT)
    assert conformed[column].to_list() == values.to_list()


@pytest.mark.parametrize(
    ("column", "values", "words"),
    [
        ("value", pl.Series([2**53 + 1, 1, 1]), "column 'value' is Int64, the contract says float"),
        ("value", pl.Series([2**53 + 1, 1, 1]), "integers up to 2^53"),
        ("value", pl.Series([2**63 - 1, 1, 1]), "integers up to 2^53"),
        ("value", ["1.5", "2", "3"], "is String"),
        ("value", [True, False, True], "is Boolean"),
        ("count", [1.5, 2.0, 3.0], "is Float64, the contract says integer"),
        ("count", pl.Series([2**63, 1, 1], dtype=pl.UInt64), "an integer has 64 bits"),
        ("note", [1, 2, 3], "is Int64, the contract says string"),
        ("ticker", [1, 2, 3], "is Int64, the contract says string"),
        ("target_date", [datetime(2026, 11, 23, 1), None, None], "the contract says date"),
        (
            "seen_at",
            pl.Series([datetime(2026, 11, 23)] * 3),
            "times without a time zone: give --timezone ZONE",
        ),
        (
            "seen_at",
            pl.Series([1, 2, 3], dtype=pl.Datetime("ns", "UTC")),
            "a timestamp has microseconds",
        ),
        ("value", [[1.0], [2.0], [3.0]], "is List(Float64)"),
    ],
)
def test_types_that_would_change_values_are_refused(column: str, values: Any, words: str) -> None:
    """No value is rounded, parsed or cut to fit; the error names the column and both types."""
    error = refusal(frame(**{column: values}))
    assert error.code == "column_type"
    assert error.details == {"column": column}
    assert words in error.message
    assert f"column '{column}'" in error.message


def test_missing_and_extra_columns_are_named() -> None:
    """All columns that differ are named at once, with those of the contract."""
    error = refusal(frame().rename({"value": "close"}).with_columns(x=1))
    assert error.code == "columns"
    assert "missing value; not in the contract: close, x; " in error.message
    assert "; the contract has ticker, target_date, value" in error.message
    assert error.details == {"missing": ["value"], "extra": ["close", "x"]}


def test_duplicate_keys_are_named() -> None:
    """A key that appears twice is refused, each named once."""
    error = refusal(pl.concat([frame(), frame()[1:], frame()[1:2]]))
    assert error.code == "duplicate_key"
    assert "2 keys appear more than once: AAPL/2026-11-24, MSFT/2026-11-23" in error.message
    assert error.details["keys"] == [["AAPL", "2026-11-24"], ["MSFT", "2026-11-23"]]


def test_many_duplicates_are_counted() -> None:
    """The message names five keys and counts the rest."""
    data, contract = keyed("integer", [*range(20), *range(20)])
    error = refusal(data, contract)
    assert error.message.startswith(
        "a: 20 keys appear more than once: 0, 1, 2, 3, 4 and 15 more; add a column to the key"
    )


def test_null_keys_name_their_column() -> None:
    """A key with a null part is refused, and the column said."""
    error = refusal(frame(target_date=[date(2026, 11, 23), None, None]))
    assert error.code == "null_key"
    assert "2 rows have a null key (in target_date)" in error.message


@pytest.mark.parametrize("part", ["", ".", "..", "a\0b"])
def test_keys_that_no_path_can_carry_are_refused(part: str) -> None:
    """Empty, `.` and `..` parts and NUL cannot be asked for over HTTP, so they are not stored."""
    error = refusal(frame(ticker=["AAPL", "MSFT", part]))
    assert error.code == "bad_key"
    assert "column 'ticker'" in error.message


@pytest.mark.parametrize("part", ["a/b", "%2F", "ü", "...", " ", "batch", "a\nb", "😀"])
def test_other_keys_are_legal(part: str) -> None:
    """Everything else is a key, exactly as given."""
    data, contract = keyed("string", [part])
    assert conform(data, contract)["k"].to_list() == [part]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_values_that_are_not_finite_are_refused(value: float) -> None:
    """NaN and infinities are refused with their keys; null is how a job says "no estimate"."""
    error = refusal(frame(value=[value, 1.0, value]))
    assert error.code == "not_finite"
    assert (
        "column 'value' is NaN or infinite for 2 keys: AAPL/2026-11-23, MSFT/2026-11-23"
        in error.message
    )
    assert error.details["keys"] == [["AAPL", "2026-11-23"], ["MSFT", "2026-11-23"]]
    assert conform(frame(value=[None, 1.0, None]), CONTRACT)["value"].null_count() == 2


def test_nan_of_a_narrow_float_is_found() -> None:
    """Widening comes before looking for NaN."""
    values = pl.Series([float("nan"), 1.0, 1.0], dtype=pl.Float32)
    assert refusal(frame(value=values)).code == "not_finite"


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("date", pl.Series([0, 3_000_000]).cast(pl.Int32).cast(pl.Date)),
        ("timestamp", pl.Series([0, 2**62]).cast(pl.Datetime("us", "UTC"))),
        ("timestamp", pl.Series([0, -(2**62)]).cast(pl.Datetime("us", "UTC"))),
        ("timestamp", pl.Series([0, 2**62]).cast(pl.Datetime("ms", "UTC"))),
        ("timestamp", pl.Series([0, -(2**63)]).cast(pl.Datetime("ms", "America/New_York"))),
        ("timestamp", pl.Series([0, 253_402_300_800_000]).cast(pl.Datetime("ms", "UTC"))),
        ("timestamp", pl.Series([0, -62_135_596_800_001]).cast(pl.Datetime("ms", "UTC"))),
    ],
)
def test_dates_beyond_the_calendar_are_refused(kind: str, values: pl.Series) -> None:
    """A date that has no text form could be stored and never be asked for."""
    error = refusal(*keyed(kind, values))
    assert error.code == "out_of_range"
    assert "column 'k' lies outside the years 1 to 9999 in 1 rows, first in row 2" in error.message


def test_first_and_last_moment_of_the_calendar_conform() -> None:
    """Milliseconds and microseconds are taken from the first to the last that have a text form."""
    for unit, ticks in {"ms": 1000, "us": 1_000_000}.items():
        values = [-62_135_596_800 * ticks, 253_402_300_800 * ticks - 1]
        times = pl.Series(values).cast(pl.Datetime(unit, "UTC"))  # type: ignore[arg-type]
        data, contract = keyed("timestamp", times)
        assert [at.year for at in conform(data, contract)["k"]] == [1, 9999]


def test_empty_frame_conforms() -> None:
    """Whether a version may be empty is for the gate to say."""
    assert conform(frame().clear(), CONTRACT).height == 0


def test_key_parts_as_text() -> None:
    """Dates are ISO, timestamps UTC with Z, integers decimals."""
    assert key_text(date(2026, 11, 24)) == "2026-11-24"
    assert (
        key_text(datetime(2026, 11, 24, 16, 0, 0, 500, tzinfo=UTC)) == "2026-11-24T16:00:00.000500Z"
    )
    assert key_text(-7) == "-7"


KINDS: dict[str, Callable[[int], Any]] = {
    "integer": lambda i: i,
    "date": date.fromordinal,
    "timestamp": lambda i: datetime.fromtimestamp(i, UTC),
}


@pytest.mark.parametrize("kind", KINDS)
def test_rows_are_sorted_by_typed_values(kind: str) -> None:
    """Integers sort as numbers and times as times, not as their text."""
    values = [KINDS[kind](i) for i in (100, 9, 20)]
    data, contract = keyed(kind, values)
    assert conform(data, contract)["k"].to_list() == sorted(values)
    assert name_keys(conform(data, contract), ["k"]).split(", ") == [
        key_text(value) for value in sorted(values)
    ]


def test_tables_that_are_compared_may_be_lazy() -> None:
    """Lazy frames are collected; what polars can make no frame of is an error that says so."""
    table = pl.DataFrame({"shop": ["01", "02"], "sales": [1.0, 2.0]})
    assert estimates.diff(table.lazy(), table.lazy(), key="shop") == estimates.diff(
        table, table, key="shop"
    )
    with pytest.raises(InvalidError) as refused:
        estimates.diff(table, 5, key="shop")
    assert refused.value.code == "no_table"
