"""Whatever a set, a key, a column or a reason is called, on a page it is text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import polars as pl
import pytest
from litestar.testing import TestClient

from estimates.contract.contract_file import parse_contract
from estimates.store.store import Store
from estimates_api.app import create_app
from estimates_api.desk.desk_page import SCRIPT_NAME
from tests.api.desk.read_page import ReadPage
from tests.builders import make_store, provenance

SCRIPT = "<script>alert(1)</script>"
QUOTES = "\"><img src=x onerror='alert(2)'>"
LONG = "k" * 2000
TURNED = "\u202etxt.exe \u05e9\u05dc\u05d5\u05dd"
KEYS = (
    SCRIPT,
    QUOTES,
    LONG,
    TURNED,
    "{{ 7 * 7 }}",
    "</title></main><h1>",
    "a/b",
    "%3C",
    "&lt;",
)
COLUMN = "<b onclick=x>value</b>"
CONTRACT = f"""\
name = "hostile"
description = '''{SCRIPT}'''
owner = '''{QUOTES}'''
[key.name]
type = "string"
description = '''{SCRIPT}'''
['columns'.'{COLUMN}']
unit = "<i>"
description = '''{QUOTES}'''
[about]
tags = ['''{SCRIPT}''', '''{QUOTES}''']
contact = '''{SCRIPT}'''
docs = '''{SCRIPT} [x](javascript:alert) ![y](http://elsewhere/z.png) {{{{ 7 * 7 }}}}'''
[about.links]
'{SCRIPT}' = "https://example.org/%22%3E"
[about.examples]
'{SCRIPT}' = '''{QUOTES}'''
"""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient[Any]]:
    """The app over a store in which everything has a name that tries a page."""
    store: Store = make_store(tmp_path_factory.mktemp("hostile") / "store", actor=SCRIPT)
    store.define(parse_contract(CONTRACT), CONTRACT)
    for number, level in ((1, 100.0), (2, 100.001)):
        frame = pl.DataFrame({"name": KEYS, COLUMN: [level + i for i in range(len(KEYS))]})
        store.publish("hostile", frame, provenance(f"{SCRIPT}{number}", number))
        store.judge("hostile", number)
        store.promote("hostile", number, reason=QUOTES)
    with TestClient(create_app(store), raise_server_exceptions=False) as client:
        yield client
    store.catalog.engine.dispose()


@pytest.mark.parametrize(
    "path",
    [
        "/",
        f"/?q={quote(SCRIPT)}",
        "/events",
        "/sets/hostile",
        "/sets/hostile/versions/2",
        "/sets/hostile/verdicts/2",
        "/sets/hostile/diff",
        "/sets/hostile/keys",
        f"/sets/hostile/keys?begins={quote(SCRIPT)}",
        f"/keys?q={quote(QUOTES)}",
        "/keys?q=%3C",
        "/sets/hostile/diff/1/2",
        "/sets/hostile/stability",
        "/sets/hostile/accuracy",
        f"/sets/{quote(SCRIPT, safe='')}",
        f"/events?set={quote(QUOTES)}",
        f"/sets/hostile/versions/2?k1={quote(QUOTES)}",
        *(f"/sets/hostile/keys/{quote(key, safe='')}" for key in KEYS),
    ],
)
def test_names_stay_text(hostile: TestClient[Any], path: str) -> None:
    """No name becomes an element, an attribute or an end of one, on any page, problems too."""
    response = hostile.get(path)
    assert response.status_code < 500, response.text[-3000:]
    read = ReadPage(path, response.text)
    assert not {"b", "i"} & set(read.tags)
    assert read.tags.count("script") == 1
    assert {value for name, value in read.attributes if name == "src"} <= {
        "sets/hostile/stability.svg",
        *(value for _, value in read.attributes if value.endswith(SCRIPT_NAME)),
    }
    assert not {name for name, _ in read.attributes if name.startswith("on")}
    assert read.tags.count("h1") == 1
    assert read.tags.count("main") == 1
    assert "\u202e" not in response.text
    assert "49" not in read.text.split()


def test_each_key_has_its_page(hostile: TestClient[Any]) -> None:
    """From the table of a version every key is reached, whatever it is made of."""
    read = ReadPage("/sets/hostile/versions/2", hostile.get("/sets/hostile/versions/2").text)
    links = list(dict.fromkeys(link for link in read.links if "/keys/" in link))
    assert len(links) == len(KEYS)
    assert [hostile.get(link).status_code for link in links] == [200] * len(KEYS)
