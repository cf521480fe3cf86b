"""Make tests/frozen/format1, a small store of format 1 with the answers it gave: `python -m
tests.frozen.make_format1`.

What is checked in was made once and is never made again: it proves that later versions still read
format 1. The clock is a fixed one, so that two runs of this script with one set of libraries make
the same files.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from estimates import instants
from estimates.catalog.records import InputDigest, Provenance
from estimates.contract.contract_file import parse_contract
from estimates.store.store import Store
from tests.builders import make_store

FOLDER = Path(__file__).parent / "format1"
CLOSES = """\
name = "closes"
description = "closing prices"
[key.ticker]
type = "string"
[key.target_date]
type = "date"
target = true
[columns.value]
unit = "USD"
min = 0.0
[columns.lower_80]
role = "lower"
level = 0.8
unit = "USD"
[columns.upper_80]
role = "upper"
level = 0.8
unit = "USD"
"""
CHURN = """\
name = "churn"
[key.customer_id]
type = "integer"
[columns.score]
role = "score"
nullable = true
[columns.segment]
role = "label"
labels = ["stays", "leaves"]
nullable = true
[columns.seen_at]
role = "attribute"
type = "timestamp"
nullable = true
"""
TARGETS = [datetime(2024, 6, day).date() for day in (3, 4)]


def ticking() -> Iterator[datetime]:
    """A clock that shows a second more each time."""
    moment = datetime(2026, 11, 21, 12, tzinfo=UTC)
    while True:
        yield moment
        moment += timedelta(seconds=1)


def closes(level: float) -> pl.DataFrame:
    """Four estimates with intervals."""
    keys = [(ticker, target) for ticker in ("BRK/B", "ÆØÅ") for target in TARGETS]
    values = [level + i for i in range(len(keys))]
    return pl.DataFrame(
        {
            "ticker": [ticker for ticker, _ in keys],
            "target_date": [target for _, target in keys],
            "value": values,
            "lower_80": [value - 2.5 for value in values],
            "upper_80": [value + 2.5 for value in values],
        }
    )


def churn() -> pl.DataFrame:
    """Three customers, of one of whom nothing can be said."""
    return pl.DataFrame(
        {
            "customer_id": [2**53 + 1, -7, 12],
            "score": [0.1, 1 / 3, None],
            "segment": ["stays", "leaves", None],
            "seen_at": [
                datetime(2024, 1, 1, 12, 30, 0, 250_000, tzinfo=UTC),
                None,
                datetime(2024, 1, 2, tzinfo=UTC),
            ],
        }
    )


def provenance(run_id: str, day: int) -> Provenance:
    """What a run knew."""
    inputs = (InputDigest("prices", "prices.csv", "0" * 64, 4),)
    return Provenance(datetime(2024, 1, day, 21, tzinfo=UTC), run_id, inputs=inputs)


def fill(store: Store) -> None:
    """Two sets; of the first two versions, the newer one rolled back."""
    for source in (CLOSES, CHURN):
        store.define(parse_contract(source), source)
    for day, level in ((2, 100.0), (3, 101.0)):
        version = store.publish("closes", closes(level), provenance(f"closes-{day}", day))
        store.judge("closes", version.version)
        store.promote("closes", version.version, reason="first" if day == 2 else "newer")
    store.rollback("closes", reason="a customer complains")
    store.publish("churn", churn(), provenance("churn-2", 2))
    store.promote("churn", 1, reason="first")


def answers(store: Store) -> dict[str, str]:
    """What the store answers, by question: the very bytes, as text."""
    first, second = store["closes"], store["churn"]
    moved = [event.at for event in store.view().set("closes").events if event.alias]
    requests = {
        "closes ÆØÅ/2024-06-04": first.get("ÆØÅ", "2024-06-04"),
        "closes BRK/B/2024-06-03 of version 2": first.get("BRK/B", "2024-06-03", ref=2),
        "closes ÆØÅ": first.scan("ÆØÅ"),
        "closes, before the rollback": first.scan(as_of=moved[1]),
        "closes, at the rollback": first.scan(as_of=moved[2]),
        "closes, latest": first.scan(ref="latest", fields=["value"]),
        "closes, two pages": first.scan(limit=3),
        "closes, history": first.history("BRK/B", "2024-06-04"),
        "churn": second.scan(),
        "churn, a batch": second.get_many([[12], [2**53 + 1], [99]]),
    }
    return {question: answer.json.decode() for question, answer in requests.items()}


def make(
    folder: Path, fill: Callable[[Store], None], answers: Callable[[Store], dict[str, str]]
) -> None:
    """Make a store and what it answers."""
    clock = ticking()
    instants.now = lambda: next(clock)
    shutil.rmtree(folder, ignore_errors=True)
    store = make_store(folder / "store", actor="maker")
    fill(store)
    results = answers(store)
    store.catalog.engine.dispose()
    for derived in (folder / "store" / "cache", *folder.glob("store/sets/*/reads")):
        shutil.rmtree(derived)
    (folder / "answers.json").write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    make(FOLDER, fill, answers)
