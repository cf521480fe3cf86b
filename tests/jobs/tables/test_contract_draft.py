from __future__ import annotations

import csv
import re
import runpy
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from estimates.contract.conform import conform
from estimates.contract.contract import Column, Contract, KeyColumn
from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError
from estimates_jobs.tables.contract_draft import Draft, draft
from estimates_jobs.tables.table_files import read_table, typed
from estimates_jobs.tables.text_options import TextOptions

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Draft]:
    """Draft a contract for CSV text or a frame."""

    def make(
        table: str | pl.DataFrame, key: str = "k", name: str | None = None, file: str = "table.csv"
    ) -> Draft:
        path = tmp_path / file
        path.write_text(table) if isinstance(table, str) else table.write_parquet(path)
        return draft(path, key.split(","), name)

    return make


def columns(drafted: Draft) -> dict[str, Column]:
    """The estimate columns of a drafted contract."""
    return parse_contract(drafted.contract).columns


def roles(drafted: Draft) -> dict[str, str]:
    """Column name to role."""
    return {name: column.role for name, column in columns(drafted).items()}


def refusal(call: Callable[[], Any]) -> InvalidError:
    """The error that a call raises."""
    with pytest.raises(InvalidError) as caught:
        call()
    return caught.value


def uncommented(text: str) -> Contract:
    """The contract with every suggestion taken."""
    return parse_contract(re.sub(r"^# (\[|[a-z_.]+ = )", r"\1", text, flags=re.MULTILINE))


def published(path: Path, drafted: Draft) -> pl.DataFrame:
    """The file as it would be stored under the draft."""
    contract = parse_contract(drafted.contract)
    return conform(typed(read_table(path), contract), contract)


def test_churn_example_drafts_a_whole_contract() -> None:
    """The tour's table: leading zeros stay, the score is the point of an interval, the segment is
    carried along.
    """
    drafted = draft(EXAMPLES / "churn.csv", ["customer_id"])
    contract = parse_contract(drafted.contract)
    assert (drafted.name, contract.name) == ("churn", "churn")
    assert contract.key["customer_id"].type == "string"
    assert roles(drafted) == {
        "segment": "attribute",
        "churn_score": "point",
        "churn_lower_90": "lower",
        "churn_upper_90": "upper",
    }
    assert contract.intervals()[0].level == 0.9
    for file in ("churn.csv", "churn-next-week.csv"):
        assert published(EXAMPLES / file, drafted)["customer_id"].str.starts_with("0").all()


def test_churn_suggestions_are_a_contract_too() -> None:
    """Every commented line can be taken as it is."""
    contract = uncommented(draft(EXAMPLES / "churn.csv", ["customer_id"]).contract)
    assert contract.freshness.cadence == "1w"
    assert contract.gate.promote == "automatic"
    assert contract.job is not None
    assert contract.job.function == "load"
    assert (contract.columns["churn_score"].min, contract.columns["churn_score"].max) == (0.0, 1.0)


def test_churn_files_are_what_their_script_makes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The example tables come from the seeded script beside them."""
    script = tmp_path / "make_churn.py"
    script.write_bytes((EXAMPLES / "make_churn.py").read_bytes())
    runpy.run_path(str(script), run_name="__main__")
    for name in ("churn.csv", "churn-next-week.csv"):
        assert (tmp_path / name).read_text() == (EXAMPLES / name).read_text()


def test_next_week_moves_little() -> None:
    """The second churn table stays inside the default limits of the gate: keys gone and new, size
    of the moves.
    """
    before, after = (read_table(EXAMPLES / name) for name in ("churn.csv", "churn-next-week.csv"))
    both = before.join(after, on="customer_id", suffix="_after")
    assert before.height == 500
    assert 0 < before.height - both.height <= 0.005 * before.height
    assert 0 < after.height - both.height <= 0.05 * before.height
    for name in ("churn_score", "churn_lower_90", "churn_upper_90"):
        a, b = (both[column].cast(pl.Float64) for column in (name, f"{name}_after"))
        change = (2 * (b - a).abs() / (a + b)).quantile(0.95)
        assert change is not None
        assert 0 < change <= 0.1


def test_only_seen_nulls_make_a_column_nullable(make: Callable[..., Draft]) -> None:
    """Null is allowed where the table has it, and how often it has it is said."""
    drafted = make("k,value,note,empty\na,1,x,\nb,,y,\n")
    assert {name: column.nullable for name, column in columns(drafted).items()} == {
        "value": True,
        "note": False,
        "empty": True,
    }
    assert "nullable = true  # 1 of 2 are empty" in drafted.contract


def test_estimates_are_floats(make: Callable[..., Draft]) -> None:
    """Whole numbers in the first table do not make an estimate an integer, unless a float would
    change them.
    """
    assert columns(make("k,value,visits\na,1,2\n"))["value"].kind == "float"
    assert columns(make("k,value,visits\na,1,2\n"))["visits"].kind == "integer"
    big = pl.DataFrame({"k": ["a"], "value": [2**53 + 1]})
    assert columns(make(big))["value"].kind == "integer"


def test_types_of_parquet_are_kept(make: Callable[..., Draft]) -> None:
    """What a typed file says is not guessed again: text of digits stays text."""
    frame = pl.DataFrame(
        {
            "k": ["1", "2"],
            "value": pl.Series([1.5, 2.5], dtype=pl.Float32),
            "code": ["7", "8"],
            "flag": [True, False],
            "day": [date(2026, 11, 24)] * 2,
            "moment": pl.Series(
                [datetime(2026, 11, 24, tzinfo=UTC)] * 2, dtype=pl.Datetime("us", "UTC")
            ),
            "size": pl.Series(["S", "M"], dtype=pl.Categorical()),
            "price": pl.Series(["1.50", "2"]).cast(pl.Decimal(10, 2)),
            "nothing": pl.Series([None, None], dtype=pl.Null),
        }
    )
    contract = parse_contract(make(frame).contract)
    assert contract.key["k"].type == "string"
    assert {name: column.kind for name, column in contract.columns.items()} == {
        "value": "float",
        "code": "string",
        "flag": "boolean",
        "day": "date",
        "moment": "timestamp",
        "size": "string",
        "price": "float",
        "nothing": "string",
    }


def test_a_key_that_is_not_unique_is_refused_with_what_would_help(
    make: Callable[..., Draft],
) -> None:
    """Duplicates are named, and the columns that would make the key unique."""
    error = refusal(lambda: make("k,week,shop,value\na,1,x,1\na,2,x,2\nb,1,x,3\n"))
    assert error.code == "duplicate_key"
    assert (
        "1 key appears more than once: a; with 'week' the key would be unique: --key k,week"
        in error.message
    )
    assert error.details["keys"] == [["a"]]
    both = refusal(lambda: make("k,week,shop,value\na,1,x,1\na,1,y,2\na,2,x,3\n"))
    assert "--key k,week,shop" in both.message
    none = refusal(lambda: make("k,week,value\na,1,1\na,1,1\n"))
    assert "aggregate the table first" in none.message


@pytest.mark.parametrize(
    ("table", "key", "code", "words"),
    [
        (
            "k,value\na,1\n",
            "id",
            "bad_key_column",
            "there is no column 'id'; the columns are k, value",
        ),
        ("k,value\na,1\n", "k,k", "bad_key_column", "at least one column, each once"),
        ("k,value\na,1\n,2\n", "k", "null_key", "1 row has a null key"),
        ("k,value\n.,1\n", "k", "bad_key", "cannot be part of a URL path"),
        ("k,value\n", "k", "no_rows", "no rows to draft a contract from"),
        (
            "k,day\na,2026-11-24\n",
            "k",
            "nothing_to_estimate",
            "none of the columns can be an estimate",
        ),
        ("k\na\n", "k", "nothing_to_estimate", "there are none besides the key"),
        (
            "k,value\na,nan\nb,1\n",
            "k",
            "not_finite",
            "column 'value' is NaN or infinite for 1 key: a",
        ),
        ("k,value,version\na,1,2\n", "k", "bad_contract", "'version': this name is reserved"),
        ("k,value,version\na,1,2\n", "k", "bad_contract", "rename columns in the file"),
        ("k,value,Value\na,1,2\n", "k", "bad_contract", "differ only in case"),
        ("k,value\na\n", "k", "bad_file", "line 2 has 1 cell"),
    ],
)
def test_tables_without_a_contract(
    make: Callable[..., Draft], table: str, key: str, code: str, words: str
) -> None:
    """A table that could not be published is refused when it is drafted, with what to change."""
    error = refusal(lambda: make(table, key))
    assert error.code == code
    assert words in error.message


@pytest.mark.parametrize(
    ("series", "words"),
    [
        (
            pl.Series("x", [[1], [2]]),
            "no contract can hold column 'x' (list); leave it out of the file with --ignore x",
        ),
        (pl.Series("k", [1.5, 2.5]), "a key is text, an integer, a date or a timestamp"),
    ],
)
def test_types_without_a_contract(
    make: Callable[..., Draft], series: pl.Series, words: str
) -> None:
    """Columns that no contract can hold are named."""
    frame = pl.DataFrame({"k": ["a", "b"], "value": [1.0, 2.0]}).with_columns(series)
    error = refusal(lambda: make(frame))
    assert error.code == "column_type"
    assert words in error.message


def test_times_without_a_zone_are_said(make: Callable[..., Draft]) -> None:
    """Times without a zone are taken for UTC, the draft says so, and midnights are dates."""
    frame = pl.DataFrame(
        {"k": [datetime(2026, 11, 24)], "seen": [datetime(2026, 11, 24, 12)], "value": [1.0]}
    )
    made = make(frame)
    assert 'timezone = "UTC"' in made.contract
    assert [(c.name, c.type) for c in made.profile] == [
        ("k", "date"),
        ("seen", "timestamp"),
        ("value", "float"),
    ]
    assert "timezone" not in make(frame.drop("seen")).contract


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("churn.csv", "churn"),
        ("My Table (2).CSV", "my-table-2"),
        ("__x.csv", "x"),
        ("ÄÖ.csv", "estimates"),
    ],
)
def test_names_come_from_the_file(make: Callable[..., Draft], file: str, name: str) -> None:
    """The file's name is made legal; a name given is taken or refused as it is."""
    assert make("k,value\na,1\n", file=file).name == name
    assert make("k,value\na,1\n", name="other", file=file).name == "other"
    error = refusal(lambda: make("k,value\na,1\n", name="No\nname", file=file))
    assert error.code == "bad_contract"


def test_profile(make: Callable[..., Draft]) -> None:
    """The profile says of each column what it holds and what it was taken for."""
    drafted = make("k,value,day\n01,2,2026-11-24\n02,,2026-11-24\n03,10,2026-11-25\n")
    key, value, day = drafted.profile
    assert (key.name, key.role, key.type, key.distinct, key.low, key.high) == (
        "k",
        "key",
        "string",
        3,
        "01",
        "03",
    )
    assert (value.role, value.type, value.rows, value.nulls) == ("point", "float", 3, 1)
    assert (value.low, value.high, value.examples) == ("2", "10", ("2", "10"))
    assert (day.role, day.type, day.distinct, day.high) == ("attribute", "date", 2, "2026-11-25")


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=6)
NAMES = st.one_of(
    TEXT,
    st.from_regex(
        r"(sales_|)(lower|upper|lo|hi|q|p|prob|score|value|mean|label)[_. -]?(0\.)?[0-9]{0,3}",
        fullmatch=True,
    ),
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "float": st.floats(allow_nan=False, allow_infinity=False),
    "share": st.floats(0, 1),
    "integer": st.integers(-(2**63), 2**63 - 1),
    "count": st.integers(0, 999),
    "text": TEXT,
    "code": st.from_regex(r"0?[0-9]{1,18}", fullmatch=True),
    "boolean": st.booleans(),
    "date": st.dates(),
    "timestamp": st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)).map(
        lambda moment: moment.replace(tzinfo=UTC)
    ),
}
KEYS = st.sampled_from(["integer", "text", "code", "date", "timestamp"])


@st.composite
def tables(draw: st.DrawFn) -> pl.DataFrame:
    """A table with a unique key `k`, an estimate `value` and further columns of odd names, some
    with nulls.
    """
    size = draw(st.integers(1, 5))
    data: dict[str, list[Any]] = {
        "k": draw(st.lists(VALUES[draw(KEYS)], min_size=size, max_size=size, unique=True)),
        "value": draw(st.lists(VALUES["float"], min_size=size, max_size=size)),
    }
    for name in draw(st.lists(NAMES, max_size=6, unique_by=str.lower)):
        kind = VALUES[draw(st.sampled_from(sorted(VALUES)))]
        data.setdefault(name, draw(st.lists(st.none() | kind, min_size=size, max_size=size)))
    assume(not {".", ".."} & set(map(str, data["k"])))
    assume(_legal(data))
    return pl.DataFrame(
        data, schema_overrides={n: pl.Datetime("us", "UTC") for n in data if _has_time(data[n])}
    )


def _legal(names: Iterable[str]) -> bool:
    """Whether a contract can have columns of these names."""
    try:
        Contract("a", {"k": KeyColumn("string")}, {name: Column() for name in names if name != "k"})
    except ValueError:
        return False
    return True


def _has_time(values: list[Any]) -> bool:
    return any(isinstance(value, datetime) for value in values)


def _cell(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


@given(tables())
def test_every_draft_parses_and_its_file_publishes(tmp_path: Path, table: pl.DataFrame) -> None:
    """Whatever the names and values, the draft is a contract, and the file conforms to it, as CSV
    and as Parquet.
    """
    text = tmp_path / "t.csv"
    with text.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([table.columns, *(map(_cell, row) for row in table.rows())])
    binary = tmp_path / "t.parquet"
    table.write_parquet(binary)
    for path in (text, binary):
        drafted = draft(path, ["k"])
        assert published(path, drafted).height == table.height
        assert [column.name for column in drafted.profile] == table.columns
        uncommented(drafted.contract)


def test_what_is_measured_is_a_float(tmp_path: Path) -> None:
    """Whole numbers of a first table do not make integers of components, spreads, ends of intervals
    and observations; counts stay integers.
    """
    path = tmp_path / "t.csv"
    path.write_text("ds,yhat,trend,trend_lower,trend_upper,weekly\n2026-01-01,10.5,10,9,11,2\n")
    columns = parse_contract(draft(path, ["ds"]).contract).columns
    assert {column.kind for column in columns.values()} == {"float"}
    path.write_text(
        "ds,forecast,standard_error,interval_upper_bound,y,visits\n"
        "2026-01-01,10.5,1,12,,3\n2026-01-02,10.5,1,12,7,4\n"
    )
    columns = parse_contract(draft(path, ["ds"]).contract).columns
    kinds = {name: column.kind for name, column in columns.items()}
    assert [name for name, kind in kinds.items() if kind == "integer"] == ["visits"]


def test_a_fraction_among_integers_names_the_type(tmp_path: Path) -> None:
    """A contract's integer that turns out to have fractions is a float: the line to write."""
    contract = parse_contract(
        'name = "s"\n[key.k]\ntype = "string"\n[columns.n]\ntype = "integer"\n'
    )
    frame = pl.DataFrame({"k": ["a"], "n": ["10.5"]})
    with pytest.raises(InvalidError, match=r'; write type = "float" under \[columns.n\]'):
        typed(frame, contract, TextOptions())
