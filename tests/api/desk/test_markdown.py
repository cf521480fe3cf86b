from __future__ import annotations

import pytest

from estimates_api.desk.markdown import markdown
from tests.api.desk.read_page import ReadPage


def test_markdown_becomes_html() -> None:
    """Emphasis, lists, code, links and tables; headings go below those of the page."""
    read = ReadPage("/", markdown("# A\n**b** `c`\n\n- d\n\n|x|\n|:-:|\n|y|\n\n[e](https://f)"))
    assert {"h3", "strong", "code", "li", "table", "a"} <= set(read.tags)
    assert ("href", "https://f") in read.attributes
    assert "h1" not in read.tags


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "![x](https://example.org/x.png)",
        '[x](https://a "\\" onclick=alert(1)")',
        "|a|\n|:--|\n|<b onclick=x>|",
        "<javascript:alert(1)>",
    ],
)
def test_what_could_be_more_stays_text(text: str) -> None:
    """No element of the text's own, no script, no picture of another host, no style."""
    read = ReadPage("/", markdown(text))
    assert not {"script", "img", "b"} & set(read.tags)
    names = {name for name, _ in read.attributes}
    assert not {name for name in names if name.startswith("on") or name in ("style", "src")}
    assert not [link for link in read.links if link.startswith(("javascript:", "data:"))]
