"""Rows of a frame as text, against a decoder of JSON and the text of one key part."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import msgspec
import polars as pl
from hypothesis import example, given
from hypothesis import strategies as st

from estimates.contract.columns import key_text
from estimates.render.row_text import joined, json_pieces, text_of

SCHEMA = {
    "text": pl.String,
    "n": pl.Int64,
    "x": pl.Float64,
    "truth": pl.Boolean,
    "day": pl.Date,
    "at": pl.Datetime("us", "UTC"),
    'odd "name"': pl.List(pl.Float64),
}
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
DAYS = st.dates(date(1, 1, 1))
TIMES = st.datetimes(timezones=st.just(UTC))
ROW = st.tuples(
    st.text(max_size=4),
    st.integers(-(2**63), 2**63 - 1),
    NUMBER,
    st.booleans(),
    DAYS,
    TIMES,
    st.lists(NUMBER, min_size=1, max_size=3),
)
EMPTY = (None,) * len(SCHEMA)
PLAIN = ("a", 1, 0.5, True, date(2026, 1, 5), datetime(2026, 1, 5, 10, tzinfo=UTC), [1.0, -2e300])


@given(st.lists(st.one_of(ROW, st.just(EMPTY)), min_size=1, max_size=5))
@example([PLAIN])
@example(
    [PLAIN, ('"\\\n\x00é', -1, -0.0, False, date(1, 1, 1), PLAIN[5].replace(microsecond=7), [2.0])]
)
@example([EMPTY, PLAIN])
def test_rows_are_their_json(rows: list[tuple[Any, ...]]) -> None:
    """Each row is an object of its columns in order, with null, numbers and lists as they are, and
    text, days and times in quotes.
    """
    frame = pl.DataFrame(rows, SCHEMA, orient="row")
    texts = frame.select(joined(json_pieces(frame, list(SCHEMA)))).to_series()
    for text, row in zip(texts, rows, strict=True):
        decoded = msgspec.json.decode(text)
        wanted = [key_text(x) if isinstance(x, date) else x for x in row]
        assert list(decoded.items()) == list(zip(SCHEMA, wanted, strict=True))


@given(DAYS, TIMES, st.integers())
@example(date(2026, 1, 5), datetime(2026, 1, 5, tzinfo=UTC), 0)
@example(date(2026, 1, 5), datetime(2026, 1, 5, microsecond=10, tzinfo=UTC), 0)
def test_key_parts_have_their_text(day: date, at: datetime, number: int) -> None:
    """A column's text is that of each of its parts."""
    number %= 2**40
    frame = pl.DataFrame(
        {"day": [day], "at": [at], "n": [number], "text": ["a/b"]},
        schema_overrides={"at": pl.Datetime("us", "UTC")},
    )
    texts = frame.select(text_of(frame, name).alias(name) for name in frame.columns).row(0)
    assert texts == tuple(map(key_text, (day, at, number, "a/b")))


def test_neighbouring_texts_are_put_together() -> None:
    """Pieces follow each other, fixed ones as one."""
    frame = pl.DataFrame({"a": ["x", "y"], "b": ["1", "2"]})
    pieces = ["<", "(", pl.col("a"), ",", pl.col("b"), ")", ">"]
    assert frame.select(joined(pieces)).to_series().to_list() == ["<(x,1)>", "<(y,2)>"]
