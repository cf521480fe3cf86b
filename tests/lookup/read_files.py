"""Read files of any table, for tests."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import strategies as st

from estimates.contract.conform import conform, schema
from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates.keys.key_form import KeyForm
from estimates.keys.search_key import SearchKey
from estimates.lookup import read_file_writing
from estimates.lookup.read_file import ReadFile

ID = "0" * 64
awkward = st.sampled_from(
    [
        "/",
        "a/b",
        "batch",
        "ÆØÅ",
        "𝔘",
        "\x01",
        "\x1f",
        "\u2028",
        '"',
        "\\",
        " ",
        "%2F",
        "+",
        "-",
        "a",
        "ab",
    ]
)
texts = st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=6
)
parts: dict[str, st.SearchStrategy[Any]] = {
    "string": (awkward | texts).filter(lambda text: text not in (".", "..")),
    "integer": st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3),
    "date": st.dates(date(1, 1, 1), date(9999, 12, 31)),
    "timestamp": st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31, 23)).map(
        lambda t: t.replace(tzinfo=UTC)
    ),
}
values = st.none() | st.floats(allow_nan=False, allow_infinity=False)
notes = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=5)


@cache
def contract_of(kinds: tuple[str, ...]) -> Contract:
    """A contract with key columns of these types."""
    keys = "".join(f'[key.k{i}]\ntype = "{kind}"\n' for i, kind in enumerate(kinds))
    return parse_contract(
        f'name = "t"\n{keys}[columns.value]\nnullable = true\n[columns.note]\nrole = '
        '"attribute"\ntype = "string"\n'
    )


@st.composite
def tables(draw: st.DrawFn) -> tuple[Contract, dict[tuple[Any, ...], tuple[Any, Any]]]:
    """A contract and a dict from key to value and note; first parts repeat, so that prefixes have
    several rows.
    """
    kinds = tuple(draw(st.lists(st.sampled_from(sorted(parts)), min_size=1, max_size=3)))
    pools = [draw(st.lists(parts[kind], min_size=1, max_size=5, unique=True)) for kind in kinds]
    keys = st.tuples(*(st.sampled_from(pool) for pool in pools))
    return contract_of(kinds), draw(st.dictionaries(keys, st.tuples(values, notes), max_size=30))


def frame_of(contract: Contract, table: dict[tuple[Any, ...], tuple[Any, Any]]) -> pl.DataFrame:
    """The rows of a table, sorted by key."""
    rows = [(*key, *cells) for key, cells in table.items()]
    return conform(pl.DataFrame(rows, schema(contract), orient="row"), contract)


@contextmanager
def built(contract: Contract, table: dict[tuple[Any, ...], tuple[Any, Any]]) -> Iterator[ReadFile]:
    """The read file of a table, opened."""
    frame = frame_of(contract, table)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cache" / "file.lookup"
        read_file_writing.build(frame, contract.shape(), ID, path)
        assert [file.name for file in path.parent.iterdir()] == ["file.lookup"]
        yield ReadFile(path, ID)


def search(contract: Contract, *key: Any) -> SearchKey:
    """A key, or a leading part of it, as it is looked for."""
    return KeyForm(contract).search(key, partial=True)
