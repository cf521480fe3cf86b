"""`estimates.diff` and `estimates.changes` of frames: the numbers of a store's versions under the
guessed contract.
"""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import estimates
from estimates.compare.table_diff import side_by_side
from estimates.compare.two_tables import TwoTables
from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError
from estimates.stability.family_reports import SchemaReport
from estimates.stability.pages.report_html import render_html
from estimates.stability.pages.report_markdown import render_markdown
from estimates.stability.pages.report_text import render_json, render_text
from estimates.stability.report import Carried
from estimates.store.store import Store
from estimates_jobs.tables.table_files import read_table
from tests.builders import code_of, make_store, provenance
from tests.examples import examples

OLD = pl.DataFrame({"shop": ["01", "02"], "day": [1, 1], "sales": [1.0, 2.0], "region": ["n", "s"]})
NEW = pl.DataFrame({"shop": ["01", "03"], "day": [1, 1], "sales": [1.5, 2.0], "region": ["n", "s"]})
NUMBER = st.none() | st.integers(-3, 3).map(float) | st.floats(-1e6, 1e6).map(lambda x: round(x, 6))
ROW = st.tuples(NUMBER, st.none() | st.sampled_from("ab"), st.none() | st.integers(-9, 9))
TABLE = st.dictionaries(
    st.tuples(st.sampled_from(("01", "1", "x y", "é,")), st.integers(0, 3)), ROW, max_size=6
)
OWN = ("set", "from", "to", "schema", "carried")  # what files and versions call differently
_NAMES = count()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """An empty store."""
    return make_store(tmp_path_factory.mktemp("store"))


def table(rows: dict[Any, Any]) -> pl.DataFrame:
    """Generated rows as a table."""
    schema = {
        "shop": pl.String,
        "day": pl.Int64,
        "value": pl.Float64,
        "label": pl.String,
        "visits": pl.Int64,
    }
    return pl.DataFrame([(*key, *row) for key, row in rows.items()], schema=schema, orient="row")


def _estimated(rows: dict[Any, Any]) -> bool:
    """Whether something in the rows can be an estimate."""
    return any(row[0] is not None for row in rows.values())


def published(store: Store, tables: TwoTables) -> Any:
    """The report of a store's two versions of the same tables, under the same contract."""
    guessed = tables.contract
    contract = Contract(f"set-{next(_NAMES)}", guessed.key, guessed.columns)
    store.define(contract, contract.name)
    for day, frame in enumerate((tables.a, tables.b)):
        store.publish(contract.name, frame, provenance(f"{contract.name}-{day}"))
    report = json.loads(render_json(store[contract.name].diff(1, 2)))
    return {name: part for name, part in report.items() if name not in OWN}


@examples(10)
@given(old=TABLE.filter(_estimated), new=TABLE)
def test_files_give_the_report_of_a_store(store: Store, tmp_path: Path, old: Any, new: Any) -> None:
    """A diff of CSV or Parquet files has the numbers of two versions with their rows under the
    guessed contract.
    """
    for name, rows in (("old", old), ("new", new)):
        table(rows).write_csv(tmp_path / f"{name}.csv")
        table(rows).write_parquet(tmp_path / f"{name}.parquet")
    for ending in ("csv", "parquet"):
        a, b = (read_table(tmp_path / f"{name}.{ending}") for name in ("old", "new"))
        tables = side_by_side(a, b, key=["shop", "day"])
        if old and new and not old.keys() & new.keys():
            assert code_of(tables.report) == "no_common_key"
            continue
        report = json.loads(render_json(tables.report()))
        expected = published(store, tables)
        headline = expected.pop("headline").removesuffix(".")
        assert old == new or report["headline"].startswith(headline)
        assert all(
            report[name] == expected[name]
            for name in (("identical", "keys") if old == new else expected)
        )


def test_frames_are_compared_by_key() -> None:
    """`estimates.diff` is the report, `estimates.changes` the rows that differ."""
    report = estimates.diff(
        OLD, NEW, key=["shop", "day"], groups=["region"], rtol=0.5, names=("monday", "friday")
    )
    assert isinstance(report, estimates.Report)
    assert (report.from_, report.to, report.set) == ("monday", "friday", "")
    assert report.keys.added_keys == [["03", "1"]]
    assert [group.value for group in report.columns["sales"].groups["region"]] == ["n"]
    changes = estimates.changes(
        OLD, NEW, key=["shop", "day"], by="sales.r", min_change=0.1, prefix=["01"]
    )
    assert changes.select("shop", "change", "sales.a", "sales.b").rows() == [
        ("01", "changed", 1.0, 1.5)
    ]


def test_one_key_column_may_be_a_string() -> None:
    """A key of one column needs no list."""
    assert estimates.diff(OLD, NEW, key="shop") == estimates.diff(OLD, NEW, key=["shop"])


@pytest.mark.parametrize(
    "made", [pl.DataFrame.to_arrow, lambda frame: pd.DataFrame(frame.to_dict(as_series=False))]
)
def test_other_frames_are_taken(made: Any) -> None:
    """What polars takes is compared: pyarrow tables, pandas frames."""
    assert (
        estimates.diff(made(OLD), made(NEW), key="shop").keys
        == estimates.diff(OLD, NEW, key="shop").keys
    )


def test_what_a_contract_does_not_name_is_carried_along() -> None:
    """Columns of both that it leaves out are told of and no estimates; those of one table are
    named.
    """
    contract = parse_contract('name = "s"\n[key.shop]\ntype = "string"\n[columns.sales]\n')
    old = OLD.with_columns(version=pl.Series(["1", "2"]), only=pl.lit(1), odd=pl.Series([[1], [2]]))
    new = NEW.with_columns(
        version=pl.Series(["1.0", "2"]), odd=pl.Series([[1], [2]]), region=pl.lit("x")
    )
    report = estimates.diff(old, new, contract=contract)
    assert report.carried == {
        "day": Carried(1, 0, 0.0),
        "region": Carried(1, 1, 1.0),
        "version": Carried(1, 0, 0.0),
    }
    assert (report.set, report.schema) == ("s", SchemaReport([], ["only"], []))
    for said in (
        "region, carried along, differs on 100 % of keys",
        "odd not compared",
        "1 column only in A (only)",
    ):
        assert said in report.headline
    for page in (render_text(report), render_markdown(report), render_html(report, None)):
        assert "Carried along: no estimates, and they differ" in page
    plain = estimates.diff(OLD, NEW, contract=contract)
    assert plain.columns["sales"] == report.columns["sales"]
    assert list(plain.columns) == ["sales"]
    rows = estimates.changes(OLD, NEW, contract=contract)
    assert "region.d" not in rows.columns
    assert "region.a" in rows.columns
    with pytest.raises(InvalidError, match="missing sales"):
        estimates.diff(OLD.drop("sales"), NEW, contract=contract)


def test_a_contract_takes_the_place_of_the_guess() -> None:
    """With a contract its key, types, roles and tolerance hold, and the report bears its name."""
    contract = parse_contract("""
        name = "sales"
        [key.shop]
        type = "string"
        [columns.day]
        type = "integer"
        [columns.sales]
        unit = "EUR"
        [columns.region]
        role = "label"
        """)
    report = estimates.diff(OLD, NEW, contract=contract)
    assert (report.set, report.columns["sales"].unit, report.schema) == ("sales", "EUR", None)
    assert report.columns["region"].label is not None
    with pytest.raises(InvalidError) as caught:
        estimates.diff(OLD, NEW.drop("sales"), contract=contract, names=("monday", "friday"))
    assert "columns of friday differ" in caught.value.message


@pytest.mark.parametrize(
    ("arguments", "code", "part"),
    [
        ({}, "key_needed", "key='shop'"),
        (
            {
                "key": "shop",
                "contract": parse_contract('name = "s"\n[key.a]\ntype = "string"\n[columns.b]'),
            },
            "key_or_contract",
            "give it alone",
        ),
        (
            {"key": "day"},
            "duplicate_key",
            "A: 1 key appears more than once: 1; the key would be unique with --key day,shop",
        ),
        ({"key": []}, "bad_key_column", "at least one"),
        ({"key": "sales"}, "column_type", "'sales' is float"),
        ({"key": "shop", "atol": float("nan")}, "bad_tolerance", "nan"),
    ],
)
def test_what_is_asked_for_wrongly(arguments: dict[str, Any], code: str, part: str) -> None:
    """Each mistake has its code and says what to do."""
    with pytest.raises(InvalidError) as caught:
        estimates.diff(OLD, NEW, **arguments)
    assert (caught.value.code, part in caught.value.message) == (code, True), caught.value.message


def test_lists_of_numbers_are_draws() -> None:
    """They are compared by their quantiles, the median first."""
    a = pl.DataFrame({"k": [1, 2], "draws": [[1.0, 2.0, 3.0], [4.0, 5.0, 9.0]]})
    b = pl.DataFrame({"k": [1, 2], "draws": [[3.0, 1.0, 2.5], [5.0, 4.0, 9.0]]})
    report = estimates.diff(a, b, key="k")
    assert report.columns["draws_q0.5"].n == 2
    assert report.headline.startswith("draws_q0.5 changed on 50.0 % of 2 keys")
