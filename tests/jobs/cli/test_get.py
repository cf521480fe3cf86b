"""get, history and diff on the command line: JSON is the body that everyone else gets, text is for
people.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl
import pytest

from estimates.stability.pages.report_text import render_json, render_text
from estimates.store.store import Store
from tests import builders
from tests.builders import SET, TICKERS
from tests.jobs.cli.calls import Called, call, call_process, ok
from tests.jobs.cli.churn_files import CONTRACT, OLD

KEY = ("BRK/B", "2024-06-03")


@pytest.fixture
def store(local_store: Store) -> Store:
    """Three versions: one superseded, one in production, one refused."""
    builders.define(local_store)
    builders.promoted(local_store, "r1", 100.0)
    builders.promoted(local_store, "r2", 101.0, day=1)
    builders.publish(local_store, "r3", 900.0, day=2)
    local_store.judge(SET, 3)
    return local_store


def _json(store: Store, *arguments: object) -> bytes:
    called = call(*arguments, "--store", store.root, "--format", "json")
    assert called.code == 0, called.err
    return called.out


def _text(store: Store, *arguments: object) -> str:
    called = call(*arguments, "--store", store.root)
    assert called.code == 0, called.err
    return called.text


def test_json_of_get_is_the_body_of_the_answer(store: Store) -> None:
    """One estimate, by key, ref, time and fields: the bytes of the answer in process, nothing
    added.
    """
    closes = store[SET]
    moment = closes.versions()[0].published_at
    published = store.view().set(SET).moves["production"][0][0]
    assert _json(store, "get", SET, *KEY) == closes.get(*KEY).json
    assert _json(store, "get", SET, *KEY, "--ref", 3) == closes.get(*KEY, ref=3).json
    assert (
        _json(store, "get", SET, *KEY, "--ref", "latest", "--fields", "note")
        == closes.get(*KEY, fields=["note"]).json
    )
    as_of = _json(store, "get", SET, *KEY, "--as-of", published.isoformat())
    assert as_of == closes.get(*KEY, as_of=published).json
    assert json.loads(as_of)["version"] == 1
    assert moment < published


def test_json_of_a_partial_key_is_the_body_of_a_page(store: Store) -> None:
    """All dates of one ticker; a limit makes pages whose cursor leads to the next."""
    closes = store[SET]
    assert _json(store, "get", SET, "AAPL") == closes.scan("AAPL").json
    first = closes.scan(limit=4)
    assert _json(store, "get", SET, "--limit", 4) == first.json
    assert (
        _json(store, "get", SET, "--limit", 4, "--cursor", first.cursor)
        == closes.scan(limit=4, cursor=first.cursor).json
    )
    assert f"--cursor {first.cursor}" in _text(store, "get", SET, "--limit", 4)


def test_json_of_many_keys_is_the_body_of_a_batch(store: Store, tmp_path: Path) -> None:
    """Keys from JSON, from the body of an HTTP batch, from standard input and from a table give the
    same bytes.
    """
    keys = [list(KEY), ["ZZZ", "2024-06-03"], ["AAPL", "2024-06-04"]]
    expected = store[SET].get_many(keys).json
    listed, body, table = tmp_path / "list.json", tmp_path / "body.json", tmp_path / "keys.csv"
    listed.write_text(json.dumps(keys))
    body.write_text(json.dumps({"keys": keys}))
    pl.DataFrame(keys, schema=["ticker", "target_date"], orient="row").with_columns(
        more=pl.lit(1)
    ).write_csv(table)
    for path in (listed, body, table):
        assert _json(store, "get", SET, "--keys", path) == expected
    piped = call_process(
        "get", SET, "--keys", "-", "--store", store.root, "--format", "json", stdin=json.dumps(keys)
    )
    assert piped.out == expected


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("keys.json", "{", "bad_keys"),
        ("keys.json", '[["AAPL", null]]', "bad_keys"),
        ("keys.json", '{"wanted": []}', "bad_keys"),
        ("keys.json", '[["AAPL"]]', "key_parts"),
        ("keys.csv", "ticker\nAAPL\n", "columns"),
        ("keys.csv", "ticker,target_date\nAAPL,\n", "null_key"),
        ("keys.csv", "ticker,target_date\nAAPL,June\n", "bad_key_part"),
    ],
)
def test_unusable_keys_are_named(
    store: Store, tmp_path: Path, name: str, content: str, code: str
) -> None:
    """A file of keys that cannot be read as keys exits 2 and says what is wrong."""
    (tmp_path / name).write_text(content)
    called = call("get", SET, "--keys", tmp_path / name, "--store", store.root, "--format", "json")
    assert (called.code, called.error["code"]) == (2, code)


def test_json_of_history_is_the_body_of_the_answer(store: Store) -> None:
    """One key through the versions, with its bounds and fields."""
    closes = store[SET]
    since = closes.versions()[1].published_at.isoformat()
    assert _json(store, "history", SET, *KEY) == closes.history(*KEY).json
    assert (
        _json(store, "history", SET, *KEY, "--since", since)
        == closes.history(*KEY, since=since).json
    )
    assert (
        _json(store, "history", SET, *KEY, "--until", since)
        == closes.history(*KEY, until=since).json
    )
    promoted = _json(store, "history", SET, *KEY, "--only", "promoted", "--fields", "value")
    assert promoted == closes.history(*KEY, only="promoted", fields=["value"]).json


def test_json_of_diff_is_the_report(store: Store) -> None:
    """The report between two refs, as JSON and as the page."""
    report = store[SET].diff(1, 3)
    assert _json(store, "diff", SET, 1, 3) == render_json(report)
    assert _text(store, "diff", SET, 1, 3) == render_text(report)
    assert _json(store, "diff", SET, 1, "production") == render_json(store[SET].diff(1, 2))


def test_an_estimate_is_shown_with_version_units_and_every_column(store: Store) -> None:
    """A person sees which version answered, the key and all columns; null is said to be no
    estimate.
    """
    shown = _text(store, "get", SET, *KEY)
    assert "version 2 (production)" in shown
    for expected in ("BRK/B", "2024-06-03", "value [USD]", "101.0", "no estimate"):
        assert expected in shown


def test_a_batch_is_shown_with_the_status_of_each_key(store: Store, tmp_path: Path) -> None:
    """Keys without an estimate stay in the table and say why."""
    path = tmp_path / "keys.json"
    path.write_text(json.dumps([list(KEY), ["ZZZ", "2024-06-03"]]))
    shown = _text(store, "get", SET, "--keys", path)
    assert "1 of 2 keys have an estimate" in shown
    assert "outside_domain" in shown


def test_a_history_shows_the_change_from_version_to_version(store: Store) -> None:
    """Every version is a line with its state and how much the value moved."""
    lines = _text(store, "history", SET, *KEY).splitlines()
    assert [line.split()[0] for line in lines[2:5]] == ["1", "2", "3"]
    assert "superseded" in lines[2]
    assert "+1.00 %" in lines[3]
    assert "refused" in lines[4]


def test_a_history_says_what_became_of_the_number(store: Store) -> None:
    """Below the table: versus the version before and the first, without the refused one; why the
    rest is not known.
    """
    page = _text(store, "history", SET, *KEY)
    assert "value in 2 of 2 versions that had to have it" in page
    assert page.count("+1.00 %") == 3
    assert "too few values" in page
    body = _json(store, "history", SET, *KEY, "--chain")
    assert body == store[SET].history(*KEY, chain=True).json


def test_a_history_of_a_single_version_says_so_in_a_line(local_store: Store) -> None:
    """Nothing could have moved yet."""
    builders.define(local_store)
    builders.promoted(local_store, "only", 100.0)
    page = call("history", SET, *KEY, "--store", local_store.root).text
    assert "value in 1 of 1 version that had to have it: how it moves shows from two on" in page
    assert "too few values" not in page


def test_every_legal_key_can_be_asked_for(store: Store) -> None:
    """Keys with a slash or letters outside ASCII are words like any other."""
    calls: list[Called] = [
        call("get", SET, t, "2024-06-03", "--store", store.root, "--format", "json")
        for t in TICKERS
    ]
    assert [called.json["estimate"]["ticker"] for called in calls] == list(TICKERS)


def test_markup_in_a_key_is_printed_as_it_is(local_store: Store) -> None:
    """A key that looks like markup for the terminal is text."""
    builders.define(local_store)
    frame = builders.frame().with_columns(ticker=pl.col("ticker").replace("AAPL", "[red]x"))
    version = local_store.publish(SET, frame, builders.provenance("r1"))
    shown = call("get", SET, "[red]x", "--ref", version.version, "--store", local_store.root).text
    assert "[red]x" in shown


def test_a_key_that_no_version_has_is_said(store: Store) -> None:
    """Not an empty table: a history, a triangle and changes say so in their last line, and exit
    0.
    """
    assert _text(store, "history", SET, "NOPE", "2024-06-03").endswith(
        "\nno version has this key\n"
    )
    assert _text(store, "history", SET, *KEY, "--deadline", "PT90000H").endswith(
        "\nno version within --deadline PT90000H has this key\n"
    )
    assert _text(store, "triangle", SET, "NOPE").endswith(
        "\nno version has this key with a number\n"
    )
    assert _text(store, "diff", SET, 1, 2, "NOPE", "--changes").endswith(
        "1 → 2, no change under this key\n"
    )
    assert _text(store, "diff", SET, 1, 1, "--changes").endswith("1 → 1, no change\n")


def test_the_nearest_key_is_said(store: Store) -> None:
    """A part of a key that the version does not have: the nearest that it has."""
    for key, meant in ((("AAPPL", "2024-06-03"), "AAPL"), (("AAPL", "2024-06-30"), "2024-06-0")):
        called = call("get", SET, *key, "--store", store.root)
        assert called.code == 2
        assert f"(did you mean '{meant}" in called.err
    assert "mean" not in call("get", SET, "nobody", "2024-06-03", "--store", store.root).err


def test_a_code_that_lost_its_zeros_is_said_whole(tmp_path: Path) -> None:
    """Of 137 that is 000137, not another code that looks as much like it."""
    (tmp_path / "churn.toml").write_text(CONTRACT)
    lines = [f"{code},b,0.5,0.4,0.6" for code in ("071737", "000137", "000731")]
    header = OLD.splitlines()[0]
    (tmp_path / "churn.csv").write_text("\n".join([header, *lines, ""]))
    store = tmp_path / "store"
    for words in (
        ("init",),
        ("define", tmp_path / "churn.toml"),
        ("publish", "churn", tmp_path / "churn.csv"),
    ):
        ok(*words, "--store", store)
    called = call("get", "churn", "137", "--ref", 1, "--store", store)
    assert "(did you mean '000137'?)" in called.err


def test_tables_for_people_have_six_digits(local_store: Store) -> None:
    """Of a difference that doubles cannot hold exactly nothing is shown that nobody asked for; JSON
    has all of it.
    """
    builders.define(local_store)
    for run_id, level in (("r1", 100.1), ("r2", 100.3)):
        builders.promoted(local_store, run_id, level)
    difference = (100.3 + 0.04) - (100.1 + 0.04)
    assert len(str(difference)) > 10
    words = ("diff", SET, 1, 2, "BRK/B", "2024-06-03", "--changes")
    for command in (words, ("history", SET, *KEY), ("explain", SET, *KEY)):
        shown = _text(local_store, *command)
        assert re.search(r"\d\.\d{7}", shown) is None, shown
    assert " +0.2 " in _text(local_store, *words)
    assert str(difference) in _json(local_store, *words).decode()


def test_keys_and_actual_values_are_read_as_the_options_say(store: Store, tmp_path: Path) -> None:
    """Delimiter, encoding, comments, rows and columns of a table of keys; decimals of a table of
    actual values, and what was read as what stands in the JSON.
    """
    expected = store[SET].get_many([list(KEY), ["AAPL", "2024-06-04"]]).json
    table = tmp_path / "keys.csv"
    rows = [
        "// wanted by Zoë",
        "ticker¦target_date¦who¦team",
        "BRK/B¦2024-06-03¦Zoë¦a",
        "AAPL¦2024-06-04¦Zoë¦a",
        "MSFT¦2024-06-04¦Bo¦b",
    ]
    table.write_text("\n".join(rows), encoding="latin-1")
    options = ["--delimiter", "¦", "--encoding", "latin-1", "--comment", "//", "--where", "team=a"]
    assert _json(store, "get", SET, "--keys", table, *options, "--ignore", "who") == expected
    actuals = tmp_path / "actuals.csv"
    actuals.write_text("ticker;target_date;actual\nAAPL;2024-06-03;1.100,5\nAAPL;2024-06-04;NA\n")
    words = ("triangle", SET, "AAPL", "--actuals", actuals, "--decimal", ",")
    shown = json.loads(_json(store, *words))
    note = f"{actuals}: column 'actual': '1.100,5' is read as 1100.5, 'NA' as no value"
    assert shown["notes"] == [note]
    assert "'1.100,5' is read as 1100.5" in call(*words, "--store", store.root).err
