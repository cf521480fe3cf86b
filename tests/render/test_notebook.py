"""What objects show of themselves: a few lines when printed, a page in a notebook."""

from __future__ import annotations

import contextlib
import os
import re
import termios
from html import unescape

import polars as pl
import pytest

import estimates
from estimates.reading.answer_plot import answer_plot
from estimates.render import vega
from estimates.render.notebook import LINES, ROWS, fragment, short
from estimates.render.plots import SERIES, through_time, values
from estimates.render.vega import svg
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


def test_answers_print_what_they_are_about(store: Store) -> None:
    """A key without an estimate by its name, a claimed release, why a number is what it is, the
    main number of what changed, keys that stand still.
    """
    closes, key = store[SET], ("AAPL", "2024-06-03")
    batch = repr(closes.get_many([key, ("ZZ", "2024-06-03")])).splitlines()
    assert re.search(r"outside_domain +ZZ +2024-06-03", batch[-1])
    assert "ZZ/2024-06-03" in repr(closes.get_many([("ZZ", "2024-06-03")]))
    history = repr(closes.history(*key, clock="released"))
    assert "released_at" in history
    assert "AAPL" not in history.split("\n", 1)[1]
    why = repr(closes.explain(*key))
    assert f"{SET} AAPL/2024-06-03: version 2, production" in why
    assert re.search(r"value before +version 1 100\.03", why)
    assert re.search(r"run +second", why)
    assert (
        'gate</td><td style="text-align:left">pass against version 1'
        in closes.explain(*key)._repr_html_()
    )
    changes = repr(closes.changes_page(1, 2))
    assert re.search(r"key +change +old value +new value +new − old", changes)
    assert repr(closes.frozen(2)) == f"{SET}: 0 of 6 keys (0 %) stand still in versions 1, 2"


@pytest.mark.parametrize("columns", [60, 80])
def test_objects_print_for_the_terminal(store: Store, columns: int) -> None:
    """No line is wider than the terminal; columns without room are named."""
    master, terminal = os.openpty()
    termios.tcsetwinsize(terminal, (40, columns))
    with open(terminal, "w") as screen, contextlib.redirect_stdout(screen):
        shown = [store[SET], store[SET].diff(1, 2), store[SET].history("AAPL", "2024-06-03")]
        printed = [repr(thing) for thing in (*shown, store[SET].stability())]
    os.close(master)
    assert max(len(line) for text in printed for line in text.splitlines()) <= columns
    assert "no room here for" in printed[2] or columns == 80
    assert all(len(text.splitlines()) <= LINES for text in printed)


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


def test_every_object_is_a_table_in_a_notebook(store: Store) -> None:
    """Store, set, version, verdict, series and answers: a title, a row of names, escaped rows."""
    closes, verdict = store[SET], store.verdict(SET, 2)
    assert verdict is not None
    shown = {
        "2 versions": closes,
        "1 set": store,
        f"{SET} version 2": closes.resolve(2),
        f"{SET} version 2 against version 1: ": verdict,
        "1 of 1 moves": closes.stability(),
        f"{SET} AAPL/2024-06-03": closes.history("AAPL", "2024-06-03"),
        f"{SET} version 2</b>": closes.scan("AAPL"),
    }
    for text, thing in shown.items():
        html = thing._repr_html_()  # type: ignore[attr-defined]
        assert text in html, text
        assert html.startswith("<div>")
        assert html.endswith("</div>")


def test_names_are_escaped_and_long_tables_cut() -> None:
    """Whatever comes from data is text; what is left out is counted."""
    html = fragment("<b>", [{"x<": "</td>", "n": 1234.5} for _ in range(ROWS + 3)])
    assert "<b>&lt;b&gt;</b>" in html
    left = ' style="text-align:left"'
    assert f"<th{left}>x&lt;</th><th>n</th>" in html
    assert html.count(f"<td{left}>&lt;/td&gt;</td><td>1,234.5</td>") == ROWS
    assert "and 3 more" in html


def test_every_object_draws_itself(store: Store) -> None:
    """Charts that Vega-Lite can draw, with the numbers of the object in them."""
    closes, verdict = store[SET], store.verdict(SET, 2)
    assert verdict is not None
    charts = [
        store.plot(),
        closes.plot(),
        closes.plot("AAPL"),
        closes.diff(1, 2).plot(),
        closes.stability().plot(),
        closes.history("AAPL", "2024-06-03").plot(),
        closes.scan("AAPL").plot(),
        verdict.plot(),
    ]
    for chart in charts:
        assert svg(chart.to_dict()).startswith("<svg")
    assert "101.03" in str(closes.history("AAPL", "2024-06-03").plot().to_dict())


def test_a_notebook_shows_charts_without_a_network(store: Store) -> None:
    """A picture, also of a chart that was changed, until a renderer of Altair is enabled."""
    chart = store[SET].plot().properties(width=200)
    assert chart._repr_mimebundle_()["image/svg+xml"].startswith("<svg")
    with vega.altair().renderers.enable("mimetype"):
        assert "application/vnd.vegalite" in str(chart._repr_mimebundle_())


def test_charts_say_what_they_leave_out() -> None:
    """Of many lines as many as there are colours; times are UTC with whole labels, numbers of keys
    in their order, moves that came twice stand twice.
    """
    rows = [{"x": str(x), "series": f"s{n}", "value": 1.0} for n in range(11) for x in (9, 10)]
    chart = values(rows, "step", "value").to_dict()
    assert chart["title"]["text"] == "10 of 11 series"
    assert len({row["series"] for row in chart["data"]["values"]}) == SERIES
    assert chart["layer"][0]["encoding"]["x"]["sort"] is None
    days = [{"x": f"2024-06-0{n}", "series": "", "value": 1.0} for n in (1, 2, 9)]
    x = values(days, "day", "value", dated=True).to_dict()["layer"][0]["encoding"]["x"]
    assert (x["scale"]["type"], x["axis"]["format"]) == ("utc", "%Y-%m-%d")
    move = {"versions": "1 → 2", "moved": "2024-06-01T00:00:00Z", "half": 0.1, "far": 0.2}
    picture = svg(through_time([move, move], "change", percent=True).to_dict())
    assert picture.count(">1 → 2</text>") == 2
    assert "half of the keys moved by less" in picture
    assert values([], "day", "value").to_dict()["title"]["text"] == "nothing to draw"


def test_a_history_is_drawn_without_what_was_refused(store: Store) -> None:
    """A refused number was never said, and would make all others look alike."""
    body = store[SET].history("AAPL", "2024-06-03").body
    wrong = body["history"][0] | {"state": "refused", "estimate": body["history"][0]["estimate"]}
    chart = answer_plot(body | {"history": [*body["history"], wrong]}, None).to_dict()
    assert chart["title"]["text"] == "without 1 refused version"
    assert len(chart["data"]["values"]) == 2
    assert svg(store[SET].changes_page(1, 2).plot().to_dict()).count("+1</text>") == 6
    assert svg(store[SET].explain("AAPL", "2024-06-03").plot().to_dict()).startswith("<svg")
    assert svg(store[SET].get_many([("AAPL", "2024-06-03")]).plot().to_dict()).startswith("<svg")
