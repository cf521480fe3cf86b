"""The check `lineage`."""

from __future__ import annotations

import polars as pl

from estimates.gate.evaluation import evaluate
from tests.gate.cases import JUDGED, Setting, clean_verdict, provenance, simple, stored


def test_passes() -> None:
    """Everything recorded passes."""
    result = clean_verdict().check("lineage")
    assert (result.status, result.value) == ("pass", 0)


def test_fails() -> None:
    """An input without a digest is missing."""
    result = Setting(candidate={"provenance": provenance(inputs=())}).evaluate().check("lineage")
    assert (result.status, result.value) == ("fail", 1)


def test_fails_without_provenance() -> None:
    """Without provenance data_through, run_id and the digest are missing."""
    result = Setting(candidate={"provenance": None}).evaluate().check("lineage")
    assert (result.status, result.value) == ("fail", 3)


def test_a_load_declares_no_inputs() -> None:
    """A set without a job is asked for data_through and run_id only, and not for code or seed."""
    content = pl.DataFrame({"k": ["a", "b"], "v": [1.0, 2.0]})
    bare = provenance(inputs=(), code=None, seed=None, job=None)
    verdict = evaluate(
        simple(),
        stored(content, simple(), provenance=bare),
        None,
        judged_at=JUDGED,
        contract_revision=1,
    )
    assert verdict.check("lineage").status == "pass"
    assert verdict.check("reproducible").reason == "not_in_contract"
