"""Two files without a store, and a file beside a version: every form of the command, and what can
be wrong.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from estimates.stability.pages.report_text import render_json
from estimates.store.store import Store
from tests.jobs.cli.calls import call, call_process
from tests.jobs.cli.churn_files import CONTRACT, NEW, OLD, diff, refused, report, working_directory


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory with two files, and no store anywhere."""
    return working_directory(tmp_path, monkeypatch)


@pytest.fixture
def store(folder: Path) -> Store:
    """A store whose set `churn` has the old file as version 1, in production."""
    (folder / "churn.toml").write_text(CONTRACT)
    assert call("init").code == 0
    for words in (
        ("define", "churn.toml"),
        ("publish", "churn", "old.csv"),
        ("promote", "churn", "1", "--reason", "first"),
    ):
        assert call(*words).code == 0
    return Store("estimates-store")


def test_two_files_need_nothing_but_a_key(folder: Path) -> None:
    """The report has keys, columns and intervals, codes stay codes, and no file was written."""
    shown = report("old.csv", "new.csv", "--key", "customer_id")
    assert (shown["set"], shown["from"], shown["to"]) == ("", "old.csv", "new.csv")
    assert shown["keys"]["common"] == 3
    assert shown["keys"]["added_keys"] == [["05"]]
    assert shown["keys"]["removed_keys"] == [["03"]]
    assert {name: column["role"] for name, column in shown["columns"].items()} == {
        "score": "point",
        "score_lower_90": "lower",
        "score_upper_90": "upper",
    }
    assert shown["intervals"][0]["level"] == 0.9
    assert sorted(path.name for path in folder.iterdir()) == ["new.csv", "old.csv"]


def test_what_was_guessed_is_said_on_standard_error() -> None:
    """A page has the report on standard output and one line about the guesses on standard error;
    JSON has no line.
    """
    called = diff("old.csv", "new.csv", "--key", "customer_id")
    assert called.text.startswith("old.csv → new.csv\nscore changed on 66.7 % of 3 keys")
    assert (
        called.err
        == "guessed: key customer_id; estimates score (point, 90 % interval); carried along "
        "segment\n"
    )
    assert diff("old.csv", "new.csv", "--key", "customer_id", "--format", "json").err == ""


def test_a_store_that_is_named_and_not_there_does_not_matter(folder: Path) -> None:
    """ESTIMATES_STORE and --store are not looked at."""
    called = call_process(
        "diff",
        "old.csv",
        "new.csv",
        "--key",
        "customer_id",
        cwd=folder,
        ESTIMATES_STORE="/nowhere/at/all",
    )
    assert called.code == 0
    assert (
        diff("old.csv", "new.csv", "--key", "customer_id", "--store", "http://127.0.0.1:1").code
        == 0
    )


def test_the_same_file_twice_is_identical() -> None:
    """A file beside itself has nothing to report."""
    shown = report("old.csv", "old.csv", "--key", "customer_id")
    assert shown["identical"] is True
    assert shown["schema"] == {"added": [], "removed": [], "changed": []}


def test_no_common_key_is_a_mistake(folder: Path) -> None:
    """Files without a common key are refused with the keys; one without rows is compared."""
    (folder / "other.csv").write_text(OLD.replace("\n0", "\n1"))
    error = refused("old.csv", "other.csv", "--key", "customer_id")
    assert error["code"] == "no_common_key"
    assert "old.csv has 01, 02, other.csv has 11, 12; is the key right? It is" in error["message"]
    (folder / "header.csv").write_text(OLD.splitlines()[0] + "\n")
    assert report("old.csv", "header.csv", "--key", "customer_id")["keys"]["removed"] == 4


def test_tolerance_and_groups() -> None:
    """--rtol, --atol and --group change what is material and what is broken down."""
    shown = report(
        "old.csv",
        "new.csv",
        "--key",
        "customer_id",
        "--rtol",
        "0.5",
        "--atol",
        "0.1",
        "--group",
        "segment",
    )
    assert (shown["rtol"], shown["atol"]) == (0.5, 0.1)
    assert shown["columns"]["score"]["scalar"]["material_share"] == 0
    assert [group["value"] for group in shown["columns"]["score"]["groups"]["segment"]] == [
        "a",
        "b",
    ]


def test_a_contract_replaces_the_guess(folder: Path) -> None:
    """--contract says roles, tolerance and key, and the report bears its name."""
    (folder / "churn.toml").write_text(
        CONTRACT.replace("[columns.score]", '[columns.score]\nunit = "1"')
    )
    shown = report("old.csv", "new.csv", "--contract", "churn.toml")
    assert shown["set"] == "churn"
    assert shown["columns"]["score"]["unit"] == "1"
    assert diff("old.csv", "new.csv", "--contract", "churn.toml").err == ""
    assert (
        refused("old.csv", "new.csv", "--contract", "churn.toml", "--key", "customer_id")["code"]
        == "usage"
    )
    (folder / "short.csv").write_text("customer_id,score\n01,1\n")
    error = refused("old.csv", "short.csv", "--contract", "churn.toml")
    assert error["code"] == "columns"
    assert "of short.csv" in error["message"]


@pytest.mark.parametrize(
    ("words", "code", "parts"),
    [
        (
            ("old.csv", "new.csv"),
            "key_needed",
            ["`estimates diff old.csv new.csv --key customer_id`"],
        ),
        (
            ("old.csv", "gone.csv", "--key", "customer_id"),
            "no_file",
            ["no file gone.csv", "SET FROM TO"],
        ),
        (("churn", "2"), "no_file", ["no file churn", "SET FROM TO"]),
        (("old.csv",), "usage", ["OLD NEW --key", "SET FROM TO"]),
        (("old.csv", "new.csv", "01", "--changes"), "no_store", ["--key COLUMNS"]),
        (
            ("old.csv", "new.csv", "--key", "id"),
            "bad_key_column",
            ["old.csv", "'id'", "customer_id, segment"],
        ),
        (("old.csv", "new.csv", "--key", "customer_id", "--group", "x"), "columns", ["'x'"]),
        (("old.csv", "new.csv", "--key", "customer_id", "--rtol", "-1"), "bad_tolerance", ["-1"]),
        (("old.csv", "new.csv", "--key", "customer_id", "01"), "usage", ["--changes"]),
        (("old.csv", "new.csv", "--key", "customer_id", "--by", "score.r"), "usage", ["--changes"]),
        (
            ("old.csv", "new.csv", "--key", "customer_id", "--changes", "--by", "x"),
            "unknown_metric",
            ["score.r"],
        ),
        (
            ("old.csv", "new.csv", "--key", "customer_id", "--changes", "--limit", "0"),
            "bad_limit",
            ["0"],
        ),
        (
            ("old.csv", "new.csv", "--key", "customer_id", "--changes", "--cursor", "x"),
            "usage",
            ["--output"],
        ),
        (
            ("old.csv", "new.csv", "--key", "customer_id", "--changes", "--output", "x.xlsx"),
            "usage",
            [".parquet"],
        ),
        (
            ("old.csv", "new.csv", "--key", "customer_id", "--changes", "--output", "no/x.csv"),
            "not_written",
            ["no/x"],
        ),
        (("churn", "1", "2", "--rtol", "0.1"), "usage", ["--key"]),
        (
            ("churn", "1", "new.csv", "--key", "customer_id"),
            "usage",
            ["for two files", "contract says the key"],
        ),
        (
            ("churn", "1", "new.csv", "--key", "customer_id", "--changes"),
            "usage",
            ["for two files"],
        ),
        (("churn", "1", "./new.csv", "--why"), "usage", ["two versions", "./new.csv names a file"]),
        (
            ("old.csv", "new.csv", "--key", "customer_id", "--group", "score"),
            "columns",
            ["'score' is an estimate"],
        ),
        (("churn", "1", "2"), "no_store", []),
    ],
)
def test_what_is_asked_for_wrongly(words: tuple[str, ...], code: str, parts: list[str]) -> None:
    """Each mistake has its code, and a message that says what to do."""
    error = refused(*words)
    assert error["code"] == code, error
    for part in parts:
        assert part in error["message"]


@pytest.mark.parametrize(
    ("content", "code", "parts"),
    [
        (OLD + "01,a,1,1,1\n02,a,1,1,1\n", "duplicate_key", ["other.csv: 2 keys", "01, 02"]),
        (OLD + ",a,1,1,1\n", "null_key", ["other.csv: 1 row has", "customer_id", "row 5"]),
        ("", "bad_file", ["other.csv: is empty"]),
        (OLD + "05,a\n", "bad_file", ["other.csv: line 6 has 2 cells"]),
        ("customer_id,x\n01,2\n", "nothing_to_estimate", ["besides the key"]),
    ],
)
def test_what_is_wrong_with_a_file(folder: Path, content: str, code: str, parts: list[str]) -> None:
    """The error names the file, and the keys or the line that are to blame, whichever side it is
    on.
    """
    (folder / "other.csv").write_text(content)
    for words in (("old.csv", "other.csv"), ("other.csv", "old.csv")):
        error = refused(*words, "--key", "customer_id")
        assert error["code"] == code, error
        for part in parts:
            assert part in error["message"]


def test_compressed_files_are_read(folder: Path) -> None:
    """A gzip file is the table inside it."""
    (folder / "new.csv.gz").write_bytes(gzip.compress(NEW.encode()))
    assert report("new.csv", "new.csv.gz", "--key", "customer_id")["identical"]


def test_two_empty_tables_have_nothing_to_compare(folder: Path) -> None:
    """Two headers without rows are an error."""
    (folder / "a.csv").write_text("id,value\n")
    assert refused("a.csv", "a.csv", "--key", "id")["code"] == "no_rows"


def test_types_that_do_not_compare(folder: Path) -> None:
    """Text in one file and a number in the other is an error that names column, types and files."""
    pl.DataFrame({"customer_id": ["01"], "score": ["high"], "n": [1]}).write_parquet(
        folder / "a.parquet"
    )
    (folder / "a.csv").write_text("customer_id,score\n01,high\n")
    pl.DataFrame({"customer_id": ["01"], "score": [0.5], "n": [1]}).write_parquet(
        folder / "b.parquet"
    )
    error = refused("a.parquet", "b.parquet", "--key", "customer_id")
    assert error["message"].startswith(
        "column 'score' is string in a.parquet and float64 in b.parquet"
    )
    error = refused("a.csv", "b.parquet", "--key", "customer_id")
    assert error["message"].startswith("column 'score' is string in a.csv and float64 in b.parquet")


def test_keys_that_could_be_meant(folder: Path) -> None:
    """Without a key the error proposes columns that are unique in both files, a pair where no
    single one is.
    """
    rows = [
        (shop, day, 1.5 * i)
        for i, (shop, day) in enumerate((s, d) for s in "ab" for d in ("x", "y"))
    ]
    frame = pl.DataFrame(rows, schema=["shop", "day", "sales"], orient="row")
    frame.write_csv(folder / "a.csv")
    assert "--key shop,day`" in refused("a.csv", "a.csv")["message"]
    (folder / "a.csv").write_text("shop,sales\na,1.5\na,2.5\n")
    assert "no column or two are unique" in refused("a.csv", "a.csv")["message"]
    (folder / "a.csv").write_text("shop,day,sales\na,x,1.5\na,y,2.5\n")
    assert (
        "the key would be unique with --key shop,day"
        in refused("a.csv", "a.csv", "--key", "shop")["message"]
    )


def test_columns_may_be_named_in_one_word_or_one_by_one(folder: Path) -> None:
    """A key of two columns, and groups, with commas or with the option once for each; in the order
    given.
    """
    (folder / "a.csv").write_text("shop,day,size,sales\na,x,s,1.5\na,y,m,2.5\n")
    shown = diff("a.csv", "a.csv", "--key", "shop,day", "--group", "size,shop")
    assert shown.err.startswith("guessed: key shop, day;")
    assert (
        diff(
            "a.csv", "a.csv", "--key", "shop", "--key", " day", "--group", "size", "--group", "shop"
        )
        == shown
    )
    assert diff("a.csv", "a.csv", "--key", "day", "--key", "shop").err.startswith(
        "guessed: key day, shop;"
    )


def test_integers_that_pandas_made_floats_are_keys(folder: Path) -> None:
    """A key of whole floats in one file is the integer of the other."""
    pl.DataFrame({"id": [1.0, 2.0], "value": [1.5, 2.5]}).write_parquet(folder / "a.parquet")
    pl.DataFrame({"id": [1, 3], "value": [1.5, 2.5]}).write_parquet(folder / "b.parquet")
    assert report("a.parquet", "b.parquet", "--key", "id")["keys"]["added_keys"] == [["3"]]
    pl.DataFrame({"id": [1.5, 2.0], "value": [1.5, 2.5]}).write_parquet(folder / "b.parquet")
    assert refused("a.parquet", "b.parquet", "--key", "id")["code"] == "column_type"


def test_changes_of_files_key_by_key(folder: Path) -> None:
    """--changes lists what moved most first, by any metric, from a size on, under a leading part of
    the key.
    """
    words = ("old.csv", "new.csv", "--key", "customer_id", "--changes")
    shown = report(*words)
    assert [(c["key"], c["change"]) for c in shown["changes"]] == [
        (["02"], "changed"),
        (["01"], "changed"),
        (["03"], "removed"),
        (["05"], "added"),
    ]
    assert {n: shown[n] for n in ("set", "from", "to", "by", "total", "limit", "next")} == {
        "set": "",
        "from": "old.csv",
        "to": "new.csv",
        "by": "score.d",
        "total": 4,
        "limit": 1000,
        "next": None,
    }
    assert report(*words, "--by", "score.r", "--min-change", "0.1")["total"] == 3
    assert [c["key"] for c in report(*words, "01")["changes"]] == [["01"]]
    called = diff(*words, "--limit", "1", "--format", "csv")
    assert called.text.startswith("customer_id,change,")
    assert len(called.text.splitlines()) == 2
    assert "4 changes in all; show more with --limit" in called.err
    assert "old.csv → new.csv, 4 of 4 changes, by score.d" in diff(*words).text
    assert sorted(path.name for path in folder.iterdir()) == ["new.csv", "old.csv"]


@pytest.mark.parametrize("ending", ["csv", "parquet", "arrow"])
def test_all_changes_go_into_a_file(folder: Path, store: Store, ending: str) -> None:
    """--output writes every change of files and of versions, as CSV, Parquet or Arrow."""
    call("publish", "churn", "new.csv")
    expected = store["churn"].changes(1, 2)
    for words in (
        ("churn", "1", "2"),
        ("old.csv", "new.csv", "--key", "customer_id"),
        ("churn", "1", "new.csv"),
    ):
        called = diff(*words, "--changes", "--output", f"out.{ending}")
        assert (called.out, "4 changes written to" in called.err) == (b"", True)
        read: dict[str, Callable[..., pl.DataFrame]] = {
            "parquet": pl.read_parquet,
            "arrow": pl.read_ipc,
        }
        if ending == "csv":
            written = pl.read_csv(folder / "out.csv", schema=expected.schema)
        else:
            written = read[ending]((folder / f"out.{ending}").read_bytes())
        assert written.equals(expected)


def test_a_version_beside_a_file(store: Store, folder: Path) -> None:
    """SET REF FILE compares under the set's contract, either way round, and gives the numbers of
    two versions.
    """
    assert call("publish", "churn", "new.csv").code in (0, 1)
    expected = json.loads(render_json(store["churn"].diff(1, 2)))
    for words in (
        ("1", "new.csv"),
        ("production", "./new.csv"),
        ("old.csv", "2"),
        ("old.csv", "new.csv"),
    ):
        shown = report("churn", *words)
        assert shown | {"from": 1, "to": 2} == expected
    called = call_process("diff", "churn", "1", "-", "--format", "json", cwd=folder, stdin=NEW)
    assert (called.json["from"], called.json["to"]) == (1, "standard input")
    assert "churn  version 1 → new.csv" in diff("churn", "production", "new.csv").text


def test_a_word_without_a_dot_is_a_version(store: Store, folder: Path) -> None:
    """A file named like an alias needs ./, and the error for the alias says so; a set may be named
    like a file.
    """
    (folder / "scores").write_text(NEW)
    error = refused("churn", "1", "scores")
    assert error["code"] == "unknown_alias"
    assert "write ./scores" in error["message"]
    assert report("churn", "1", "./scores")["to"] == "./scores"
    (folder / "churn").write_text("not a table")
    assert report("churn", "1", "1")["identical"] is True
    assert store.view().sets.keys() == {"churn"}


@pytest.mark.usefixtures("store")
def test_what_is_wrong_beside_a_version(folder: Path) -> None:
    """A file that does not keep the contract is an error that names it, and so is one that is not
    there.
    """
    (folder / "bad.csv").write_text(NEW.replace("0.51", "high"))
    error = refused("churn", "1", "bad.csv")
    assert (error["code"], "bad.csv: column 'score': row 4 has 'high'" in error["message"]) == (
        "bad_value",
        True,
    )
    (folder / "bad.csv").write_text("customer_id,score\n01,1\n")
    assert "of bad.csv" in refused("churn", "1", "bad.csv")["message"]
    assert refused("churn", "1", "gone.csv")["code"] == "no_file"
    assert refused("nothing", "1", "new.csv")["code"] == "unknown_set"
    assert (
        refused("churn", "1", "new.csv", "--store", "http://127.0.0.1:1")["code"] == "service_url"
    )
    (folder / "twice.csv").write_text(NEW + "01,a,1,1,1\n")
    assert (
        "twice.csv: 1 key appears more than once: 01"
        in refused("churn", "1", "twice.csv")["message"]
    )


def test_times_are_instants(folder: Path) -> None:
    """A time key is the same instant however its offset is written."""
    (folder / "a.csv").write_text("at,value\n2026-11-20T12:00:00Z,1.5\n")
    (folder / "b.csv").write_text("at,value\n2026-11-20T13:00:00+01:00,2.5\n")
    assert report("a.csv", "b.csv", "--key", "at")["keys"]["common"] == 1
    pl.DataFrame({"at": [datetime(2026, 11, 20, 12, tzinfo=UTC)], "value": [2.5]}).write_parquet(
        folder / "b.parquet"
    )
    assert report("a.csv", "b.parquet", "--key", "at")["keys"]["common"] == 1
