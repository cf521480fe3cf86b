"""How to read a set from other programs: text to copy, which a test runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from estimates_api.desk.links import answer_path

_SENT = "Authorization: Bearer $ESTIMATES_TOKEN"


class Snippet(NamedTuple):
    """Text to copy for one program."""

    program: str
    text: str
    note: str = ""


def snippets(base: str, name: str, key: Sequence[str] | None, *, with_token: bool) -> list[Snippet]:
    """How to read a set. Names of sets have no quotes, and URLs are percent-encoded.

    base        the address of the service, without a slash at its end
    key         of an estimate there is; None where there is none
    with_token  whether the service wants to know who reads; ESTIMATES_TOKEN has the secret then
    """
    data = f"{base}{answer_path(name, 'versions', 'production', 'data')}"
    row = f"{base}{answer_path(name, 'estimates', *(key or ['KEY']))}"
    curl = f'curl -f -H "{_SENT}"' if with_token else "curl -f"
    return [
        Snippet("curl", f"{curl} '{row}'\n{curl} -o {name}.parquet '{data}'"),
        Snippet("Python", _python(base, name, key or ["KEY"], with_token)),
        Snippet(
            "DuckDB",
            f"{curl} -o {name}.parquet '{data}'\n"
            f"duckdb -c \"SELECT * FROM '{name}.parquet' LIMIT 10\"",
            "With the extension httpfs read_parquet reads the address itself.",
        ),
        Snippet(
            "R",
            _r(data, row, with_token),
            "Columns of codes such as 01 need colClasses, or arrow::read_parquet.",
        ),
        Snippet(
            "JavaScript",
            _javascript(row, with_token),
            "integers=string keeps integers beyond 2^53.",
        ),
        Snippet(
            "Excel",
            f"{data}?format=csv",
            "Data, From Web: paste the address"
            + (", under Advanced the header Authorization: Bearer and the token" * with_token)
            + "; under Transform Data make codes text.",
        ),
    ]


def _python(base: str, name: str, key: Sequence[str], with_token: bool) -> str:
    imports = "import os\n\n" if with_token else ""
    token = ', token=os.environ["ESTIMATES_TOKEN"]' if with_token else ""
    parts = ", ".join(map(repr, key))
    return (
        f"{imports}from estimates.client import Client  # pip install 'estimates-store[client]'\n"
        f'\nwith Client("{base}"{token}) as client:\n'
        f'    answer = client["{name}"].get({parts})\n'
        f'    table = client["{name}"].frame()  # needs polars'
    )


def _r(data: str, row: str, with_token: bool) -> str:
    if not with_token:
        return (
            f'table <- read.csv("{data}?format=csv")\nrow <- jsonlite::fromJSON("{row}")$estimate'
        )
    return (
        'who <- c(Authorization = paste("Bearer", Sys.getenv("ESTIMATES_TOKEN")))\n'
        f'table <- read.csv(url("{data}?format=csv", headers = who))\n'
        f'row <- jsonlite::fromJSON(url("{row}", headers = who))$estimate'
    )


def _javascript(row: str, with_token: bool) -> str:
    headers = "headers: {authorization: `Bearer ${process.env.ESTIMATES_TOKEN}`}"
    options = f", {{{headers}}}" if with_token else ""
    return (
        f'const answer = await fetch("{row}"{options});\nconst {{estimate}} = await answer.json();'
    )
