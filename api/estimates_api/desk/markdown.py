"""Markdown of a contract as HTML: what people write stays text where it could be more than that."""

from __future__ import annotations

from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

_DEEPER = 2  # a page has its own first headings
_DEEPEST = 6
# Without HTML; a picture would be a file of another host.
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


def markdown(text: str) -> Markup:
    """HTML without elements, addresses or scripts of the text's own but those of Markdown."""
    tokens = _MARKDOWN.parse(text)
    for token in _all(tokens):
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1:]) + _DEEPER, _DEEPEST)}"
        if token.type == "link_open":
            token.attrSet("rel", "noreferrer")
        if token.type in ("th_open", "td_open"):
            token.attrs.pop("style", None)
    return Markup(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))


def _all(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _all(token.children or [])
