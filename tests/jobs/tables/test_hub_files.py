"""A hub's files as teams write them: however it is written, a forecast is the same version."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from estimates.catalog.records import InputDigest, Provenance
from estimates.contract.contract_file import parse_contract
from estimates.store.store import Store
from estimates_jobs.tables.table_files import read_table, typed
from estimates_jobs.tables.text_options import TextOptions
from tests.builders import START, make_store

CONTRACT = """
name = "flu"
[key]
location = { type = "string" }
target_end_date = { type = "date", target = true }
[columns]
horizon = { role = "attribute", type = "integer" }
median = { min = 0 }
q = { quantiles = [0.1, 0.5, 0.9], min = 0 }
samples = { role = "samples", nullable = true }
[load]
ignore = ["reference_date"]
where = { target = "wk inc flu", output_type = ["median", "quantile", "sample"] }
"""
TASK = ["reference_date", "target", "horizon", "target_end_date", "location"]
HEADER = [*TASK, "output_type", "output_type_id", "value"]
VALUES = (
    ("median", "NA", "989.98"),
    ("quantile", "0.1", "900"),
    ("quantile", "0.5", "989.98"),
    ("quantile", "0.9", "1100.5"),
    ("sample", "1", "950"),
    ("sample", "2", "1010"),
)
ROWS = [
    ["2025-11-08", "wk inc flu", step, f"2025-11-{day}", place, *value]
    for place in ("01", "US")
    for step, day in (("0", "08"), ("1", "15"))
    for value in VALUES
] + [["2025-11-08", "wk flu change", "0", "2025-11-08", "US", "pmf", "large rise", "0.25"]]


def lines(rows: list[list[str]] = ROWS, header: list[str] = HEADER) -> list[str]:
    """Cells between commas."""
    return [",".join(cells) for cells in (header, *rows)]


def text(rows: list[str], end: str = "\n") -> bytes:
    """Lines as the bytes of a file."""
    return (end.join(rows) + end).encode()


def columns_in_another_order(seed: int) -> bytes:
    """Columns, and rows, in an order by chance."""
    chance = random.Random(seed)
    order = chance.sample(range(len(HEADER)), len(HEADER))
    rows = chance.sample(ROWS, len(ROWS))
    return text(lines([[row[i] for i in order] for row in rows], [HEADER[i] for i in order]))


def cells(change: Callable[[str, str], str]) -> bytes:
    """Each cell written otherwise; `change` takes its column and its text."""
    return text(lines([[change(*cell) for cell in zip(HEADER, row, strict=True)] for row in ROWS]))


def as_parquet(path: Path) -> bytes:
    """With dictionaries, dates and numbers, as arrow writes them."""
    frame = pl.DataFrame(ROWS, schema=HEADER, orient="row").with_columns(
        pl.col("output_type", "output_type_id", "location").cast(pl.Categorical),
        pl.col("reference_date", "target_end_date").str.to_date(),
        pl.col("horizon").cast(pl.Int32),
        pl.col("value").cast(pl.Float64),
    )
    frame = frame.with_columns(
        pl.when(pl.col("output_type_id") != "NA").then(pl.col("output_type_id"))
    )
    frame.write_parquet(path)
    return path.read_bytes()


OTHER_WAYS: dict[str, bytes] = {
    "a mark of order": b"\xef\xbb\xbf" + text(lines()),
    "lines of Windows": text(lines(), "\r\n"),
    "quoted header": text([",".join(f'"{name}"' for name in HEADER), *lines()[1:]]),
    "all quoted": text([",".join(f'"{c}"' for c in line.split(",")) for line in lines()]),
    "blanks before numbers": cells(lambda name, cell: f'" {cell}"' if name == "value" else cell),
    "empty ids": cells(lambda name, cell: "" if cell == "NA" else cell),
    "other levels": cells(
        lambda name, cell: {"0.1": "0.10", "0.5": ".5", "0.9": "9e-1"}.get(cell, cell)
    ),
    "levels off by the last bit": cells(
        lambda name, cell: "0.1000000000000000055" if cell == "0.1" else cell
    ),
    "decimals of whole numbers": cells(
        lambda name, cell: f"{cell}.0" if name == "horizon" or cell == "900" else cell
    ),
    "gzip": gzip.compress(text(lines())),
}


@pytest.fixture(scope="module")
def publish(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bytes], str]:
    """Publish a file's bytes; the digest of what is stored."""
    folder = tmp_path_factory.mktemp("hub")
    store: Store = make_store(folder / "store")
    contract = parse_contract(CONTRACT)
    store.define(contract, CONTRACT)
    path = folder / "2025-11-08-Team-model.csv"

    def published(content: bytes) -> str:
        path.write_bytes(content)
        frame = typed(read_table(path), contract, TextOptions())
        made = Provenance(START, "run", (InputDigest("file", path.name, "0" * 64),))
        return store.publish("flu", frame, made).snapshot_id

    return published


@pytest.fixture(scope="module")
def digest(publish: Callable[[bytes], str]) -> str:
    """That of the file as it is."""
    return publish(text(lines()))


@pytest.mark.parametrize("seed", range(20))
def test_columns_and_rows_come_in_any_order(
    publish: Callable[[bytes], str], digest: str, seed: int
) -> None:
    """Twenty orders, one digest."""
    content = columns_in_another_order(seed)
    assert content != text(lines())
    assert publish(content) == digest


@pytest.mark.parametrize("way", OTHER_WAYS)
def test_a_forecast_is_written_in_other_ways(
    publish: Callable[[bytes], str], digest: str, way: str
) -> None:
    """Marks, quotes, blanks, words for nothing and numbers in other forms."""
    assert publish(OTHER_WAYS[way]) == digest


def test_a_forecast_is_a_parquet_file(
    publish: Callable[[bytes], str], digest: str, tmp_path: Path
) -> None:
    """With types where CSV has text."""
    assert publish(as_parquet(tmp_path / "x.parquet")) == digest
