"""Tables that people have and that nobody thought of: the right numbers, or the reason and what to
do.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from estimates import diff as estimates_diff
from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError
from estimates_jobs.cli.diff_request import DiffRequest
from estimates_jobs.cli.diff_tables import guess_line, two_files
from estimates_jobs.tables.contract_draft import draft
from estimates_jobs.tables.table_files import read_table
from estimates_jobs.tables.text_options import TextOptions
from tests.jobs.tables.comparisons import compared


def guess_of(path: Path, key: str, options: TextOptions) -> str:
    """What a diff of a table with itself takes its columns for."""
    others = dict.fromkeys(DiffRequest.__struct_fields__)
    request = DiffRequest(**others | {"words": (str(path), str(path)), "key": key.split(",")})
    return guess_line(two_files(request, options)).removeprefix("guessed: ")


def table(folder: Path, name: str, content: str | bytes) -> Path:
    """A file with this content."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


BIGQUERY = (
    '{"id":"a","forecast_value":"1.5","n":"12","standard_error":0.5,"confidence_level":0.9,'
    '"prediction_interval_lower_bound":1,"prediction_interval_upper_bound":2}\n'
)


@pytest.mark.parametrize(
    ("name", "content", "key", "guess", "notes"),
    [
        # BigQuery writes NUMERIC and INT64 as text in JSON
        (
            "bq.json",
            BIGQUERY,
            "id",
            "estimates forecast_value (point, 90 % interval); carried along n, standard_error, "
            "confidence_level",
            ["column 'forecast_value' is text and is read as numbers, such as 1.5"],
        ),
        (
            "mixed.json",
            '[{"id":1,"f":1.5},{"id":2,"f":"NA"},{"id":3,"f":"2.5"}]',
            "id",
            "estimates f (point)",
            ["'NA' is read as no value", "column 'f' is text and is read as numbers"],
        ),
        # what is meant as text stays text
        (
            "zip.json",
            '[{"id":1,"zip":"10115","forecast":1.5}]',
            "id",
            "estimates forecast (point); carried along zip",
            [],
        ),
        (
            "days.csv",
            "ds,pred\n31.01.2026,1.5\n01.02.2026,2.5\n",
            "ds",
            "estimates pred (point)",
            ["column 'ds': '31.01.2026' is read as 2026-01-31"],
        ),
        (
            "orders.csv",
            "ds,pred\n01/02/2026,1.5\n02/03/2026,2.5\n",
            "ds",
            "estimates pred (point)",
            ["column 'ds' is taken for text: '01/02/2026' may be 2026-02-01 or 2026-01-02"],
        ),
        ("sap.csv", "id;pred\n1;1.234,5-\n2;7,0\n", "id", "estimates pred (point)", ["is -1234.5"]),
        (
            "units.csv",
            "id,pred\n1,5 kg\n2,6 kg\n",
            "id",
            "estimates pred (label)",
            ["'5 kg' in row 1 is none; write the number alone"],
        ),
        ("blanks.csv", " id , pred \n 1 , 1.5 \n", "id", "estimates pred (point)", []),
    ],
)
def test_the_right_estimate_and_what_was_read(
    tmp_path: Path, name: str, content: str, key: str, guess: str, notes: list[str]
) -> None:
    """An estimate is none that is carried along without a word."""
    options = TextOptions()
    assert guess in guess_of(table(tmp_path, name, content), key, options)
    said = "\n".join(options.notes).replace("is read as -1234.5", "is -1234.5")
    assert [words for words in notes if words not in said] == []
    assert bool(notes) == bool(options.notes)


@pytest.mark.parametrize(
    ("name", "content", "reason", "remedy"),
    [
        ("page.csv", "<!DOCTYPE html><html></html>\n", "a page for a browser", "fetch the table"),
        ("lfs.csv", "version https://git-lfs.github.com/spec/v1\n", "Git LFS", "git lfs pull"),
        ("nul.csv", "id,pred\n1,1.5\0\n", "line 2 has a NUL", "write it again"),
        ("wide.csv", "id,pred\n1,1.5\n".encode("utf-16-le"), "NUL", "--encoding utf-16-le"),
        ("title.csv", "My forecast,,\nid,pred,x\n1,1.5,a\n", "no name", "--comment 'My forecast'"),
        (
            "levels.csv",
            ",,yhat,yhat\n,,mean,std\nid,h,,\na,1,1.5,0.1\n",
            "column 1 has no name",
            "join their names into one line",
        ),
        ("twice.csv", "id,p,p\n1,1,1\n", "names column 'p' twice", "rename one of them"),
        ("foot.csv", "id,pred\n1,1.5\nSource: x\n", "line 3 has 1 cell,", "--comment Source:"),
        ("quote.csv", 'id,pred\n1,"a\n', "a quote that is not closed", "double a quote"),
        ("nan.json", '[{"id":1,"f":NaN}]', "line 1 has NaN", "write null"),
        ("by_column.json", '{"id":{"0":1},"f":{"0":1.5}}', "an object for each column", "orient="),
        ("split.json", '{"columns":["id"],"data":[[1]]}', "names and cells apart", "orient="),
        ("inside.json", '{"data":[{"id":1}]}', "rows lie under 'data'", "jq .data"),
        ("empty.json", "[]", "has no rows", "an object a line"),
        ("empty.csv", "", "is empty", "write a line that names its columns"),
        ("blank.csv", "\n\n", "no line names the columns", "into its first line"),
        ("book.xlsx", b"PK\x03\x04", "an Excel workbook", "save the sheet as CSV"),
        ("cut.parquet", b"PAR1abcd", "is damaged", "write or fetch it again"),
    ],
)
def test_what_is_no_table_is_refused_with_a_way_out(
    tmp_path: Path, name: str, content: str | bytes, reason: str, remedy: str
) -> None:
    """The file, what is wrong with it, and after that what to do."""
    with pytest.raises(InvalidError) as caught:
        read_table(table(tmp_path, name, content))
    what, _, way_out = caught.value.message.rpartition("; ")
    assert caught.value.code == "bad_file"
    assert name in what
    assert reason in what
    assert remedy in way_out


def test_two_columns_of_one_name_in_parquet(tmp_path: Path) -> None:
    """They are named, whatever library would have ended in an error of its own."""
    import pyarrow as pa
    from pyarrow import parquet

    column = pa.array([1.5])
    parquet.write_table(
        pa.Table.from_arrays([column] * 2, names=["p", "p"]), tmp_path / "t.parquet"
    )
    with pytest.raises(InvalidError, match="two columns are called 'p'; rename one"):
        read_table(tmp_path / "t.parquet")


def test_folders_of_days_and_numbers(tmp_path: Path) -> None:
    """`day=2026-01-01` is a date and `shop=12` an integer, as typed columns are; `07` is text."""
    for day, shop, code in (("2026-01-01", "12", "07"), ("2026-01-02", "9", "08")):
        folder = tmp_path / "sales" / f"day={day}" / f"shop={shop}" / f"code={code}"
        folder.mkdir(parents=True)
        pl.DataFrame({"sales": [1.5]}).write_parquet(folder / "part-0.parquet")
    text = draft(tmp_path / "sales", ["day", "shop", "code"]).contract
    kinds = [line.split('"')[1] for line in text.splitlines() if line.startswith("type = ")]
    assert kinds == ["date", "integer", "string"]


def test_columns_that_no_contract_holds_are_named_at_once(tmp_path: Path) -> None:
    """With the option that leaves them out, here and when the table is published."""
    path = table(tmp_path, "t.json", '{"id":"a","p":{"x":1},"tags":["u"],"value":1.5}\n')
    with pytest.raises(InvalidError, match=r"'p' \(structure\), 'tags' \(list\).*--ignore p,tags"):
        draft(path, ["id"])
    assert (
        "[columns.value]"
        in draft(path, ["id"], options=TextOptions(ignored=("p", "tags"))).contract
    )


def test_a_column_without_any_value(tmp_path: Path) -> None:
    """`NA` in all cells is no label: there is nothing in it."""
    options = TextOptions()
    path = table(tmp_path, "t.csv", "id,pred,score\n1,NA,0.5\n2,NA,0.6\n")
    assert guess_of(path, "id", options) == "key id; estimates score (score); carried along pred"
    assert options.notes == [f"{path}: column 'pred': 'NA' is read as no value"]


@pytest.mark.parametrize(("stored", "kept"), [([1.0, 2.0], [1, 2]), ([3.0, None], [3, None])])
def test_integers_of_pandas(stored: list[Any], kept: list[Any]) -> None:
    """A column of integers with one missing is stored as floats, and none of them changes."""
    from estimates.contract.conform import conform

    contract = parse_contract(
        'name = "s"\n[key.k]\ntype = "string"\n[columns.n]\ntype = "integer"\nnullable = true'
    )
    frame = pl.DataFrame({"k": ["a", "b"], "n": pl.Series(stored, dtype=pl.Float64)})
    assert conform(frame, contract)["n"].to_list() == kept


@pytest.mark.parametrize(
    ("column", "estimates", "guess"),
    [
        ("forecast", (), "estimates forecast (point), score (score)"),
        ("hits", ("hits",), "estimates hits (point), score (score)"),
        ("hits", (), "estimates score (score); carried along hits"),
        ("prediction_id", (), "estimates score (score); carried along prediction_id"),
    ],
)
def test_estimates_beyond_64_bits(
    tmp_path: Path, column: str, estimates: tuple[str, ...], guess: str
) -> None:
    """They are the nearest floats, which is said, and no labels; identifiers stay text."""
    big = pl.Series(column, [2**63 + 5, 7], dtype=pl.UInt64)
    frame = pl.DataFrame([pl.Series("id", ["a", "b"]), big, pl.Series("score", [0.1, 0.4])])
    path = tmp_path / "t.parquet"
    frame.write_parquet(path)
    options = TextOptions()
    words = {"words": (str(path), str(path)), "key": ["id"], "estimates": list(estimates)}
    request = DiffRequest(**dict.fromkeys(DiffRequest.__struct_fields__) | words)
    tables = two_files(request, options)
    is_number = "hits (point)" in guess or "forecast" in guess
    assert guess_line(tables) == f"guessed: key id; {guess}"
    assert tables.a[column].to_list() == ([2.0**63, 7.0] if is_number else [str(2**63 + 5), "7"])
    assert ("are read as the nearest floats" in str(options.notes)) is is_number
    drafted = parse_contract(draft(path, ["id"], estimates=estimates).contract)
    assert drafted.columns[column].role == ("point" if is_number else "attribute")
    python = estimates_diff(frame, frame, key="id", estimates=estimates)
    assert python.identical


@pytest.mark.parametrize(
    ("name", "cells", "values"),
    [
        ("forecast", ["9007199254740993", "5"], [9007199254740993, 5]),
        ("forecast", ["18446744073709551615", "5"], [2.0**64, 5.0]),
        ("order_id", ["9007199254740993", "5"], ["9007199254740993", "5"]),
        ("forecast", ["0012345678901234", "5"], ["0012345678901234", "5"]),
    ],
)
def test_many_digits_of_an_estimate_in_text(
    tmp_path: Path, name: str, cells: list[str], values: list[Any]
) -> None:
    """An estimate by its name is a number however many digits it has; others are identifiers, and
    leading zeros are codes whatever they are called.
    """
    rows = "".join(f"k{i},{cell},{0.5 + i}\n" for i, cell in enumerate(cells))
    path = table(tmp_path, "t.csv", f"key,{name},score\n{rows}")
    assert compared(path, path, "key").a[name].to_list() == values


def test_draws_are_recognised(tmp_path: Path) -> None:
    """In columns and in rows, by diff and by draft, which read them as samples."""
    columns = ",".join(f"sample_{i}" for i in range(12))
    path = table(tmp_path, "wide.csv", f"id,{columns}\na{',1.5' * 12}\n")
    options = TextOptions()
    assert "samples_q0.5" in str(guess_of(path, "id", options))
    assert options.notes == []
    path = table(tmp_path, "rows.csv", "id,.draw,value\na,1,1.5\na,2,2.5\n")
    options = TextOptions()
    guess_of(path, "id,.draw", options)
    assert options.notes == []
    made = draft(path, ["id"], options=options)
    assert 'role = "samples"' in made.contract
    assert options.notes == []
