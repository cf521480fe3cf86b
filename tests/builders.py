"""A small contract, frames and stores for tests: three tickers, two target dates, one value."""

from __future__ import annotations

import sqlite3
import tempfile
import uuid
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import polars as pl

import estimates_migrations
from estimates.catalog.records import ContractRevision, InputDigest, Provenance, Version
from estimates.contract.conform import conform
from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates.contract.shape import Shape
from estimates.errors import EstimatesError, NotFoundError
from estimates.storage import snapshot
from estimates.storage.snapshot import Manifest
from estimates.store.open_store import catalog_url
from estimates.store.store import Store

SET = "closes"
TICKERS = ("AAPL", "BRK/B", "ÆØÅ")
TARGETS = (date(2024, 6, 3), date(2024, 6, 4))
START = datetime(2024, 1, 1, 21, tzinfo=UTC)
# What a contract may say of the gate, something of each kind.
POLICY = """
[gate]
profile = "strict"
[gate.checks.p95_change]
block = 0.2
[gate.checks.median_shift]
severity = "block"
[gate.checks.removed_keys.groups.ticker.AAPL]
warn = 0.0
[gate.checks.duplicate_content]
off = "ties are common"
[gate.custom.no_cents]
title = "Whole dollars"
sql = "SELECT count(*) FROM candidate WHERE value < 1"
block = 0
[domain]
kind = "product"
allow_missing = 0.1
values = { ticker = ["AAPL", "BRK/B", "ÆØÅ"], target_date = ["2024-06-03", "2024-06-04"] }
"""


def source(name: str = SET, *, maximum: float = 500.0, more: str = "") -> str:
    """The TOML of a contract whose gate refuses a value above `maximum`; `more` is appended."""
    return f"""\
name = "{name}"
description = "closing prices"

[key.ticker]
type = "string"
[key.target_date]
type = "date"
target = true

[columns.value]
unit = "USD"
min = 0.0
max = {maximum}
[columns.note]
role = "attribute"
type = "string"
nullable = true
{more}"""


def contract(name: str = SET, *, maximum: float = 500.0, more: str = "") -> Contract:
    """The contract of `source`."""
    return parse_contract(source(name, maximum=maximum, more=more))


def frame(level: float = 100.0, *, note: str | None = None, **more: object) -> pl.DataFrame:
    """Six estimates a little above `level`, in no order; `more` adds columns of one value."""
    keys = [(ticker, target) for target in reversed(TARGETS) for ticker in TICKERS]
    columns: dict[str, object] = {
        "value": [level + 0.01 * i for i in range(len(keys))],
        "ticker": [ticker for ticker, _ in keys],
        "target_date": [target for _, target in keys],
        "note": pl.Series([note] * len(keys), dtype=pl.String),
    }
    return pl.DataFrame(columns).with_columns(
        pl.lit(value).alias(name) for name, value in more.items()
    )


def first_row(name: str, value: object) -> pl.DataFrame:
    """The frame with another value in its first row."""
    return frame().with_columns(
        pl.when(pl.int_range(pl.len()) == 0).then(pl.lit(value)).otherwise(name).alias(name)
    )


def provenance(run_id: str, day: float = 0) -> Provenance:
    """What a run knows: data through `day` days after 2024-01-01, one input."""
    return Provenance(
        START + timedelta(days=day),
        run_id,
        inputs=(InputDigest("prices", "prices.csv", "0" * 64, 6),),
    )


def make_store(
    root: Path | str, url: str | None = None, actor: str = "tester", cache: Path | None = None
) -> Store:
    """A new, empty store; `url` names a catalog other than SQLite in the folder."""
    if "://" not in str(root):
        root = Path(root)
        root.mkdir(parents=True, exist_ok=True)
    if url is None:
        assert isinstance(root, Path)
        (root / "catalog.db").write_bytes(_empty_catalog())
        with closing(sqlite3.connect(root / "catalog.db")) as connection:
            connection.execute("UPDATE log SET store_id = ?", (uuid.uuid4().hex,))
            connection.commit()
        return Store(root, cache=cache, actor=actor)
    with suppress(NotFoundError):  # of a database without tables
        return Store(root, catalog=url, cache=cache, actor=actor)
    estimates_migrations.upgrade(catalog_url(root, url))
    return Store(root, catalog=url, cache=cache, actor=actor)


@cache
def _empty_catalog() -> bytes:
    """A SQLite catalog without sets: migrating takes ten times as long as writing its bytes."""
    with tempfile.TemporaryDirectory() as folder:
        estimates_migrations.upgrade(catalog_url(Path(folder), None))
        (file,) = Path(folder).iterdir()
        return file.read_bytes()


def define(
    store: Store, name: str = SET, *, maximum: float = 500.0, more: str = ""
) -> ContractRevision:
    """Register the contract of `source`."""
    text = source(name, maximum=maximum, more=more)
    return store.define(parse_contract(text), text)


def publish(
    store: Store, run_id: str, level: float = 100.0, *, name: str = SET, day: float = 0
) -> Version:
    """Publish `frame(level)`."""
    return store.publish(name, frame(level), provenance(run_id, day))


def promoted(
    store: Store, run_id: str, level: float = 100.0, *, name: str = SET, day: float = 0
) -> Version:
    """Publish `frame(level)`, judge it, promote it."""
    version = publish(store, run_id, level, name=name, day=day)
    store.judge(name, version.version)
    store.promote(name, version.version, reason="test")
    return version


def manifest_of(rows: pl.DataFrame, contract: Contract, shape: Shape | None = None) -> Manifest:
    """What the rows would be stored as."""
    shape = shape or contract.shape()
    parts = snapshot.encode_parts(conform(rows, contract), shape)
    return snapshot.manifest_of(shape, tuple(part for part, _ in parts))


def parquet_of(store: Store, version: Version) -> str:
    """The name of the Parquet file of a version, or of its first part."""
    manifest = snapshot.read_manifest(store.objects, version.set, version.snapshot_id)
    part = manifest.content()[0]
    return manifest.name_of(version.set, part)


def forget_read_files(store: Store, version: Version) -> None:
    """Leave no read file of any part of a version."""
    for part in store.lookups.known.get(version).parts:
        store.lookups.parts.discard(part.sha256)
    for path in store.lookups.paths(version):
        path.unlink()


def code_of(act: Callable[[], object]) -> str | None:
    """The code of the error that an action ends with, or None."""
    try:
        act()
    except EstimatesError as error:
        return error.code
    return None
