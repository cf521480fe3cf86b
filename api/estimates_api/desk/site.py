"""The desk's pages of some sets as files: `python -m estimates_api.desk.site FOLDER SET…`, which
prints how many there are.

Links between the files are relative, so that they can be read from a folder, an artifact of CI or
an archive; what only a service can answer is no link there, and there are no forms.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import sys
from collections.abc import Sequence
from html import escape, unescape
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from litestar import Litestar

from estimates.access.access_rules import AccessRules
from estimates.errors import FULL, EstimatesError
from estimates.render.wording import visible_lines
from estimates_api.app import create_app
from estimates_api.desk.answers import Answer, call
from estimates_api.desk.links import set_path

MOST_PAGES = 1000
_MOST_KEYS = 200
_TRIES = 120  # a page that is still being computed is asked for again, once a second
_LINK = re.compile(r'(href|src)="([^"]*)"')
_FORM = re.compile(r"<form\b.*?</form>", re.DOTALL)
_EVENTS = re.compile(r' data-(?:events|kinds)="[^"]*"')


async def pages_of(app: Litestar, names: Sequence[str]) -> dict[str, Answer]:
    """By path all pages of these sets that links lead to, at most MOST_PAGES; key pages are few of
    them, since there may be millions.

    Raises what the first page of a set answers as a problem: SystemExit with its words.
    """
    first = [set_path(name) for name in names]
    waiting, saved, keys = [*first], dict[str, Answer](), 0
    while waiting and len(saved) < MOST_PAGES:
        path = waiting.pop(0)
        keys += "/keys/" in path
        if path in saved or ("/keys/" in path and keys > _MOST_KEYS):
            continue
        answer = await _answer(app, path)
        if answer.status != 200:
            if path in first:
                sys.exit(f"{path}: {answer.problem().get('detail', answer.status)}")
            continue
        saved[path] = answer
        if answer.headers["content-type"].startswith("text/html"):
            links = (_target(path, link) for _, link in _LINK.findall(answer.body.decode()))
            waiting += [link for link in links if link is not None and _belongs(link, first)]
    return saved


def write(saved: dict[str, Answer], folder: Path) -> None:
    """Write the files; `index.html` is the page of the first set."""
    folder.mkdir(parents=True, exist_ok=True)
    names = {path: _file_name(path, answer) for path, answer in saved.items()}
    names[next(iter(saved))] = "index.html"
    for path, answer in saved.items():
        body = answer.body
        if names[path].endswith(".html"):
            body = _still(path, body.decode(), names).encode()
        (folder / names[path]).write_bytes(body)


def _belongs(path: str, first: Sequence[str]) -> bool:
    return path.startswith("/desk/") or any(
        path == page or path.startswith(f"{page}/") for page in first
    )


def _target(path: str, link: str) -> str | None:
    """The path that a link of a page leads to; None where it asks something or leaves the desk."""
    parts = urlsplit(unescape(link))
    if parts.scheme or parts.netloc or parts.query or not parts.path:
        return None
    return urljoin(path, parts.path)


def _still(path: str, page: str, names: dict[str, str]) -> str:
    """A page without what needs a service."""

    def local(match: re.Match[str]) -> str:
        name, link = match.groups()
        target = _target(path, link)
        if target in names:
            fragment = urlsplit(unescape(link)).fragment
            return f'{name}="{escape(names[target])}{"#" + escape(fragment) if fragment else ""}"'
        outside = link.startswith(("#", "http:", "https:", "mailto:"))
        return match.group(0) if outside else f'data-{name}=""'

    return _LINK.sub(local, _EVENTS.sub("", _FORM.sub("", page)))


def _file_name(path: str, answer: Answer) -> str:
    if path.startswith("/desk/"):
        return path.removeprefix("/desk/")
    words = re.sub(r"[^A-Za-z0-9._-]+", "-", path.removeprefix("/sets/")).strip("-.")[:80]
    digest = hashlib.sha256(path.encode()).hexdigest()[:8]
    kind = "html" if answer.headers["content-type"].startswith("text/html") else "svg"
    return f"{words}-{digest}.{kind}"


async def _answer(app: Litestar, path: str) -> Answer:
    for _ in range(_TRIES):
        answer = await call(app, path)
        if answer.status != 202:
            return answer
        await asyncio.sleep(1)
    return answer


async def _main(folder: Path, names: Sequence[str]) -> int:
    app = create_app(rules=AccessRules())  # who gets the files is no reader of a service
    async with app.lifespan():
        saved = await pages_of(app, names)
    write(saved, folder)
    return len(saved)


if __name__ == "__main__":
    try:
        count = asyncio.run(_main(Path(sys.argv[1]), sys.argv[2:]))
    except EstimatesError as error:
        sys.exit(visible_lines(str(error)))
    except OSError as error:  # of the folder, such as a disk that is full
        print(visible_lines(f"error: {error.filename}: {error.strerror}"), file=sys.stderr)
        sys.exit(3 if error.errno in FULL else 2)
    print(count)
