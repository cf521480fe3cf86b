"""Make tests/frozen/format2, a small store of format 2 with the answers it gave: `python -m
tests.frozen.make_format2`.

What is checked in was made once and is never made again: it proves that later versions still read
snapshots in parts, the chain of events and the copies of the log. The sets of format 1 are in it,
and one of two parts of which a partial update shares the first.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl

from estimates import instants
from estimates.contract.contract_file import parse_contract
from estimates.store.partial_update import Changes
from estimates.store.store import Store
from tests.frozen import make_format1
from tests.frozen.make_format1 import provenance

FOLDER = Path(__file__).parent / "format2"
POINTS = 'name = "points"\n[key.id]\ntype = "integer"\n[columns.score]\n'
ROWS = 600_000  # the first part has 596,412 of them


def points(*ids: int, more: float = 0.0) -> pl.DataFrame:
    """A score for each of some ids."""
    return pl.DataFrame({"id": ids, "score": [number % 32 / 8 + more for number in ids]})


def fill(store: Store) -> None:
    """The sets of format 1; two versions of a set of two parts, with a waiver and a hold."""
    make_format1.fill(store)
    store.define(parse_contract(POINTS), POINTS)
    store.publish("points", points(*range(ROWS)), provenance("points-2", 2))
    changes = Changes(1, points(ROWS - 1).select("id"))
    changed = points(ROWS - 2, more=0.75)
    store.publish("points", changed, provenance("points-3", 3), changes=changes)
    store.promote("points", 1, reason="first")
    until = instants.now() + timedelta(days=30)
    store.waive("points", "removed_keys", 2, reason="one is gone", until=until)
    store.hold("points", 1, reason="audit")


def answers(store: Store) -> dict[str, str]:
    """What the store answers, by question: the very bytes, as text."""
    scores = store["points"]
    requests = {
        "points 0": scores.get(0),
        "points of both parts": scores.get_many([[1], [ROWS - 3], [ROWS]]),
        "points, the end": scores.get(ROWS - 2, ref=2),
        "points, history": scores.history(ROWS - 2),
    }
    of_points = {question: answer.json.decode() for question, answer in requests.items()}
    return make_format1.answers(store) | of_points


if __name__ == "__main__":
    make_format1.make(FOLDER, fill, answers)
