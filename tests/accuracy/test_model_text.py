"""How models beside each other are named, and which pairs may be chance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl

from estimates.accuracy.model_page import render_html
from estimates.accuracy.model_table import ModelTable, compare_models
from estimates.accuracy.model_text import headline, own_names, render_text, sections

START = datetime(2025, 1, 15, tzinfo=UTC)


def table(*names: str, months: int = 2, baseline: str | None = None) -> ModelTable:
    """Models, each with half the loss of the one before it, at eight keys in each month."""
    days = [START + timedelta(days=30 * month) for month in range(months)]
    keys = pl.DataFrame({"place": [f"p{n}" for n in range(8)], "size": [1.0 + n for n in range(8)]})
    rows = keys.join(pl.DataFrame({"data_through": days}), how="cross")
    losses = {
        name: rows.select("place", "data_through", wis=pl.col("size") / 2**number)
        for number, name in enumerate(names)
    }
    return compare_models(losses, ["place", "data_through"], "wis", baseline)


def test_members_of_one_family_go_without_its_name() -> None:
    """Others, and sets that only look alike, are named in full."""
    assert own_names(table("flu.a", "flu.b")) == {"flu.a": "a", "flu.b": "b"}
    assert own_names(table("flu.a", "rsv.b")) == {"flu.a": "flu.a", "rsv.b": "rsv.b"}
    assert own_names(table("a", "flu.a")) == {"a": "a", "flu.a": "flu.a"}
    assert own_names(table("a", "b")) == {"a": "a", "b": "b"}


def test_a_pair_that_may_be_chance_has_a_star() -> None:
    """So have losses that are all equal, which no test tells apart; the note says it once."""
    clear = table("a", "b")
    pairs = sections(clear)[1]
    assert (pairs.rows, pairs.notes) == ([["b", "1", "0.5000"], ["a", "2.0000", "1"]], [])
    frame = pl.DataFrame({"k": ["x", "y"], "data_through": START, "wis": [1.0, 2.0]})
    equal = sections(compare_models({"a": frame, "b": frame}, ["k"], "wis"))[1]
    assert equal.rows == [["a", "1", "1.0000*"], ["b", "1.0000*", "1"]]
    assert equal.notes == ["* not told from chance (Wilcoxon's test, Holm's adjustment, 5 %)"]
    near = frame.with_columns(wis=pl.Series([2.0, 1.0]))
    assert (
        sections(compare_models({"a": frame, "b": near}, ["k"], "wis"))[1].rows[0][2] == "1.0000*"
    )


def test_models_without_keys_in_common_have_no_ratio() -> None:
    """Nor has one whose losses are all 0; a dash, without a star."""
    frame = pl.DataFrame({"k": ["x", "y"], "data_through": START, "wis": [1.0, 2.0]})
    other = frame.with_columns(k=pl.Series(["v", "w"]))
    perfect = frame.with_columns(wis=pl.lit(0.0))
    models = compare_models({"a": frame, "b": other, "c": perfect}, ["k"], "wis")
    assert {cell for row in sections(models)[1].rows for cell in row[1:]} == {"1", "–"}
    assert "–" in render_text(models)
    assert "<svg" in render_html(models)


def test_months_are_ranked_the_newest_ones() -> None:
    """A text shows twelve, a page all."""
    models = table("a", "b", months=13)
    ranks = sections(models)[2]
    assert (len(ranks.rows), ranks.rows[0]) == (12, ["2025-02", "8", "1", "2"])
    assert ranks.notes == ["and 1 earlier month in --format json"]
    assert len(sections(models, 99)[2].rows) == 13
    assert sections(models, 99)[2].notes == []


def test_the_baseline_is_named_where_there_is_one() -> None:
    """And has a column of its own."""
    assert headline(table("a", "b")) == "2 models by wis, the best first"
    scaled = table("a", "b", baseline="a")
    assert headline(scaled) == "2 models by wis, the best first, scaled by a"
    assert [row[-1] for row in sections(scaled)[0].rows] == ["0.5000", "1.0000"]
