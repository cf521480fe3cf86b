"""Markdown: what a comment on a pull request shows."""

from __future__ import annotations

import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from estimates.contract.contract_file import parse_contract
from estimates.render.markdown import escaped
from estimates.render.wording import visible
from estimates.stability.diff import diff
from estimates.stability.pages.report_markdown import render_markdown
from tests.stability.pages.demand import CONTRACT, version

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
MARKS = st.text(
    st.one_of(
        st.sampled_from("\\`*_{}[]()#+-.!|~$@:<>&1a w/\n\x1b\u202e"), st.characters(codec="utf-8")
    )
)


@given(MARKS)
def test_escaped_text_shows_itself(text: str) -> None:
    """In a cell of a table any text is shown as it is, formats nothing, and stays in its cell."""
    tokens = PARSER.parse(f"| h |\n| :-- |\n| {escaped(text)} |\n| end |\n")
    cells = [token for token in tokens if token.type == "inline"]
    assert len(cells) == 3
    children = cells[1].children or []
    assert {child.type for child in children} <= {"text", "text_special"}
    shown = "".join(child.content for child in children).replace("\u200b", "")
    assert " ".join(shown.split()) == " ".join(visible(text).split())


def test_nobody_is_mentioned_and_nothing_is_linked() -> None:
    """Names after @, numbers after #, addresses and emoji are text."""
    text = escaped("@team #12 https://a.b www.c.d :tada: x@y.z")
    assert text == "@&#8203;team #&#8203;12 https\\://a.b www\\.c.d \\:tada: x@&#8203;y.z"


def test_page() -> None:
    """Headline and short tables are open, largest moves and groups are folded."""
    a, b = (
        version([10.0, 20.0, 30.0, 40.0], "xxyy"),
        version([10.0, 22.0, None, 40.0], "xzyy", "abce"),
    )
    page = render_markdown(diff(a, b, CONTRACT, name_a=1, name_b=2))
    assert page.startswith(
        "### demand  version 1 → version 2\n\n**units changed on 50.0 % of 2 keys"
    )
    assert "| units \\[pieces\\] | 2 | 66.7 % | 5.00 % |" in page
    assert re.findall(r"^#### (.*)$", page, re.MULTILINE)[0] == "Keys"
    folded = re.findall(r"^<details>\n<summary>(.*)</summary>\n\n", page, re.MULTILINE)
    assert folded[2:4] == ["Largest moves of units", "units by shop"]
    assert page.count("<details>") == page.count("\n\n</details>") == len(folded)


@pytest.mark.slow
def test_a_page_fits_into_a_comment() -> None:
    """A set of many columns and groups is cut, and says so."""
    columns = [f"v{i:02d}" for i in range(60)]
    groups = [f"g{i}" for i in range(8)]
    toml = 'name = "wide"\n[key.id]\ntype = "integer"\n' + "".join(
        f"[columns.{name}]\n" for name in columns
    )
    toml += "".join(f'[columns.{name}]\nrole = "attribute"\ntype = "string"\n' for name in groups)
    contract = parse_contract(toml + f"[stability]\ngroups = {groups}")
    rows = {"id": range(60)} | {name: [float(i + 1) for i in range(60)] for name in columns}
    rows |= {name: [f"{'long ' * 12}{i}" for i in range(60)] for name in groups}
    a = pl.DataFrame(rows)
    page = render_markdown(diff(a, a.with_columns(pl.col(columns) * 1.5), contract))
    assert len(page) < 65_536
    assert "the 25 that moved most of 60 columns" in page
    assert "left out; the JSON has everything" in page
    assert "v02" not in re.findall(r"Largest moves and groups of (.*) are in the JSON", page)[0]
