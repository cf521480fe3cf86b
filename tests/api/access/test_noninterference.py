"""What a reader of some keys or columns is answered does not depend on the others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from litestar.testing import TestClient

from estimates.access.access_rules import AccessRules
from estimates.access.grant import Grant
from estimates.contract.contract_file import parse_contract
from estimates.store.store import Store
from estimates_api.app import create_app
from tests.builders import make_store, provenance

NAME = "demand"
_CONTRACT = """\
name = "demand"
[key.shop]
type = "string"
[key.item]
type = "integer"
[columns.units]
role = "point"
[columns.margin]
role = "point"
[columns.note]
role = "attribute"
type = "string"
"""
READERS = {
    "shop": [Grant(NAME, "shop", ("0412",))],
    "units": [Grant(NAME, columns=("units",))],
}
_OF_KEYS = ("0412/1", "0413/1", "0413/9", "0412/9", "%30413/1")
_PAGES = (
    *("", "shop=0412", "shop=0413", "item=1", "shop=0412..0413", "note=x0", "shop=0412&note=a"),
    *("units=210..", "margin=10.1..", "shop=0412&units=101..", "shop=0412&margin=10.1.."),
    *(
        "order=-margin",
        "order=units",
        "shop=0412&order=margin",
        "shop=0412&order=-units",
        "fields=margin",
    ),
    *("fields=", "shop=0412&fields=margin,units", "shop=0412&limit=1", "shop=0412&standing=true"),
    *("shop=0412&release=0", "shop=0412&lag=0d", "shop=0412&integers=string"),
)
_BATCHES: tuple[dict[str, Any], ...] = (
    *({"keys": [[shop, 1]]} for shop in ("0412", "0413", "9999")),
    {"keys": [["0412", 1], ["0413", 1]]},
    {"keys": [["0412", 1]], "fields": ["margin"]},
    {"keys": [["0413", 1]], "fields": ["units"]},
    {"keys": [], "fields": ["margin"]},
    {"keys": [[["0413"], 1]]},
)
_OTHERS = (
    *("/v1/sets", "/v1/events", f"/v1/events?set={NAME}", "/events", "/keys?q=x", "/keys?q=041"),
    *(f"/sets/{NAME}{rest}" for rest in ("", "/keys?q=041", "/diff", "/diff/1/2", "/stability")),
    *(f"/sets/{NAME}/{part}/2" for part in ("versions", "verdicts")),
    *(f"/v1/sets/{NAME}{rest}" for rest in ("", "/schema", "/versions", "/keys", "/triangle")),
    *(f"/v1/sets/{NAME}/{rest}" for rest in ("stability", "frozen", "accuracy", "diff?from=1")),
    *(f"/v1/sets/{NAME}/keys/{shop}?begins=1" for shop in ("0412", "0413")),
    *(f"/v1/sets/{NAME}/versions/2{rest}" for rest in ("", "/verdict", "/data")),
    f"/v1/sets/{NAME}/versions/2/ranking?by=units",
)


def paths() -> Iterator[str]:
    """What is asked."""
    yield from _OTHERS
    of_set = f"/v1/sets/{NAME}"
    yield from (f"{of_set}/estimates?{query}" for query in _PAGES)
    yield from (f"/sets/{NAME}/keys/{key}" for key in _OF_KEYS[:2])
    for key in _OF_KEYS:
        yield from (f"{of_set}/estimates/{key}{query}" for query in ("", "?fields=margin"))
        yield from (f"{of_set}/history/{key}{query}" for query in ("", "?chain=true"))
        yield from (f"{of_set}/{route}/{key}" for route in ("triangle", "explain", "outcome"))


def rows(day: int, hidden: float, reader: str) -> pl.DataFrame:
    """Two shops; what the reader may not read depends on `hidden`."""
    other, margin = (hidden, 0.0) if reader == "shop" else (0.0, hidden)
    return pl.DataFrame(
        {
            "shop": ["0412", "0412", "0413", "0413"],
            "item": [1, 2, 1, 2],
            "units": [100.0 + day, 110.0, 200.0 + other * day, 210.0 - other],
            "margin": [10.0 + margin, 10.0, 40.0 + hidden, 50.0 - hidden * day],
            "note": ["a", "b", f"x{other:g}", "y"] if reader == "shop" else [f"{hidden:g}"] * 4,
        }
    )


def client_of(folder: Path, hidden: float, reader: str) -> TestClient[Any]:
    """The app over a store with two versions, asked by the reader."""
    store: Store = make_store(folder)
    store.define(parse_contract(_CONTRACT), _CONTRACT)
    for day in (0, 1):
        store.publish(NAME, rows(day, hidden, reader), provenance(f"day {day}", day))
        store.judge(NAME, day + 1)
        store.promote(NAME, day + 1, reason="test")
    secret = store.create_token("reader", grants=READERS[reader]).secret
    app = create_app(store, AccessRules("tokens"))
    client = TestClient(app, raise_server_exceptions=False)
    client.headers["authorization"] = f"Bearer {secret}"
    return client


def seen(answer: Any) -> tuple[int, str]:
    """What is told of an answer beside moments and digests, pictures of moments, and cursors, which
    are digests too.
    """
    text = re.sub(r"(?s)<svg.*?</svg>|<time.*?</time>", "", answer.text)
    text = re.sub(r"\d{4}-\d\d-\d\d[T ][\d:.]+Z?", "(moment)", text)
    text = re.sub(r"[0-9a-f]{16,}|Wz[\w-]{10,}", "(digest)", text)
    return answer.status_code, f"{answer.headers.get('estimates-total')} {text}"


@pytest.mark.parametrize("reader", READERS)
def test_answers_say_nothing_of_what_may_not_be_read(reader: str, tmp_path: Path) -> None:
    """Two stores that differ in nothing else give the same answers, refusals and counts."""
    with (
        client_of(tmp_path / "one", -0.25, reader) as left,
        client_of(tmp_path / "other", 0.25, reader) as right,
    ):
        statuses = set[int]()
        for path in paths():
            accept = {"accept": "text/html" if path.startswith(("/sets", "/keys")) else "*/*"}
            answers = [seen(c.get(path, headers=accept)) for c in (left, right)]
            assert answers[0] == answers[1], path
            statuses.add(answers[0][0])
        for batch in _BATCHES:
            answers = [
                seen(c.post(f"/v1/sets/{NAME}/estimates", json=batch)) for c in (left, right)
            ]
            assert answers[0] == answers[1], batch
    assert statuses == {200, 400, 403, 404}
