"""Answers in the forms of tables."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import NoReturn

import polars as pl
import pytest

from estimates import Store
from estimates_api.http.representation import (
    ARROW,
    CSV,
    CSV_WITHOUT_FORMULAS,
    JSON,
    NDJSON,
    PARQUET,
    TABLES,
)
from estimates_api.http.tables import content_type, metadata_of, write_form
from tests.builders import SET, define, promoted

ROWS = pl.DataFrame({"name": ["=1+1", "plain"], "value": [1.5, None]})
CONTENT = b'{"estimates":[{"name":"=1+1","value":1.5},{"name":"plain","value":null}]}'


def never() -> NoReturn:
    """Nobody needs it."""
    raise AssertionError


@pytest.mark.parametrize("form", [*TABLES, CSV_WITHOUT_FORMULAS, PARQUET])
def test_a_form_makes_only_what_it_needs(form: str) -> None:
    """Rows of JSON are not read to write JSON, nor JSON written for rows."""
    json: Callable[[], bytes] = (lambda: CONTENT) if form in (JSON, NDJSON) else never
    frame: Callable[[], pl.DataFrame] = never if form in (JSON, NDJSON) else (lambda: ROWS)
    assert write_form(form, json, frame, {})


def test_rows_are_the_same_in_each_form() -> None:
    """Nulls stay nulls."""

    def written(form: str) -> bytes:
        return write_form(form, lambda: CONTENT, lambda: ROWS, {})

    assert pl.read_parquet(io.BytesIO(written(PARQUET))).equals(ROWS)
    assert pl.read_ipc_stream(written(ARROW)).equals(ROWS)
    assert pl.read_csv(written(CSV)).equals(ROWS)
    assert pl.read_ndjson(written(NDJSON)).equals(ROWS)


def test_text_stays_text_in_a_spreadsheet_where_that_is_asked() -> None:
    """Only then: other programs read the apostrophe as part of it."""
    plain, safe = (
        write_form(form, never, lambda: ROWS, {}).splitlines()[1]
        for form in (CSV, CSV_WITHOUT_FORMULAS)
    )
    assert plain == b"=1+1,1.5"
    assert b"'=1+1" in safe


def test_both_forms_of_csv_say_the_same_of_themselves() -> None:
    """The charset, and that there is a header; `formulas` is a name of ours alone."""
    assert content_type(CSV) == content_type(CSV_WITHOUT_FORMULAS)
    assert content_type(CSV) == "text/csv; charset=utf-8; header=present"
    assert content_type(JSON) == JSON


def test_an_arrow_table_says_which_version_it_is(local_store: Store) -> None:
    """A file that was saved still tells where its rows came from."""
    define(local_store)
    version = promoted(local_store, "one")
    assert metadata_of(version) == {"set": SET, "version": "1"}
