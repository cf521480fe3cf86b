"""`estimates diff` of two files: kinds of files, types and names, guessed and compared."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from threading import Thread

import polars as pl
import pytest

from tests.jobs.cli.calls import call, call_process
from tests.jobs.cli.churn_files import NEW, OLD, diff, refused, report, working_directory


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory with two files, and no store anywhere."""
    return working_directory(tmp_path, monkeypatch)


@pytest.mark.parametrize("first", ["csv", "parquet", "arrow", "stream"])
@pytest.mark.parametrize("second", ["csv", "parquet", "arrow", "stream"])
def test_the_kind_of_file_does_not_change_the_report(folder: Path, first: str, second: str) -> None:
    """CSV, Parquet, Arrow files and streams of the same tables give the same report, also mixed."""
    for name in ("old", "new"):
        frame = pl.read_csv(f"{name}.csv", schema_overrides={"customer_id": pl.String})
        frame.write_parquet(folder / f"{name}.parquet")
        frame.write_ipc(folder / f"{name}.arrow")
        frame.write_ipc_stream(folder / f"{name}.stream")
    expected = report("old.csv", "new.csv", "--key", "customer_id")
    shown = report(f"old.{first}", f"new.{second}", "--key", "customer_id")
    assert shown | {"from": "old.csv", "to": "new.csv"} == expected


@pytest.mark.parametrize(
    "content",
    [
        NEW.replace(",", ";"),
        NEW.replace(",", "\t"),
        "\ufeff" + NEW,
        NEW.replace("\n", "\r\n"),
        NEW.replace("05", '"05"'),
        "\n".join(",".join(reversed(line.split(","))) for line in NEW.splitlines()),
    ],
    ids=["semicolons", "tabs", "byte order mark", "CRLF", "quotes", "other order of columns"],
)
def test_how_a_csv_file_is_written_does_not_matter(folder: Path, content: str) -> None:
    """Separators, byte order mark, line ends, quotes and the order of columns give the same
    report.
    """
    expected = report("old.csv", "new.csv", "--key", "customer_id")
    (folder / "new.csv").write_text(content, encoding="utf-8", newline="")
    assert report("old.csv", "new.csv", "--key", "customer_id") == expected


def test_one_table_comes_from_standard_input(folder: Path) -> None:
    """`-` is read from a pipe, from either side, and errors call it standard input."""
    called = call_process(
        "diff", "old.csv", "-", "--key", "customer_id", "--format", "json", cwd=folder, stdin=NEW
    )
    assert called.json | {"to": "new.csv"} == report("old.csv", "new.csv", "--key", "customer_id")
    assert called.json["to"] == "standard input"
    called = call_process(
        "diff", "-", "new.csv", "--key", "customer_id", cwd=folder, stdin="a,b\n1\n"
    )
    assert called.code == 2
    assert "standard input: line 2 has 1 cell" in called.err
    assert "standard input" in refused("-", "-", "--key", "customer_id")["message"]


def test_a_pipe_with_a_name_is_read_once(folder: Path) -> None:
    """What the shell makes of <(…) can be compared."""
    os.mkfifo(folder / "pipe")
    writer = Thread(target=lambda: (folder / "pipe").write_text(NEW))
    writer.start()
    shown = report("old.csv", "./pipe", "--key", "customer_id")
    writer.join()
    assert shown | {"to": "new.csv"} == report("old.csv", "new.csv", "--key", "customer_id")


def test_types_are_guessed_from_both_files(folder: Path) -> None:
    """An integer in one file and a decimal in the other compare as numbers; "01" in one makes text
    of "1" in both.
    """
    (folder / "a.csv").write_text(
        "id,value,code,day,none\n1,1,01,2026-11-20,\n2,2,02,2026-11-21,\n"
    )
    (folder / "b.csv").write_text(
        "id,value,code,day,none\n1,1.5,1,2026-11-20,x\n2,2,2,2026-11-22,y\n"
    )
    shown = report("a.csv", "b.csv", "--key", "id")
    assert list(shown["columns"]) == ["value"]
    assert shown["columns"]["value"]["scalar"]["top"][0] | {"r": None} == {
        "key": ["1"],
        "a": 1.0,
        "b": 1.5,
        "d": 0.5,
        "r": None,
        "plain": 0.5,
    }
    assert "leading zeros: '01' and '1'" in refused("a.csv", "b.csv", "--key", "code")["message"]


def test_an_empty_column_takes_the_type_of_the_other_file(folder: Path) -> None:
    """A column without any value in one file is compared as what the other has: values were
    gained.
    """
    (folder / "a.csv").write_text("id,value\n1,\n2,\n")
    (folder / "b.csv").write_text("id,value\n1,1.5\n2,\n")
    value = report("a.csv", "b.csv", "--key", "id")["columns"]["value"]
    assert value["kinds"]["null"]["finite"] == 1
    assert value["reason"] == "no_comparable_keys"


def test_not_finite_values_are_kinds(folder: Path) -> None:
    """NaN, infinities and empty cells are counted as what they are."""
    (folder / "a.csv").write_text("id,value\n1,1.5\n2,NaN\n3,2.5\n4,\n")
    (folder / "b.csv").write_text("id,value\n1,inf\n2,NaN\n3,2.5\n4,1\n")
    kinds = report("a.csv", "b.csv", "--key", "id")["columns"]["value"]["kinds"]
    assert (kinds["finite"]["+inf"], kinds["nan"]["nan"], kinds["null"]["finite"]) == (1, 1, 1)


def test_types_that_need_no_contract_are_compared(folder: Path) -> None:
    """Times without a zone, decimals, categories and 32-bit floats compare; lists are left out, and
    that is said.
    """
    frame = pl.DataFrame(
        {
            "id": [1, 2],
            "value": pl.Series([1.5, 2.5], dtype=pl.Float32),
            "price": pl.Series(["1.10", "2.20"]).cast(pl.Decimal(10, 2)),
            "kind": pl.Series(["a", "b"], dtype=pl.Categorical),
            "seen": [datetime(2026, 11, 20), datetime(2026, 11, 21)],
            "vector": [[1.0], [2.0]],
        }
    )
    frame.write_parquet(folder / "a.parquet")
    frame.with_columns(pl.col("value") + 1).write_parquet(folder / "b.parquet")
    called = diff("a.parquet", "b.parquet", "--key", "id")
    assert "not compared vector (list)" in called.err
    assert (
        report("a.parquet", "b.parquet", "--key", "id")["columns"]["value"]["scalar"][
            "mean_revision"
        ]
        == 1
    )


def test_names_that_no_contract_could_have_are_compared(folder: Path) -> None:
    """The rules that URLs and SQL make for names do not hold for files: `version`, `limit`, other
    case, spaces.
    """
    (folder / "a.csv").write_text("Id,version,limit,Score,score, x\n1,2,3,0.5,1.5,a\n")
    shown = report("a.csv", "a.csv", "--key", "Id")
    assert shown["headline"].startswith("Nothing changed")


def test_columns_of_one_file_only_are_named(folder: Path) -> None:
    """What one file has alone is reported and no error; tables with other columns are not
    identical.
    """
    lines = [
        f"{line},{'extra' if number == 0 else number}" for number, line in enumerate(OLD.split())
    ]
    (folder / "more.csv").write_text("\n".join(lines))
    shown = report("old.csv", "more.csv", "--key", "customer_id")
    assert shown["schema"] == {"added": ["extra"], "removed": [], "changed": []}
    assert shown["identical"] is False
    only = "1 column only in more.csv (extra)"
    assert shown["headline"] == f"Nothing changed in the columns that both have, on 4 keys; {only}."
    assert "extra" in diff("old.csv", "more.csv", "--key", "customer_id").text


def test_a_cell_that_is_no_number_is_named(folder: Path) -> None:
    """File, column, row and value of the one cell that keeps a column from being numbers, and what
    to do.
    """
    rows = [f"{i},{i / 8}" for i in range(100)]
    (folder / "n1.csv").write_text("\n".join(["id,v", *rows]) + "\n")
    rows[16] = "16,n.a."
    (folder / "n2.csv").write_text("\n".join(["id,v", *rows]) + "\n")
    error = refused("n1.csv", "n2.csv", "--key", "id")
    assert error["code"] == "bad_value"
    assert "n2.csv: column 'v', row 17: 'n.a.' is no number" in error["message"]
    assert "--contract" in error["message"]


def test_what_is_carried_along_and_differs_is_in_the_headline(folder: Path) -> None:
    """Not only on standard error: a segment that changed is told where the score did not move."""
    (folder / "new.csv").write_text(OLD.replace("02,b", "02,a"))
    assert report("old.csv", "new.csv", "--key", "customer_id")["headline"] == (
        "score moved on none of 4 keys; segment, carried along, differs on 25.0 % of keys."
    )


def test_types_that_changed_are_named(folder: Path) -> None:
    """A stored type that differs and compares all the same stands in the report."""
    pl.DataFrame({"id": [1], "value": [1]}).write_parquet(folder / "a.parquet")
    pl.DataFrame({"id": [1], "value": [1.5]}).write_parquet(folder / "b.parquet")
    changed = report("a.parquet", "b.parquet", "--key", "id")["schema"]["changed"]
    assert changed == [{"column": "value", "what": "type", "a": "Int64", "b": "Float64"}]


def test_notes_stand_in_json_too(folder: Path) -> None:
    """What was read as something else is said in `notes`, of reports, changes and drafts; where
    there is nothing to say there is no such field.
    """
    for name, sales in (("old", "1.234,5"), ("new", "1.300,5")):
        (folder / f"{name}.csv").write_text(f"id;sales\n1;{sales}\n2;7,25\n", encoding="utf-8")
    files = ("old.csv", "new.csv", "--key", "id")
    notes = [
        "old.csv: column 'sales': '1.234,5' is read as 1234.5",
        "new.csv: column 'sales': '1.300,5' is read as 1300.5",
    ]
    assert report(*files)["notes"] == notes
    changes = diff(*files, "--changes", "--format", "json").json
    assert changes["notes"] == notes
    assert call("draft", "old.csv", "--key", "id", "--format", "json").json["notes"] == notes[:1]
    (folder / "plain.csv").write_text("id,sales\n1,1.5\n", encoding="utf-8")
    assert "notes" not in report("plain.csv", "plain.csv", "--key", "id")


def test_notes_of_text_go_to_standard_error(folder: Path) -> None:
    """Standard output is what was asked for, and nothing else."""
    (folder / "old.csv").write_text("id;sales\n1;1.234,5\n2;7,25\n", encoding="utf-8")
    called = diff("old.csv", "old.csv", "--key", "id")
    assert "is read as 1234.5" in called.err
    assert "is read as" not in called.text
