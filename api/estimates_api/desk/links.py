"""Relative URLs: a page works below any path of a proxy, and as a file of a folder."""

from __future__ import annotations

from collections.abc import Iterable

from estimates.client.urls import segment, url


def segments(*parts: object) -> str:
    """Path segments, each percent-encoded; raises InvalidError (`bad_path`) for an empty one."""
    return "/".join(segment(str(part)) for part in parts)


def set_path(name: str, *parts: object) -> str:
    """The page of a set, or one below it."""
    return f"/sets/{segments(name, *parts)}"


def key_path(name: str, key: Iterable[object]) -> str:
    """The page of a key."""
    return set_path(name, "keys", *key)


def answer_path(name: str, *parts: object) -> str:
    """The answer under /v1 about a set, or one below it."""
    return f"/v1/sets/{segments(name, *parts)}"


class Links:
    """Writes the links of one page.

    path    of the page, as it was sent
    as_of   the moment that the reader chose, which every link to a page keeps; None: now
    """

    def __init__(self, path: str, as_of: str | None) -> None:
        self.path = path
        self.as_of = as_of
        self._up = "../" * (path.count("/") - 1)

    def page(self, path: str, /, **query: object) -> str:
        """The link to a page, at the moment of this one."""
        return self.to(path, **({"as_of": self.as_of} | query))

    def to(self, path: str, /, **query: object) -> str:
        """The link to anything else that the service answers."""
        return (self._up + url(path, query).removeprefix("/")) or "./"
