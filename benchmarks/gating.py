"""A judgement of the gate against the full stability report of the same two files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import polars as pl

from benchmarks.diffing import CONTRACT, fewest, report, write
from benchmarks.line import Line
from benchmarks.stores import START, make_frame
from estimates.catalog.records import InputDigest, Provenance
from estimates.gate.candidate import Candidate
from estimates.gate.evaluation import evaluate
from estimates.gate.verdict import Verdict


def gating(folder: Path, rows: int) -> Iterator[Line]:
    """What it costs to judge one version of `rows` keys against another: every check, reading both
    files included.
    """
    files = write(folder / "gating", make_frame(rows, 1), make_frame(rows, 2))
    judged, reported = fewest(lambda: _judge(files), lambda: report(files), rounds=6)
    what = f"gating {rows:,} keys ({judged:.2f} s) / the full report ({reported:.2f} s)"
    yield Line(what, judged / reported, "×", 1.5, at_most=True)


def _judge(files: tuple[Path, Path]) -> Verdict:
    baseline, candidate = (_version(file, number) for number, file in enumerate(files, start=1))
    verdict = evaluate(
        CONTRACT, candidate, baseline, judged_at=START + timedelta(hours=2), contract_revision=1
    )
    assert not verdict.counts["error"], "a check that could not be evaluated was not measured"
    return verdict


def _version(file: Path, number: int) -> Candidate:
    frame = pl.read_parquet(file)
    origin = Provenance(START, f"run-{number}", inputs=(InputDigest("file", file.name, "0" * 64),))
    return Candidate(
        frame,
        CONTRACT.shape(),
        origin,
        version=number,
        snapshot_id=str(number),
        published_at=START + timedelta(hours=1),
        rows=frame.height,
    )
