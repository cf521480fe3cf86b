"""Pieces of a page that stands alone."""

from __future__ import annotations

import base64
import hashlib
import re

from estimates.render.html import document, escaped, figure, isolated, legend, note, table
from estimates.render.section import Section


def test_text_is_escaped_and_keeps_its_percent_sign() -> None:
    """Marks of HTML are text; a number and its sign stay on one line."""
    assert escaped("<b> & 5 %") == "&lt;b&gt; &amp; 5\u00a0%"
    assert note("a < b") == '<p class="note">a &lt; b</p>'


def test_names_from_data_are_isolated_and_cut() -> None:
    """Letters that run to the left turn nothing around them."""
    assert isolated("שלום") == "<bdi>שלום</bdi>"
    assert isolated("x" * 200) == "<bdi>" + "x" * 119 + "…</bdi>"


def test_the_policy_allows_the_own_style_alone() -> None:
    """The digest in the policy is that of the style in the page."""
    page = document("title", "<p>body</p>")
    style = re.search("<style>(.*)</style>", page, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in page


def test_tables_tell_words_from_numbers() -> None:
    """The leading columns are words; notes stand below."""
    section = Section("s", "T", header=["key", "n"], rows=[["<a>", "1"]], notes=["few"])
    html = table(section, whole=True)
    assert '<td class="words short"><bdi>&lt;a&gt;</bdi></td><td>1</td>' in html
    assert html.startswith('<details open class="whole"><summary>T</summary>')
    assert html.endswith('<p class="note">few</p></details>')


def test_pictures_have_a_name_and_a_caption() -> None:
    """A reader who does not see the picture hears its name."""
    html = figure("How far", "<svg width='1'/>", "5 % moved", legend("within", "beyond"))
    assert '<svg role="img" aria-label="How far" width' in html
    assert html.endswith("<figcaption>5\u00a0% moved</figcaption>\n</figure>")
    assert '<i class="within"></i>within <i class="beyond"></i>beyond' in html


def test_bars_and_long_texts_stand_to_the_left() -> None:
    """A bar grows from the left, and a long text folds, also behind the columns that name a row."""
    row = ["a", "1", "███ rolled back", "from 2026-11-30 12:03Z until 2026-11-30 12:04Z"]
    page = table(Section("s", "S", header=["key", "n", "", "when"], rows=[row]), whole=True)
    assert '<td>1</td><td class="words short"><bdi>███ rolled back</bdi></td>' in page
    assert '<td class="words"><bdi>from <span class="short">2026-11-30 12:03Z</span> until' in page
