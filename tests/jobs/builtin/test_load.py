from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from estimates.contract.conform import conform
from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError
from estimates_jobs.builtin.load import load
from estimates_jobs.run.context import Context

THROUGH = datetime(2026, 11, 20, 23, tzinfo=UTC)


def contract(inputs: str) -> Contract:
    """A contract of shops and values whose load job has these inputs."""
    return parse_contract(f"""
name = "demand"
[key.shop]
type = "string"
[columns.value]
[columns.week]
role = "attribute"
type = "date"
nullable = true
[job]
function = "load"
{inputs}
""")


def loaded(inputs: str) -> tuple[pl.DataFrame, Context]:
    """What the job makes of these inputs, as it would be stored, and its context."""
    context = Context(contract(inputs), THROUGH)
    return conform(load(context), context.contract), context


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory, because sources are relative to it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_csv_gets_the_types_of_the_contract(folder: Path) -> None:
    """Codes stay text, columns come in any order, numbers and dates are parsed; the input's digest
    is recorded.
    """
    (folder / "t.csv").write_text("week,value,shop\n2026-11-16,1,01\n,2.5,1\n")
    frame, context = loaded('inputs.table = {source = "t.csv", static = true}')
    assert frame.rows() == [("01", 1.0, date(2026, 11, 16)), ("1", 2.5, None)]
    (digest,) = context.digests
    assert (digest.name, digest.source, digest.rows, len(digest.digest)) == (
        "table",
        "t.csv",
        2,
        64,
    )


def test_codes_that_differ_in_zeros_have_different_digests(folder: Path) -> None:
    """The digest is of the text, not of what it might be as a number."""
    digests = set()
    for code in ("01", "1", "001"):
        (folder / "t.csv").write_text(f"shop,value,week\n{code},1,\n")
        digests.add(loaded('inputs.table = {source = "t.csv", static = true}')[1].digests[0].digest)
    assert len(digests) == 3


@pytest.mark.parametrize(
    "save", [pl.DataFrame.write_parquet, pl.DataFrame.write_ipc, pl.DataFrame.write_ipc_stream]
)
def test_binary_tables_keep_their_types(folder: Path, save: object) -> None:
    """Parquet and Arrow files are loaded as they are."""
    frame = pl.DataFrame(
        {"value": [2.5, 1.0], "shop": ["1", "01"], "week": [None, date(2026, 11, 16)]}
    )
    save(frame, folder / "t.parquet")  # type: ignore[operator]
    assert loaded('inputs.table = {source = "t.parquet", static = true}')[0].rows() == [
        ("01", 1.0, date(2026, 11, 16)),
        ("1", 2.5, None),
    ]


def test_a_glob_loads_all_its_files(folder: Path) -> None:
    """Several files of one table are loaded together, whatever the order of their columns."""
    (folder / "a.csv").write_text("shop,value,week\n01,1,2026-11-16\n")
    (folder / "b.csv").write_text("value;week;shop\n2;2026-11-16;02\n")
    frame, _ = loaded('inputs.table = {source = "*.csv", static = true}')
    assert frame["shop"].to_list() == ["01", "02"]


def test_a_query_says_its_types_itself(folder: Path) -> None:
    """A DuckDB query is loaded; its decimals become floats."""
    query = (
        "SELECT '0' || i AS shop, i + 0.5 AS value, DATE '2026-11-16' AS week FROM range(3) t(i)"
    )
    frame, _ = loaded(f'inputs.table = {{query = "{query}", static = true}}')
    assert frame.rows() == [(f"0{i}", i + 0.5, date(2026, 11, 16)) for i in range(3)]


@pytest.mark.parametrize(
    ("early", "late"),
    [("2026-11-20", "2026-11-21"), ("2026-11-20T23:00:00Z", "2026-11-20T23:00:01Z")],
)
def test_a_time_column_selects_what_was_known(folder: Path, early: str, late: str) -> None:
    """Rows after `data_through` are left out; a time column that the contract does not have is
    dropped.
    """
    (folder / "t.csv").write_text(f"shop,value,week,known\n01,1,,{early}\n02,2,,{late}\n")
    frame, _ = loaded('inputs.table = {source = "t.csv", time = "known"}')
    assert frame.columns == ["shop", "value", "week"]
    assert frame["shop"].to_list() == ["01"]


def test_a_time_column_of_the_contract_stays(folder: Path) -> None:
    """A column may both select rows and be carried."""
    (folder / "t.csv").write_text("shop,value,week\n01,1,2026-11-16\n02,2,2026-11-23\n")
    frame, _ = loaded('inputs.table = {source = "t.csv", time = "week"}')
    assert frame.rows() == [("01", 1.0, date(2026, 11, 16))]


def test_times_that_cannot_be_read_are_refused(folder: Path) -> None:
    """A date in another notation is an error, not a row that was never known."""
    (folder / "t.csv").write_text("shop,value,week,known\n01,1,,2026-11-19\n02,2,,20.11.2026\n")
    with pytest.raises(InvalidError, match=r"column 'known': .*'20\.11\.2026'") as caught:
        loaded('inputs.table = {source = "t.csv", time = "known"}')
    assert caught.value.code == "bad_value"


def test_the_long_form_is_pivoted(folder: Path) -> None:
    """The hubverse long form is loaded, a time column that selects rows does not split its
    tasks.
    """
    (folder / "t.csv").write_text(
        "shop,known,output_type,output_type_id,value\n"
        "01,2026-11-19,mean,,1\n01,2026-11-20,quantile,0.9,2\n"
        "01,2026-11-21,quantile,0.9,3\n"
    )
    long = parse_contract("""
name = "demand"
key.shop.type = "string"
columns.value = {}
columns.q90 = {role = "quantile", quantile = 0.9}
job = {function = "load", inputs.table = {source = "t.csv", time = "known"}}
""")
    assert conform(load(Context(long, THROUGH)), long).rows() == [("01", 1.0, 2.0)]


@pytest.mark.parametrize(
    ("inputs", "code", "words"),
    [
        ("", "one_input", "needs exactly one input"),
        (
            'inputs = {a = {source = "a", static = true}, b = {source = "b", static = true}}',
            "one_input",
            "has a, b",
        ),
        (
            'inputs.a = {source = "none.csv", static = true}',
            "no_file",
            "no file matches 'none.csv'",
        ),
        (
            'inputs.a = {source = "bad.csv", static = true}',
            "bad_file",
            "bad.csv: line 2 has 1 cell",
        ),
        ('inputs.a = {source = "comma.csv", static = true}', "bad_value", "row 1 has '1,5'"),
        ('inputs.a = {query = "SELECT 1 AS", static = true}', "bad_input", "cannot be read"),
    ],
)
def test_inputs_that_cannot_be_loaded(folder: Path, inputs: str, code: str, words: str) -> None:
    """Each kind of unusable input is an error with a code that says what to change."""
    (folder / "bad.csv").write_text("shop,value,week\n01\n")
    (folder / "comma.csv").write_text("shop;value;week\n01;1,5;\n")
    with pytest.raises(InvalidError) as caught:
        loaded(inputs)
    assert caught.value.code == code
    assert words in caught.value.message
