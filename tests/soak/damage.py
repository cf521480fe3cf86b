"""One bit, or all, of a stored file or of a row of the catalog is changed, and everything is read.

Nothing that is read may be other than before without `verify` saying what is wrong.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl

from estimates.catalog import schema
from estimates.contract.contract_file import parse_contract
from estimates.errors import CorruptError, EstimatesError
from estimates.store.erase import erase
from estimates.store.store import Store
from estimates.store.sweep import sweep
from estimates.store.verify import verify
from tests.api.served import actual_values
from tests.builders import (
    SET,
    START,
    TICKERS,
    define,
    first_row,
    frame,
    make_store,
    promoted,
    publish,
    source,
)
from tests.soak.outcome import Outcome

KEYS = [(row["ticker"], row["target_date"]) for row in frame().iter_rows(named=True)]
LISTED, ERASED = "listed", TICKERS[0]  # a set with listed keys, one of which was erased
REFS = (1, 2, 3, 4, "production", "latest")
# What no event determines, and what is made anew when it does not match its checksum.
WORKING = ("runs", "claims", "alembic_version")
DERIVED = ("read file of this machine", "read file in the store", "report in the cache")
Answers = dict[object, object]
HARMLESS, FOUND = "nothing else is read", "verify names it"
REFUSED, OLDER = "refused, verify names it", "an older state is read, verify names it"
SILENT, WRONG = "REFUSED, AND VERIFY IS SILENT", "OTHER NUMBERS"
BROKEN = "VERIFY BREAKS DOWN"
BAD = (SILENT, WRONG, BROKEN)


def store_to_damage(folder: Path) -> Path:
    """A store with something of each kind, as a running writer has it: SQLite's log holds the last
    events.
    """
    root = folder / "store"
    store = make_store(root)
    define(store)
    promoted(store, "first")
    promoted(store, "second", 101.0, day=1)
    publish(store, "third", 600.0, day=2)
    store.judge(SET, 3)
    store.waive(SET, "hard_bounds", 3, reason="test", until="2100-01-01")
    store.catalog.expire(publish(store, "gone", 99.0), actor="test", reason="test")
    sweep(store, grace=timedelta(0))
    publish(store, "fifth", 102.0, day=3)
    store[SET].diff(1, 2)
    fill_other_tables(store)
    store.catalog.engine.dispose()
    writer = Store(root)
    writer.judge(SET, 5)
    writer.promote(SET, 5, reason="test")
    answers_of(writer)
    shutil.copytree(root, folder / "damaged")
    writer.catalog.engine.dispose()
    return folder / "damaged"


def fill_other_tables(store: Store) -> None:
    """Scores, holds, runs and an erasure, of a set with listed keys."""
    text = source(LISTED, more='[domain]\nkind = "file"\nfile = "keys.csv"\n')
    more = first_row("ticker", "not in it").select("ticker", "target_date")
    keys = pl.concat([more, frame().select("ticker", "target_date")]).unique()
    store.define(parse_contract(text), text, keys)
    store.catalog.begin_run("run", LISTED, START)
    publish(store, "run", name=LISTED)
    store[LISTED].score(actual_values(), versions=[1])
    erase(store, LISTED, [(ERASED,)], reason="test")
    store.hold(LISTED, 1, reason="test")


def answers_of(store: Store) -> Answers:
    """What reading gives, or its error: each key of each version, and each version whole."""

    def answer_to(read: Callable[[], object]) -> object:
        try:
            return read()
        except EstimatesError as error:
            return error
        except Exception as error:  # no answer, and no sentence either
            return CorruptError("unexpected", f"{type(error).__name__}: {error}")

    answers: Answers = {}
    for ref in REFS:
        for key in KEYS:
            answers[ref, key] = answer_to(lambda r=ref, k=key: store[SET].get(*k, ref=r).json)
        answers[ref] = answer_to(lambda r=ref: store[SET].frame(r).write_json())
    for key in [*KEYS, ("not in it", KEYS[0][1]), ("nowhere", KEYS[0][1])]:
        answers[LISTED, key] = answer_to(lambda k=key: store[LISTED].get(*k, ref=1).json)
    answers[LISTED] = answer_to(lambda: store[LISTED].frame(1).write_json())
    answers["history"] = answer_to(lambda: store[SET].history(*KEYS[0]).json)
    answers["contract"] = answer_to(lambda: repr(store[SET].contract))
    return answers


def kind_of(name: str) -> str:
    """What kind of file a path below the root is."""
    kinds = {
        "trash/": "in the trash",
        "catalog.db": "catalog, the file",
        "catalog.db-wal": "catalog, SQLite's log",
        "store.json": "identity",
        "log/": "copy of the log",
        "cache/reports/": "report in the cache",
        "cache/": "read file of this machine",
    }
    for start, kind in kinds.items():
        if name == start or (start.endswith("/") and name.startswith(start)):
            return kind
    folder = name.split("/")[2] if name.startswith("sets/") else ""
    return {
        "snapshots": "manifest",
        "parts": "part",
        "reads": "read file in the store",
        "domains": "listed keys",
    }.get(folder, "other")


def damage_files(root: Path, folder: Path, times: int, chance: random.Random) -> Iterator[Outcome]:
    """Change files of each kind in turn: mostly one bit, sometimes the end or all of it."""
    by_kind: dict[str, list[Path]] = {}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if path.is_file() and path.stat().st_size and not name.endswith(("-shm", ".lock")):
            by_kind.setdefault(kind_of(name), []).append(path.relative_to(root))
    before = _opened(root, folder)
    for number in range(times):
        kind = sorted(by_kind)[number % len(by_kind)]
        way = chance.choices(("one bit", "cut off", "gone"), (8, 1, 1))[0]
        path = chance.choice(by_kind[kind])

        def change(copy: Path, path: Path = path, way: str = way) -> None:
            content = bytearray((copy / path).read_bytes())
            if way == "gone":
                (copy / path).unlink()
                return
            at = chance.randrange(len(content))
            if way == "cut off":
                del content[at:]
            else:
                content[at] ^= 1 << chance.randrange(8)
            (copy / path).write_bytes(content)

        yield Outcome(f"{kind}: {way}", _outcome(root, folder, change, before), str(path))


def damage_rows(root: Path, folder: Path, times: int, chance: random.Random) -> Iterator[Outcome]:
    """Change rows of each table in turn: mostly one bit of a cell, sometimes the row is gone."""
    before = _opened(root, folder)
    tables = sorted(schema.METADATA.tables)
    for number in range(times):
        table = tables[number % len(tables)]
        done: list[str] = []

        def change(copy: Path, table: str = table, done: list[str] = done) -> None:
            with closing(sqlite3.connect(copy / "catalog.db")) as connection:
                connection.text_factory = bytes
                done.append(_change_row(connection, table, chance))
                connection.commit()

        answer = _outcome(root, folder, change, before)
        if done[0]:
            yield Outcome(f"table {table}: {done[0].split(' ')[0]}", answer, done[0])


def _change_row(connection: sqlite3.Connection, table: str, chance: random.Random) -> str:
    """What was changed: `row …` or `cell …`; empty where the table has no row."""
    rows = connection.execute(f'SELECT rowid, * FROM "{table}"').fetchall()
    if not rows:
        return ""
    row = chance.choice(rows)
    if chance.random() < 0.1:
        connection.execute(f'DELETE FROM "{table}" WHERE rowid = ?', (row[0],))
        return f"row {row[0]} gone"
    columns = [column[1].decode() for column in connection.execute(f'PRAGMA table_info("{table}")')]
    number = chance.randrange(len(columns))
    value = _other(row[number + 1], chance)
    connection.execute(
        f'UPDATE OR REPLACE "{table}" SET "{columns[number]}" = {_place(value)} WHERE rowid = ?',
        (value, row[0]),
    )
    return f"cell {columns[number]} of row {row[0]}"


def _place(value: Any) -> str:
    return "CAST(? AS TEXT)" if isinstance(value, bytes) else "?"


def _other(value: Any, chance: random.Random) -> Any:
    """A value of which one bit is another."""
    if value is None:
        return 1
    if isinstance(value, int):
        return value ^ 1 << chance.randrange(max(1, value.bit_length()))
    if not value:
        return b"x"
    content = bytearray(value)
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    return bytes(content)


def _opened(root: Path, folder: Path) -> Answers:
    shutil.copytree(root, folder / "whole")
    store = Store(folder / "whole")
    answers = answers_of(store)
    assert verify(store) == []
    store.catalog.engine.dispose()
    shutil.rmtree(folder / "whole")
    return answers


def _outcome(root: Path, folder: Path, change: Callable[[Path], object], before: Answers) -> str:
    """What reading and verifying say of a copy in which something was changed."""
    copy = folder / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(root, copy)
    (copy / "catalog.db-shm").unlink(missing_ok=True)
    change(copy)
    try:
        store = Store(copy)
    except EstimatesError:
        return REFUSED
    try:
        answers = answers_of(store)
        try:
            is_named = bool(verify(store))
        except CorruptError:
            is_named = True
        except Exception:
            return BROKEN
    finally:
        store.catalog.engine.dispose()
    return _judged(before, answers, is_named)


def _judged(before: Answers, after: Answers, is_named: bool) -> str:
    other = {
        question: answer
        for question, answer in after.items()
        if _text(answer) != _text(before.get(question))
    }
    if not other:
        return FOUND if is_named else HARMLESS
    if all(isinstance(answer, EstimatesError) for answer in other.values()):
        return REFUSED if is_named else SILENT
    known = {_text(answer) for answer in before.values()}
    if is_named and all(
        isinstance(answer, EstimatesError) or _text(answer) in known or question == "history"
        for question, answer in other.items()
    ):
        return OLDER
    return WRONG


def _text(answer: object) -> object:
    return answer.code if isinstance(answer, EstimatesError) else answer
