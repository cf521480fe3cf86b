"""Publishing: a version exists as a whole, once a run, or nothing of it does."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from estimates.errors import ConflictError, InvalidError
from estimates.store.store import Store
from tests.builders import (
    SET,
    contract,
    define,
    first_row,
    frame,
    promoted,
    provenance,
    publish,
)


def test_the_same_run_gives_its_version_back(store: Store) -> None:
    """The same run_id makes no second version; with other content it is a conflict, and nothing is
    stored.
    """
    define(store)
    first = publish(store, "run")
    assert publish(store, "run") == first
    with pytest.raises(ConflictError) as caught:
        publish(store, "run", 100.1)
    assert caught.value.code == "run_id_reused"
    assert store[SET].versions() == [first]


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (frame().drop("value"), "columns"),
        (frame(more=1.0), "columns"),
        (frame().with_columns(pl.col("value").cast(pl.String)), "column_type"),
        (first_row("value", float("nan")), "not_finite"),
        (first_row("value", float("inf")), "not_finite"),
        (first_row("ticker", None), "null_key"),
        (first_row("ticker", ".."), "bad_key"),
        (first_row("ticker", ""), "bad_key"),
        (pl.concat([frame(), frame().head(1)]), "duplicate_key"),
    ],
)
def test_what_publish_rejects_leaves_nothing(
    local_store: Store, broken: pl.DataFrame, code: str
) -> None:
    """A rejected frame is no version, no event and no file."""
    define(local_store)
    before = sorted(Path(local_store.root).rglob("sets/**/*")), local_store.view().last_event
    with pytest.raises(InvalidError) as caught:
        local_store.publish(SET, broken, provenance("run"))
    assert caught.value.code == code
    assert (
        sorted(Path(local_store.root).rglob("sets/**/*")),
        local_store.refresh().last_event,
    ) == before


def test_a_frame_comes_back_as_it_was_published(store: Store) -> None:
    """The frame of a version is the conformed frame, in contract order, sorted by key."""
    define(store)
    promoted(store, "run")
    stored = store[SET].frame()
    assert stored.columns == ["ticker", "target_date", "value", "note"]
    assert stored.equals(frame().select(stored.columns).sort("ticker", "target_date"))
    assert stored.schema["target_date"] == pl.Date
    assert stored["target_date"].min() == date(2024, 6, 3)
    assert store.contract(SET) == contract()
