"""JSON tables: an array of objects, or an object a line."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from estimates.errors import InvalidError
from estimates_jobs.tables.json_files import looks_like_json, read_json


@pytest.mark.parametrize(
    ("start", "is_json"),
    [
        (b'{"a": 1}', True),
        (b' [ {"a": 1}', True),
        (b"\xef\xbb\xbf[]", True),
        (b"[a];b", False),
        (b"a,b", False),
        (b"", False),
    ],
)
def test_what_looks_like_json(start: bytes, is_json: bool) -> None:
    """No header of a CSV file does."""
    assert looks_like_json(start) is is_json


@pytest.mark.parametrize(
    "content",
    [
        b'[{"k": "a", "day": "2024-06-03"}, {"k": "b"}]',
        b'\xef\xbb\xbf{"k": "a", "day": "2024-06-03"}\n{"k": "b", "day": null}\n',
    ],
)
def test_both_forms(content: bytes) -> None:
    """What an object lacks is null, and text that is a date throughout is one."""
    frame = read_json(content, "t.json")
    assert frame.to_dict(as_series=False) == {"k": ["a", "b"], "day": [date(2024, 6, 3), None]}


def test_text_with_one_cell_that_is_no_date_stays_text() -> None:
    """Also where that cell comes late."""
    rows = "\n".join(['{"day": "2024-06-03"}'] * 150 + ['{"day": "soon"}'])
    assert read_json(rows.encode(), "t.json").schema["day"] == pl.String


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"a": 1}\n{"a": }\n', "line 2 is no JSON"),
        (b'{"a": 1}\n{"a": NaN}\n', "line 2 has NaN"),
        (b'[\n{"a": 1},\n{"a" 2}]', "line 3 is no JSON"),
        (b'{"a": 1}\n7\n', "line 2 is no object"),
        (b"[]", "has no rows"),
        (b'{"data": [{"a": 1}, {"a": 2}]}', "its rows lie under 'data'"),
        (b'{"a": {"0": 1}, "b": {"0": 2}}', "has an object for each column, not for each row"),
        (b'{"columns": ["a"], "data": [[1]]}', "has names and cells apart, not in a row each"),
    ],
)
def test_what_is_wrong(content: bytes, words: str) -> None:
    """The file, the line and the fault are named, with what to do."""
    with pytest.raises(InvalidError) as refused:
        read_json(content, "t.json")
    assert refused.value.code == "bad_file"
    assert refused.value.message.startswith(f"t.json: {words}")
    assert "; " in refused.value.message
