"""How to read a set from other programs: text to copy."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from estimates_api.desk.links import answer_path


class Snippet(NamedTuple):
    """Text to copy for one program."""

    program: str
    text: str
    note: str = ""


def snippets(base: str, name: str, key: Sequence[str] | None) -> list[Snippet]:
    """How to read a set.

    base  the address of the service, without a slash at its end
    key   of an estimate there is; None where there is none
    """
    data = f"{base}{answer_path(name, 'versions', 'production', 'data')}"
    row = f"{base}{answer_path(name, 'estimates', *(key or ['KEY']))}"
    parts = ", ".join(
        json.dumps(part, ensure_ascii=not part.isprintable()) for part in key or ["KEY"]
    )
    quoted = row.replace("'", "%27")
    return [
        Snippet("curl", f"curl '{quoted}'\ncurl -o {name}.parquet '{data}'"),
        Snippet(
            "Python",
            "from estimates.client import Client  # pip install 'estimates-store[client]'\n\n"
            f'with Client("{base}") as client:\n    answer = client["{name}"].get({parts})\n\n'
            f'import polars\n\ntable = polars.read_parquet("{data}")',
        ),
        Snippet("DuckDB", f"INSTALL httpfs;\nLOAD httpfs;\nSELECT * FROM read_parquet('{data}');"),
        Snippet(
            "R",
            f'table <- read.csv("{data}?format=csv")\nrow <- jsonlite::fromJSON("{row}")$estimate',
            "Columns of codes such as 01 need colClasses, or arrow::read_parquet.",
        ),
        Snippet(
            "JavaScript",
            f'const answer = await fetch("{row}");\nconst {{ estimate }} = await answer.json();',
            "integers=string keeps integers beyond 2^53.",
        ),
        Snippet(
            "Excel",
            f"{data}?format=csv",
            "Data, From Web: paste the address; under Transform Data make codes text.",
        ),
    ]
