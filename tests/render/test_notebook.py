"""What objects show of themselves: a few lines when printed, a page in a notebook."""

from __future__ import annotations

import re
from html import unescape

import polars as pl
import pytest

import estimates
from estimates.render.notebook import LINES, short
from estimates.store.store import Store
from tests.builders import SET, define, make_store, promoted, publish


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Two versions, both of them promoted and judged."""
    made = make_store(tmp_path_factory.mktemp("shown") / "store")
    define(made)
    promoted(made, "first")
    publish(made, "second", 101.0, day=1)
    made.promote(SET, 2, reason="test")
    return made


def test_at_most_fifteen_lines() -> None:
    """What is more is left out, and the last line says where it is."""
    lines = [str(number) for number in range(LINES + 1)]
    assert short(lines[:LINES], "more").splitlines() == lines[:LINES]
    assert short(lines, "more").splitlines() == [*lines[: LINES - 1], "more"]


def test_every_object_of_a_store_prints_itself(store: Store) -> None:
    """Store, set, version, verdict, report and series in a few lines that say the main thing."""
    series, verdict = store[SET].stability(), store.verdict(SET, 2)
    assert verdict is not None
    shown = {
        "2 versions": (store, store[SET]),
        "production is version 2": (store[SET],),
        f"Version({SET} 2": (store[SET].resolve(2),),
        f"{SET} version 2 against version 1: ": (verdict,),
        f"{SET}  version 1 → version 2": (store[SET].diff(1, 2),),
        "1 of 1 moves of production": (series,),
    }
    for text, objects in shown.items():
        for shown_object in objects:
            printed = repr(shown_object)
            assert text in printed
            assert len(printed.splitlines()) <= LINES


def test_a_wide_report_stays_short() -> None:
    """Two hundred columns print as fifteen lines, the last of which says where the rest is."""
    columns = {f"c{number}": [1.0, 2.0, 3.0] for number in range(200)}
    a = pl.DataFrame({"id": ["x", "y", "z"], **columns})
    printed = repr(estimates.diff(a, a.with_columns(pl.exclude("id") * 1.1), key="id"))
    assert len(printed.splitlines()) <= LINES


def test_a_notebook_shows_the_page(store: Store) -> None:
    """A report's page is one frame of its own, so that its style touches nothing else."""
    html = store[SET].diff(1, 2)._repr_html_()
    assert html is not None
    frame = re.fullmatch(r'<iframe sandbox srcdoc="([^"]*)" style="[^"]*"></iframe>', html)
    assert frame
    assert unescape(frame[1]).startswith("<!doctype html>")
