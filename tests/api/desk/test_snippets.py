"""What a set's page says about reading it from other programs is run, by these programs."""

from __future__ import annotations

import csv
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec
import polars as pl
import pytest

from estimates.contract.contract_file import parse_contract
from estimates_api.desk.snippets import snippets
from tests.api.served import ODD, ODD_KEYS, started
from tests.builders import make_store, provenance

pytest_plugins = ("tests.api.fixtures",)
pytestmark = pytest.mark.slow

NAME = "0.a_-..b"
KEYS = (
    "'",
    '"',
    "`touch broken`",
    "$(touch broken)",
    "\\",
    "a\nb",
    "{a,b}[1-3]",
    "\u202etxt \u05e9\u05dc",
    "\U0001f600",
    "\u2028",
    "#{x} ${x}",
    "k" * 2000,
)
SOURCE = f'name = "{NAME}"\n[key.name]\ntype = "string"\n[columns.score]\nrole = "score"\n'
DUCKDB = f"""#!{sys.executable}
import duckdb, sys
assert sys.argv[1] == "-c"
for row in duckdb.sql(sys.argv[2]).fetchall():
    print(row[-1])
"""


class Reader(NamedTuple):
    """A service, a set of it, and where its snippets are run; secret: of the token it wants."""

    url: str
    name: str
    rows: int
    folder: Path
    secret: str | None

    def snippet(self, program: str, key: list[str]) -> str:
        """What is to be copied for a program."""
        shown = snippets(self.url, self.name, key, with_token=self.secret is not None)
        return next(snippet.text for snippet in shown if snippet.program == program)

    def run(self, *command: str, text: str | None = None) -> str:
        """What a program prints, in the folder."""
        path = f"{self.folder}:{os.environ['PATH']}"
        secret = {} if self.secret is None else {"ESTIMATES_TOKEN": self.secret}
        done = subprocess.run(
            command,
            input=text,
            env=os.environ | {"PATH": path} | secret,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module", params=["anybody", "tokens"])
def reader(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Reader]:
    """A set that anybody may read, and one for whoever has a token, with names that try a shell."""
    folder = tmp_path_factory.mktemp("copied")
    duckdb = folder / "duckdb"  # the command line of DuckDB is no package of Python
    duckdb.write_text(DUCKDB)
    duckdb.chmod(0o755)
    if request.param == "anybody":
        server: httpx.Client = request.getfixturevalue("server")
        yield Reader(str(server.base_url).rstrip("/"), ODD, len(ODD_KEYS), folder, None)
        return
    store = make_store(folder / "store")
    store.define(parse_contract(SOURCE), SOURCE)
    scores = [i / 100 for i in range(len(KEYS))]
    store.publish(NAME, pl.DataFrame({"name": KEYS, "score": scores}), provenance("one"))
    store.judge(NAME, 1)
    store.promote(NAME, 1, reason="test")
    secret = store.create_token("ann", may=("read", "metrics")).secret
    with started(folder / "store", secret=secret) as served:
        yield Reader(served.url, NAME, len(KEYS), folder, secret)
    store.catalog.engine.dispose()


def keys_of(reader: Reader) -> list[tuple[list[str], float]]:
    """Each key and its score."""
    if reader.secret is None:
        return [([name, str(i)], 0.5 + i / 100) for i, name in enumerate(ODD_KEYS)]
    return [([name], i / 100) for i, name in enumerate(KEYS)]


def test_curl(reader: Reader) -> None:
    """Each key is answered in a shell, whatever it is made of, and a file has the version."""
    for key, score in keys_of(reader):
        first, _ = reader.snippet("curl", key).split("\n")
        row = msgspec.json.decode(reader.run("bash", "-euc", f"{first} -s"))
        assert row["estimate"]["score"] == score
    reader.run("bash", "-euc", reader.snippet("curl", key))
    assert pl.read_parquet(reader.folder / f"{reader.name}.parquet").height == reader.rows
    assert not (reader.folder / "broken").exists()


def test_python(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client answers each key, and the whole version as a frame."""
    if reader.secret is not None:
        monkeypatch.setenv("ESTIMATES_TOKEN", reader.secret)
    for key, score in keys_of(reader):
        shared: dict[str, Any] = {}
        exec(reader.snippet("Python", key), shared)
        assert shared["answer"]["score"] == score
        assert shared["table"].height == reader.rows


def test_duckdb(reader: Reader) -> None:
    """DuckDB reads the file that was fetched; no extension is needed."""
    keys = keys_of(reader)
    key = keys[0][0]
    printed = reader.run("bash", "-euc", reader.snippet("DuckDB", key)).split()
    assert float(printed[0]) in {score for _, score in keys}
    assert len(printed) == min(10, reader.rows)


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="there is no R on this machine")
def test_r(reader: Reader) -> None:
    """R reads each key with jsonlite, and the whole version as a data frame."""
    lines = [
        f'{reader.snippet("R", key)}\ncat(row$score, nrow(table), "\\n")'
        for key, _ in keys_of(reader)
    ]
    (reader.folder / "copied.R").write_text("\n".join(lines), encoding="utf-8")
    printed = reader.run("Rscript", "--vanilla", "copied.R").split()
    numbers = [number for _, score in keys_of(reader) for number in (score, reader.rows)]
    assert [float(word) for word in printed] == pytest.approx(numbers)


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node on this machine")
def test_javascript(reader: Reader) -> None:
    """A module reads each key."""
    blocks = [
        f"{{\n{reader.snippet('JavaScript', key)}\nconsole.log(estimate.score);\n}}"
        for key, _ in keys_of(reader)
    ]
    printed = reader.run("node", "--input-type=module", text="\n".join(blocks))
    assert [float(line) for line in printed.split()] == [score for _, score in keys_of(reader)]


def test_excel(reader: Reader) -> None:
    """The address for Excel answers CSV with a line of names, and lines of numbers below it."""
    headers = {} if reader.secret is None else {"authorization": f"Bearer {reader.secret}"}
    answer = httpx.get(reader.snippet("Excel", ["KEY"]), headers=headers)
    names, *rows = csv.reader(io.StringIO(answer.text))
    assert names[-1] == "score"
    assert len(rows) == reader.rows


def test_the_page_shows_them(server: httpx.Client) -> None:
    """What the page of a set shows is what these tests run."""
    page = unescape(server.get(f"/sets/{ODD}").text)
    base = str(server.base_url).rstrip("/")
    key = server.get(f"/v1/sets/{ODD}/estimates?limit=1").json()["estimates"][0]
    shown = snippets(base, ODD, [key["name"], str(key["step"])], with_token=False)
    assert all(snippet.text in page for snippet in shown)
