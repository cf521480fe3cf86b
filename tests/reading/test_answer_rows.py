"""What a person sees of an answer first."""

from __future__ import annotations

from typing import Any

from estimates.reading.answer_rows import explained, rows_of, title_of

_EXPLAINED: dict[str, Any] = {
    "key": ["a"],
    "state": "rolled_back",
    "aliases": [],
    "estimate": {"k": "a", "v": 1.5, "note": None},
    "previous": [
        {"version": 2, "state": "superseded", "estimate": {"k": "a", "v": 1.25}},
        {"version": 1, "state": "refused", "estimate": {"k": "a", "v": 9.0}},
        {"version": 0, "state": "superseded", "estimate": None},
    ],
    "run": {"run_id": "r1", "status": "ok", "job": "forecast"},
    "inputs": [{"name": "sales", "newest": None}, {"name": "news"}],
    "verdict": {"outcome": "warn", "baseline": 2, "findings": [{}, {}]},
    "events": [
        {"kind": "promoted", "at": "2024-06-03T00:00:00Z", "actor": "ann"},
        {"kind": "rolled_back", "at": "2024-06-04T00:00:00Z", "actor": "bob", "reason": "late"},
    ],
}


def test_a_batch() -> None:
    """A key without an estimate stands in the columns of the others'."""
    results = [
        {"status": "ok", "estimate": {"k": "a", "day": "d", "v": 1}},
        {"status": "removed", "key": ["b", "d"], "last_version": 3},
    ]
    assert rows_of({"results": results}) == [
        {"status": "ok", "k": "a", "day": "d", "v": 1},
        {"status": "removed", "k": "b", "day": "d", "last_version": 3},
    ]
    assert rows_of({"results": results[1:]})[0]["key"] == "b/d"


def test_a_history() -> None:
    """Without the key, which is that of all; a version without the key has its row."""
    entry = {
        "version": 1,
        "state": "rolled_back",
        "published_at": "T",
        "estimate": {"k": 1, "v": 2},
    }
    body = {"key": ["a"], "history": [entry, entry | {"version": 2, "estimate": None}]}
    assert rows_of(body) == [
        {"version": 1, "state": "rolled back", "published_at": "T", "v": 2},
        {"version": 2, "state": "rolled back", "published_at": "T"},
    ]
    assert title_of("s", None, body) == "s a"


def test_changes() -> None:
    """Old and new value of the first number, else of the first column."""
    columns = {"label": {"a": "x", "b": "y"}, "v": {"a": 1, "b": 3, "d": 2}}
    change = {"key": ["a", "b"], "change": "new_value", "columns": columns}
    assert rows_of({"changes": [change, change | {"columns": {"label": columns["label"]}}]}) == [
        {"key": "a/b", "change": "new value", "old v": 1, "new v": 3, "new − old": 2},
        {"key": "a/b", "change": "new value", "old label": "x", "new label": "y"},
    ]
    assert rows_of({"changes": [change | {"columns": {}}]}) == [
        {"key": "a/b", "change": "new value"}
    ]


def test_pages_and_single_estimates() -> None:
    """As they are."""
    assert rows_of({"estimates": [{"k": 1}]}) == [{"k": 1}]
    assert rows_of({"estimate": {"k": 1}}) == [{"k": 1}]
    assert rows_of({"other": 1}) == [{"other": 1}]
    assert title_of("s", 3, {}) == "s version 3"


def test_an_explanation() -> None:
    """What it says, what versions before it said, who made it, what was decided."""
    assert explained(_EXPLAINED) == [
        ("v", "1.5"),
        ("v before", "version 2 1.25"),
        ("run", "r1, ok, job forecast"),
        ("inputs", "sales, news"),
        ("gate", "warn against version 2, 2 checks to look at"),
        ("last event", "rolled back 2024-06-04 00:00 by bob: late"),
    ]
    assert title_of("s", 3, _EXPLAINED) == "s a: version 3, rolled back"
    assert explained({"estimate": {}}) is None


def test_an_explanation_without_decisions() -> None:
    """Not judged, nothing in the log."""
    pairs = dict(explained(_EXPLAINED | {"verdict": None, "events": []}) or [])
    assert pairs["gate"] == "not judged yet"
    assert "last event" not in pairs
