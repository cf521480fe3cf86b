"""A page as a program sees it: its links, its exact numbers and times, its text."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin


class ReadPage(HTMLParser):
    """What a page holds.

    links     where it leads, as paths of the service
    numbers   the exact values of `<data>`; times: those of `<time>`
    tags      the names of its elements; attributes: names and values of all of them
    """

    def __init__(self, path: str, html: str) -> None:
        super().__init__()
        self.path = path
        self.links: list[str] = []
        self.numbers: list[Any] = []
        self.times: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self._text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        values = dict(attrs)
        for name in ("href", "src", "action"):
            target = values.get(name)
            if target is not None:
                self.links.append(urljoin(self.path, target).partition("#")[0])
        if tag == "data":
            self.numbers.append(json.loads(values["value"] or "null"))
        if tag == "time":
            self.times.append(values["datetime"] or "")

    def handle_data(self, data: str) -> None:
        """Note text."""
        self._text.append(data)

    @property
    def text(self) -> str:
        """What a person reads."""
        return " ".join("".join(self._text).split())
