"""Answers as tables: the values of the JSON, exactly, in the contract's types; and the tables as
CSV and Arrow.
"""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates import instants
from estimates.contract.conform import schema
from estimates.contract.contract_file import parse_contract
from estimates.reading import tabular
from estimates.reading.answer import Answer

SOURCE = """\
name = "kinds"
[key.code]
type = "string"
[key.step]
type = "integer"
[key.day]
type = "date"
[key.at]
type = "timestamp"
[columns.value]
[columns.count]
type = "integer"
role = "attribute"
[columns.State]
role = "label"
[columns.flag]
type = "boolean"
role = "attribute"
[columns.since]
type = "date"
role = "attribute"
[columns.seen]
type = "timestamp"
role = "attribute"
"""
CONTRACT = parse_contract(SOURCE)
SCHEMA = schema(CONTRACT)
NAMES = list(SCHEMA)

_INTEGERS = st.integers(-(2**63), 2**63 - 1)
_MOMENTS = st.datetimes(timezones=st.just(UTC))
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
_FLOATS = st.floats(allow_nan=False, allow_infinity=False)
KEYS = st.tuples(_TEXTS.filter(bool), _INTEGERS, st.dates(), _MOMENTS)
VALUES = st.tuples(
    *map(st.none().__or__, (_FLOATS, _INTEGERS, _TEXTS, st.booleans(), st.dates(), _MOMENTS))
)
ROWS = st.lists(st.builds(tuple.__add__, KEYS, VALUES), max_size=4)
Row = tuple[Any, ...]


def plain(value: Any) -> Any:
    """A cell as JSON has it."""
    if isinstance(value, datetime):
        return instants.text(value)
    return value.isoformat() if isinstance(value, date) else value


def named(row: Row) -> dict[str, Any]:
    """A row of JSON."""
    return dict(zip(NAMES, map(plain, row), strict=True))


def answer(part: str, rows: Any, **more: Any) -> Answer:
    """An answer with these rows."""
    return Answer(
        "kinds", None, json.dumps({"set": "kinds", "version": 1, part: rows, **more}).encode()
    )


def frame_of(rows: list[Row]) -> pl.DataFrame:
    """The rows as a frame, made without any JSON."""
    return pl.DataFrame(rows, SCHEMA, orient="row")


def cells(text: bytes) -> list[list[str]]:
    """The cells of CSV, read by nothing of ours."""
    return list(csv.reader(io.StringIO(text.decode(), newline="")))


@given(ROWS)
def test_a_page_is_its_rows(rows: list[Row]) -> None:
    """Every value of every type comes back as it was, the last bit of a float and
    microseconds too.
    """
    assert answer("estimates", [named(row) for row in rows]).frame(CONTRACT).equals(frame_of(rows))
    for row in rows:
        assert answer("estimate", named(row)).frame(CONTRACT).equals(frame_of([row]))


@given(
    st.lists(
        st.tuples(st.sampled_from(["ok", "no_estimate", "removed", "elapsed"]), KEYS, VALUES),
        max_size=4,
    )
)
def test_a_batch_has_a_row_for_each_key(requested: list[tuple[str, Row, Row]]) -> None:
    """In the order asked: keys are there in their types with and without an estimate, and why there
    is none.
    """
    results: list[dict[str, Any]] = []
    for status, key, values in requested:
        result = (
            {"estimate": named(key + values)}
            if status in ("ok", "no_estimate")
            else {"key": list(map(_text, key))}
        )
        results.append(
            {"status": status} | result | ({"last_version": 7} if status == "removed" else {})
        )
    got = answer("results", results).frame(CONTRACT)
    nothing = (None,) * 6
    expected = [
        key + (values if status in ("ok", "no_estimate") else nothing)
        for status, key, values in requested
    ]
    assert got.columns == ["status", *NAMES, "last_version"]
    assert got.select(NAMES).equals(frame_of(expected))
    assert got["status"].to_list() == [status for status, *_ in requested]
    assert got["last_version"].to_list() == [
        7 if status == "removed" else None for status, *_ in requested
    ]


def _text(part: Any) -> str:
    return str(plain(part))


@given(
    KEYS,
    st.lists(
        st.tuples(_MOMENTS, _MOMENTS, st.none() | VALUES, st.lists(_MOMENTS, max_size=2)),
        max_size=3,
    ),
)
def test_a_history_has_a_row_for_each_version(key: Row, answers: list[Any]) -> None:
    """With the key in each, times and spans in their types, and nulls where a version had no such
    key.
    """
    entries = [
        {
            "version": number,
            "published_at": plain(at),
            "data_through": plain(through),
            "state": "superseded",
            "production": [{"from": plain(start), "to": None} for start in spans],
            "estimate": None if values is None else named(key + values),
        }
        for number, (at, through, values, spans) in enumerate(answers, 1)
    ]
    got = answer("history", entries, key=[_text(part) for part in key]).frame(CONTRACT)
    assert got.columns == [
        "version",
        "published_at",
        "data_through",
        "_state",
        "production",
        *NAMES,
    ]
    assert got.select(NAMES).equals(
        frame_of([key + (values or (None,) * 6) for _, _, values, _ in answers])
    )
    assert got.select("published_at", "data_through").rows() == [
        (at, through) for at, through, *_ in answers
    ]
    assert got["production"].to_list() == [
        [{"from": s, "to": None} for s in spans] for *_, spans in answers
    ]
    assert got["version"].to_list() == [*range(1, len(answers) + 1)]


@given(ROWS)
def test_csv_says_what_json_says(rows: list[Row]) -> None:
    """Read back cell by cell, whatever commas, quotes and line ends the texts have."""
    first, *rest = cells(tabular.csv(frame_of(rows)))
    assert first == NAMES
    for row, read in zip(rows, rest, strict=True):
        for value, cell in zip(row, read, strict=True):
            if isinstance(value, float):
                assert float(cell) == value
            else:
                text = str(plain(value))
                assert cell == (
                    "" if value is None else text.lower() if isinstance(value, bool) else text
                )


def test_csv_keeps_what_is_easily_lost() -> None:
    """Zeros in front, the difference of null and empty text, the digits of a float, lists."""
    lists = pl.Series("production", [[{"from": datetime(2024, 1, 1, tzinfo=UTC), "to": None}]])
    result = pl.DataFrame(
        {
            "code": ["01"],
            "empty": [""],
            "null": pl.Series([None], dtype=pl.String),
            "f": [0.1 + 0.2],
        }
    )
    assert tabular.csv(result.with_columns(lists)) == (
        b"code,empty,null,f,production\n"
        b'01,"",,0.30000000000000004,"[{""from"":""2024-01-01T00:00:00Z"",""to"":null}]"\n'
    )


@given(ROWS, ROWS)
def test_arrow_is_the_frame_in_types_that_everybody_has(rows: list[Row], more: list[Row]) -> None:
    """Several frames are one stream; strings are no views and have offsets of 32 bits; the schema
    carries metadata.
    """
    stream = b"".join(
        tabular.arrow_pieces([frame_of(rows), frame_of(more)], {"set": "kinds", "version": "1"})
    )
    table = pa.ipc.open_stream(stream).read_all()
    assert pl.DataFrame(pl.from_arrow(table)).equals(frame_of(rows + more))
    assert table.schema.field("code").type == pa.string()
    assert table.schema.field("seen").type == pa.timestamp("us", "UTC")
    assert table.schema.metadata == {b"set": b"kinds", b"version": b"1"}


def test_spans_are_lists_of_structs_in_arrow() -> None:
    """The production column of a history, empty or not."""
    span = pl.Struct({"from": pl.Datetime("us", "UTC"), "to": pl.Datetime("us", "UTC")})
    spans = pl.DataFrame(
        {"production": [[], [{"from": datetime(2024, 1, 1, tzinfo=UTC), "to": None}]]},
        {"production": pl.List(span)},
    )
    table = pa.ipc.open_stream(tabular.arrow(spans, {})).read_all()
    assert pa.types.is_list(table.schema.field("production").type)
    assert pl.DataFrame(pl.from_arrow(table)).equals(spans)


@given(ROWS)
def test_lines_are_the_rows_as_they_stand(rows: list[Row]) -> None:
    """NDJSON is each row's own JSON and a line end, nothing for no rows."""
    for part in ("estimates", "results", "history", "changes"):
        lines = tabular.ndjson(answer(part, [named(row) for row in rows]).json)
        assert lines == b"".join(json.dumps(named(row)).encode() + b"\n" for row in rows)


@pytest.mark.parametrize("part", ["estimates", "results", "history"])
@pytest.mark.parametrize("fields", [[], ["value"], ["seen", "State"], ["code", "count"]])
def test_no_rows_have_the_columns_that_were_asked_for(part: str, fields: list[str]) -> None:
    """In contract order and with the key, whether or not there is a row to tell."""
    empty = Answer(
        "kinds",
        None,
        answer(part, [], key=["a", "1", "2024-01-01", "2024-01-01T00:00:00Z"]).json,
        fields,
    )
    wanted = [name for name in NAMES if name in CONTRACT.key or name in fields]
    assert [name for name in empty.frame(CONTRACT).columns if name in NAMES] == wanted
    assert {name: SCHEMA[name] for name in wanted}.items() <= empty.frame(CONTRACT).schema.items()


def test_a_name_of_the_contract_comes_first() -> None:
    """What a batch adds steps aside for a key or column of that name, in any case of letters."""
    contract = parse_contract(
        'name = "s"\n[key.status]\ntype = "string"\n[columns._Status]\n[columns.last_version]\n'
    )
    result = answer(
        "results",
        [{"status": "ok", "estimate": {"status": "x", "_Status": 1.0, "last_version": 2.0}}],
    )
    assert result.frame(contract).to_dicts() == [
        {
            "__status": "ok",
            "status": "x",
            "_Status": 1.0,
            "last_version": 2.0,
            "_last_version": None,
        }
    ]
