"""Which numbers of an answer are drawn, and over what."""

from __future__ import annotations

from typing import Any

import pytest

from estimates.reading.answer_plot import answer_plot

Row = dict[str, Any]


def drawn(
    body: dict[str, Any], column: str | None = None
) -> tuple[str, str, list[tuple[Any, ...]]]:
    """The kind of the axis, the title of the number, and (x, series, value) of each point."""
    chart = answer_plot(body, column).to_dict()
    encoding = chart["layer"][0]["encoding"]
    points = [(row["x"], row["series"], row["value"]) for row in chart["data"]["values"]]
    return encoding["x"]["type"], encoding["y"]["title"], points


def page(*rows: Row) -> dict[str, Any]:
    """A page of estimates."""
    return {"set": "s", "version": 1, "total": len(rows), "next": None, "estimates": [*rows]}


def history(*estimates: Row | None, state: str = "superseded") -> dict[str, Any]:
    """A key `a` through versions."""
    entries = [
        {"version": n, "state": state, "data_through": f"2024-01-0{n}T00:00:00Z", "estimate": row}
        for n, row in enumerate(estimates, start=1)
    ]
    return {"set": "s", "key": ["a"], "history": entries}


DAYS = [{"shop": "a", "day": f"2024-01-0{n}", "step": n, "v": n / 2} for n in (1, 2)]


def test_a_page_is_drawn_over_its_last_day() -> None:
    """A line for each of the other parts of the key."""
    first, second = DAYS
    assert drawn(page(*DAYS)) == (
        "temporal",
        "v",
        [("2024-01-01", "a/1", 0.5), ("2024-01-02", "a/2", 1.0)],
    )
    moments = page(
        first | {"day": "2024-01-01T06:00:00Z"}, second | {"day": "2024-01-01T07:00:00Z"}
    )
    assert drawn(moments)[0] == "temporal"


@pytest.mark.parametrize("since", [None, "2024-99-01", "2024-01-02-b", "never"])
def test_what_is_not_a_day_in_each_row_is_no_axis_of_time(since: str | None) -> None:
    """An attribute that is empty in some row, and codes that only begin like a day."""
    rows = {"id": "a", "since": "2024-01-01", "v": 1.0}, {"id": "b", "since": since, "v": 2.0}
    kind, title, points = drawn(page(*rows))
    assert (kind, title, [value for *_, value in points]) == ("ordinal", "v", [1.0, 2.0])


def test_estimates_that_are_integers_are_drawn() -> None:
    """Over the key, which may be integers, too; flags are no numbers."""
    rows = {"id": 7, "n": 2**53 + 1, "ok": True}, {"id": 8, "n": 5, "ok": False}
    assert drawn(page(*rows)) == ("ordinal", "n", [("7", "", 2**53 + 1), ("8", "", 5)])
    counts = {"id": "a", "n": 4, "m": 9, "ok": True}
    assert drawn(history(counts, counts))[1:] == (
        "n",
        [("2024-01-01T00:00:00Z", "", 4), ("2024-01-02T00:00:00Z", "", 4)],
    )
    assert drawn(history(counts), "m")[2] == [("2024-01-01T00:00:00Z", "", 9)]


def test_a_column_that_is_named_is_no_part_of_the_key() -> None:
    """Even where it stands before the first fraction."""
    assert drawn(page(*DAYS), "step") == (
        "temporal",
        "step",
        [("2024-01-01", "a", 1), ("2024-01-02", "a", 2)],
    )


def test_versions_without_the_key_are_left_out() -> None:
    """And what was refused was never said."""
    assert len(drawn(history({"id": "a", "v": 1.0}, None))[2]) == 1
    refused = answer_plot(history({"id": "a", "v": 1.0}, state="refused"), None).to_dict()
    assert refused["title"]["text"] == "nothing to draw"


def test_a_batch_leaves_out_keys_without_an_estimate() -> None:
    """An empty page is a picture that says so."""
    results = [
        {"status": "outside_domain", "key": ["z"]},
        {"status": "ok", "estimate": {"id": "a", "v": 1.5}},
    ]
    assert drawn({"set": "s", "version": 1, "results": results})[2] == [("a", "", 1.5)]
    assert answer_plot(page(), None).to_dict()["title"]["text"] == "nothing to draw"


def test_changes_are_drawn_though_the_first_has_no_difference() -> None:
    """A key that was added has none; a column that has none at all is an empty picture."""
    changes = [
        {"key": ["new"], "columns": {"v": {"b": 1.0}}},
        {"key": ["a", "b"], "columns": {"v": {"a": 1.0, "b": 3.0, "d": 2.0, "material": True}}},
        {"key": ["a", "c"], "columns": {"v": {"a": 1.0, "b": None, "d": None}}},
    ]
    chart = answer_plot({"changes": changes}, None).to_dict()
    (row,) = chart["data"]["values"]
    assert (row["name"], row["value"], row["text"], row["of"]) == ("a/b", 2.0, "+2", "material")
    assert answer_plot({"changes": changes}, "w").to_dict()["data"]["values"] == []
