"""Sampled reads: what a promotion lets readers have is what stands in the Parquet files.

Some rows are read by key, as readers will, and compared with their cells.
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from itertools import accumulate
from random import Random
from typing import Any

import polars as pl

from estimates.catalog.records import Version
from estimates.contract.columns import key_text
from estimates.errors import CorruptError
from estimates.store.judge import Judgement
from estimates.store.open_store import OpenStore

SAMPLED_READS = 100


def check_sampled_reads(store: OpenStore, version: Version, judgement: Judgement) -> int:
    """Compare sampled reads by key with the cells of the Parquet file; returns how many.

    Raises CorruptError (`read_differs`).
    """
    contract = store.view().set(version.set).contract_of(version)
    rows = sampled_rows(store, version, judgement)
    keys = rows.select(list(contract.key)).rows()
    results = store.reader().of(version).get_many(keys).body["results"]
    for key, cells, result in zip(keys, rows.iter_rows(named=True), results, strict=True):
        if result["status"] == "erased":  # since its cells were read
            continue
        if result.get("estimate") != {name: _as_json(cell) for name, cell in cells.items()}:
            raise CorruptError(
                "read_differs",
                f"{version.set} version {version.version}: reading "
                f"{'/'.join(map(key_text, key))} gives another value than its Parquet file",
                remedy=f"remove {', '.join(map(str, store.lookups.paths(version)))} and "
                "report this",
            )
    return rows.height


def sampled_rows(store: OpenStore, version: Version, judgement: Judgement) -> pl.DataFrame:
    """Some rows as they are stored, once the read files of all parts are there.

    Which rows is decided by the content's digest: the same for everybody, and not the same rows
    every time. They are of the parts that the version it was judged against does not have, if there
    are any: others were looked at when that was promoted. Raises CorruptError for a damaged part.
    """
    of, lookups = store.lookups.known.get(version), store.lookups
    frame = None if judgement.candidate is None else judgement.candidate.frame
    if frame is not None and frame.height != of.manifest.rows:  # some were erased since
        frame = None
    before = judgement.verdict.against
    looked_at = set[str]()
    if before is not None:
        baseline = store.view().set(version.set).versions[before - 1]
        if baseline.expired_at is None:
            looked_at = {part.sha256 for part in lookups.known.get(baseline).parts}
    every = range(len(of.parts))
    new = [n for n in every if of.parts[n].sha256 not in looked_at] or every
    wanted = row_numbers([of.parts[n].rows for n in new], int(version.snapshot_id[:8], 16))
    chosen = {number: rows for number, rows in zip(new, wanted, strict=True) if rows}
    unmade = set(lookups.unmade(of))
    samples: list[pl.DataFrame] = []
    for number in sorted(unmade | set(chosen)):
        if frame is None:
            rows = lookups.parts.rows(of, number)
        else:
            rows = frame.slice(of.starts[number], of.parts[number].rows)
        if number in unmade:
            lookups.make(of, number, rows)
        if number in chosen:
            samples.append(rows[chosen[number]])
    return pl.concat(samples) if samples else lookups.parts.rows(of, 0).clear()


def row_numbers(parts: Sequence[int], seed: int) -> list[list[int]]:
    """SAMPLED_READS rows drawn from all parts, or all rows where there are fewer: for each part
    their numbers within it, ascending.

    parts  the rows of each
    """
    rows = sum(parts)
    drawn = Random(seed).sample(range(rows), min(SAMPLED_READS, rows))
    ends = list(accumulate(parts))
    numbers: list[list[int]] = [[] for _ in parts]
    for row in sorted(drawn):
        part = bisect_right(ends, row)
        numbers[part].append(row - (ends[part] - parts[part]))
    return numbers


def _as_json(cell: Any) -> Any:
    """A cell of a frame as it reads in JSON."""
    return key_text(cell) if isinstance(cell, date) else cell
