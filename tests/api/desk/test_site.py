from __future__ import annotations

import asyncio
from pathlib import Path

from estimates.store.store import Store
from estimates_api.app import create_app
from estimates_api.desk.answers import Answer
from estimates_api.desk.site import pages_of, write
from tests.api.desk.read_page import ReadPage

pytest_plugins = ("tests.api.fixtures",)


def test_pages_are_files_that_link_each_other(filled: Store, tmp_path: Path) -> None:
    """From the first page by links alone; every link of a file is one of the files, or a web
    address, and no page needs a service.
    """

    async def crawled() -> dict[str, Answer]:
        app = create_app(filled)
        async with app.lifespan():
            return await pages_of(app, ["closes"])

    saved = asyncio.run(crawled())
    write(saved, tmp_path)
    files = {file.name for file in tmp_path.iterdir()}
    assert {"index.html", "icon.svg"} <= files
    assert {"/sets/closes/versions/4", "/sets/closes/verdicts/5"} <= saved.keys()
    for file in tmp_path.glob("*.html"):
        text = file.read_text(encoding="utf-8")
        read = ReadPage("", text)
        assert "form" not in read.tags
        assert "data-events" not in text
        assert {link for link in read.links if link and "://" not in link} <= files, file.name
