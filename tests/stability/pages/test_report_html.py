"""The HTML page and every other rendering: complete, harmless, the same each time, and never at a
loss.
"""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
from html.parser import HTMLParser

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError
from estimates.render.wording import cells, cut, visible
from estimates.stability.diff import diff
from estimates.stability.pages.pictures import pictures
from estimates.stability.pages.report_html import render_html
from estimates.stability.pages.report_markdown import render_markdown
from estimates.stability.pages.report_text import render_json, render_text
from estimates.stability.report import Report
from tests.examples import examples
from tests.jobs.cli.calls import call

pytestmark = pytest.mark.slow

CONTRACT = parse_contract(
    """
    name = "demand"
    [key.shop]
    type = "string"
    [columns.units]
    unit = "pieces"
    nullable = true
    [columns.lower]
    role = "lower"
    level = 0.8
    nullable = true
    [columns.upper]
    role = "upper"
    level = 0.8
    nullable = true
    [columns.class]
    role = "label"
    nullable = true
    [columns.region]
    role = "attribute"
    type = "string"
    nullable = true
    [stability]
    groups = ["region"]
    """
)
HIDDEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\ufeff]")
VOID = {"meta", "br"}
KNOWN = """
    html head meta title style body main header footer section figure figcaption svg g path line
    text details summary
    div dl dt dd p h1 h2 h3 small bdi i table thead tbody tr th td
"""
TAGS = set(KNOWN.split())
NASTY = [
    "<script>alert(1)</script>",
    "a|b`c`",
    "\x1b[31mred",
    "line\nbreak",
    "שלום",
    "\u202egnp.exe",
    "漢" * 90,
    '"><img>',
]


class Page(HTMLParser):
    """What a page consists of."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in set(self.open):
            self.texts[tag][-1] += data


def version(scale: float, n: int = 60, texts: list[str] = NASTY) -> pl.DataFrame:
    """Some shops whose names are not harmless."""
    keys = [f"{texts[i % len(texts)]} {i}" for i in range(n)]
    units = [10.0 + i * scale for i in range(n)]
    return pl.DataFrame(
        {
            "shop": keys,
            "units": units,
            "lower": [x - 2 * scale for x in units],
            "upper": [x + 2 for x in units],
            "class": [texts[int(i * scale) % len(texts)] for i in range(n)],
            "region": [texts[i % 3] for i in range(n)],
        }
    )


def page_of(
    a: pl.DataFrame, b: pl.DataFrame, contract: Contract = CONTRACT, **names: str | int
) -> tuple[Report, str]:
    """The report and its page."""
    report = diff(a, b, contract, **names)  # type: ignore[arg-type]
    return report, render_html(report, pictures(a, b, contract))


@pytest.fixture(scope="module")
def usual() -> tuple[Report, str]:
    """A report with everything in it, and its page."""
    return page_of(version(1.0), version(1.3))


def test_page_has_every_picture_and_every_table(usual: tuple[Report, str]) -> None:
    """Headline, facts, the pictures of each kind, the tables below them."""
    report, source = usual
    page = Page(source)
    assert [text.replace("\xa0", " ") for text in page.texts["h1"]] == [visible(report.headline)]
    assert page.texts["h2"] == ["units pieces", "class", "Interval units 80 %", "Numbers"]
    assert page.texts["h3"] == [
        "How far each key moved",
        "Old against new",
        "Largest moves",
        "Change by region",
        "From label to label",
        "How the width changed",
        "How far the point moved",
    ]
    assert len(page.texts["svg"]) == len(page.texts["figcaption"]) == 7
    summaries = [text.split(",")[0].replace("\xa0", " ") for text in page.texts["summary"]]
    assert summaries[:2] == ["Keys", "Change per key"]
    assert {
        "Labels",
        "Intervals; z: move of the point in half widths",
        "Largest moves of units",
    } <= set(summaries)
    assert summaries[-1] == "Distributions as a whole"


def test_page_loads_nothing_and_runs_nothing(usual: tuple[Report, str]) -> None:
    """No script, no address, no handler, no style attribute; the policy in the page forbids all of
    them.
    """
    page = Page(usual[1])
    assert page.tags <= TAGS
    names = {name for name, _ in page.attributes}
    assert not {
        name
        for name in names
        if name.startswith("on") or name in ("href", "src", "style", "xlink:href", "id")
    }
    addresses = {
        value for _, value in page.attributes if value and re.search(r"https?:|//|url\(", value)
    }
    assert addresses == {"http://www.w3.org/2000/svg"}
    assert "url(" not in page.texts["style"][0]
    assert "@import" not in page.texts["style"][0]
    (policy,) = [value for _, value in page.attributes if value and value.startswith("default-src")]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")


def test_page_shows_names_as_they_are() -> None:
    """Keys, labels and names of files are text, whatever they contain; control characters are made
    visible.
    """
    page = Page(page_of(version(1.0), version(1.3), name_a="<a>.csv", name_b='"b".csv')[1])
    shown = set(page.texts["bdi"])
    assert {"<a>.csv", '"b".csv', visible("\x1b[31mred"), cut("漢" * 90, 60)} <= shown
    assert any(text.startswith("<script>alert(1)</script>") for text in shown)
    everything = "".join(page.texts["body"])
    assert not HIDDEN.search(everything)


def test_same_report_same_page(usual: tuple[Report, str]) -> None:
    """Another process with other hash seeds writes the same bytes."""
    program = (
        "from tests.stability.pages.test_report_html import *\n"
        "import sys; sys.stdout.buffer.write(page_of(version(1.0), version(1.3))[1].encode())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONHASHSEED": "7"},
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode() == usual[1]


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page with pictures without Altair is an error that names the extra."""
    a, b = version(1.0), version(1.3)
    monkeypatch.setitem(sys.modules, "altair", None)
    with pytest.raises(InvalidError, match=r"pip install 'estimates-store\[charts\]'") as caught:
        page_of(a, b)
    assert caught.value.code == "no_charts"


def test_a_report_alone_has_the_pictures_it_can_have() -> None:
    """Without the rows of both versions: largest moves and groups, and a note about the rest."""
    report = diff(version(1.0), version(1.3), CONTRACT)
    page = Page(render_html(report, None))
    assert page.texts["h3"] == ["Largest moves", "Change by region", "From label to label"]
    assert "drawn where both versions are at hand" in "".join(page.texts["p"])


def test_many_columns_are_cut_and_said() -> None:
    """Of 60 columns six are drawn, ten are in the terminal's table; both say so."""
    names = [f"v{i:02d}" for i in range(60)]
    contract = parse_contract(
        'name = "w"\n[key.id]\ntype = "integer"\n' + "".join(f"[columns.{n}]\n" for n in names)
    )
    a = pl.DataFrame({"id": range(5)} | {name: [1.0, 2.0, 3.0, 4.0, 5.0] for name in names})
    b = a.with_columns((pl.col(name) * (1 + i / 100)).alias(name) for i, name in enumerate(names))
    report, source = page_of(a, b, contract)
    page = Page(source)
    assert page.texts["h2"] == [*names[:6], "Numbers"]
    assert any("Largest moves and groups of v06" in text for text in page.texts["p"])
    text = render_text(report)
    assert "the 10 that moved most of 60 columns" in text
    assert "  v59" in text
    assert "  v49" not in text
    assert len(text.splitlines()) <= 75


NUMBER = st.sampled_from(
    [
        None,
        math.nan,
        math.inf,
        -math.inf,
        0.0,
        -0.0,
        1.0,
        1.01,
        -2.5,
        5e-324,
        1.7e308,
        -1.7e308,
        1e9,
    ]
)
TEXT = st.one_of(st.none(), st.sampled_from(NASTY), st.text(max_size=5))
ROW = st.tuples(NUMBER, NUMBER, NUMBER, TEXT, TEXT)
VERSION = st.dictionaries(st.one_of(st.sampled_from(NASTY), st.text(max_size=8)), ROW, max_size=12)


def frame(rows: dict[str, tuple[float | str | None, ...]]) -> pl.DataFrame:
    """A version of the demand set."""
    kinds = {"shop": pl.String, "units": pl.Float64, "lower": pl.Float64, "upper": pl.Float64}
    kinds |= {"class": pl.String, "region": pl.String}
    return pl.DataFrame([(key, *row) for key, row in rows.items()], schema=kinds, orient="row")


@given(VERSION, VERSION)
def test_every_report_can_be_read(
    old: dict[str, tuple[float | str | None, ...]], new: dict[str, tuple[float | str | None, ...]]
) -> None:
    """Text, Markdown and JSON of any two versions: printable lines that begin with the
    headline's.
    """
    report = diff(frame(old), frame(new), CONTRACT, name_a="old", name_b="new")
    text = render_text(report)
    assert not HIDDEN.search(text)
    assert "".join(text.split("\n\n")[0].split()).endswith(
        "".join(visible(report.headline).split())
    )
    # three texts of forty characters, each as wide as two, and what stands between them
    assert max(cells(line) for line in text.splitlines()) < 260
    assert render_markdown(report)
    assert render_json(report)


@examples(8)
@given(VERSION, VERSION)
def test_every_report_has_a_page(
    old: dict[str, tuple[float | str | None, ...]], new: dict[str, tuple[float | str | None, ...]]
) -> None:
    """Any two versions give a page that is well formed and holds nothing but known tags."""
    _, source = page_of(frame(old), frame(new))
    page = Page(source)
    assert page.tags <= TAGS
    assert not [
        v
        for name, v in page.attributes
        if name in ("d", "transform", "x2", "y2") and v and ("NaN" in v or "nfinity" in v)
    ]


def test_command_prints_pages(tmp_path: pytest.TempPathFactory) -> None:
    """`--format markdown` and `--format html` of a diff are the renderings; other commands have no
    such form.
    """
    files = [f"{tmp_path}/{name}.csv" for name in ("old", "new")]
    for file, value in zip(files, (1.5, 2.5), strict=True):
        pl.DataFrame({"id": ["a", "b"], "value": [1.0, value]}).write_csv(file)
    markdown = call("diff", *files, "--key", "id", "--format", "markdown")
    assert markdown.text.startswith("### ")
    html = call("diff", *files, "--key", "id", "--format", "html")
    assert "Old against new" in Page(html.text).texts["h3"]
    assert "\\u{" not in html.text  # keys stand between marks of direction, which are references
    assert ">&#x2068;b&#x2069;</text>" in html.text
    assert call("diff", *files, "--key", "id", "--changes", "--format", "html").code == 2
    refused = call("get", "set", "key", "--format", "html")
    assert (refused.code, refused.out) == (2, b"")
