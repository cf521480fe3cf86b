"""The check `reproducible`."""

from __future__ import annotations

from estimates.gate.candidate import Candidate
from tests.gate.cases import Setting, clean_verdict, contract, frame, provenance, stored


def test_passes() -> None:
    """Code and seed recorded pass."""
    result = clean_verdict().check("reproducible")
    assert (result.status, result.value) == ("pass", 0)


def test_warns() -> None:
    """Code and seed are both missing."""
    result = (
        Setting(candidate={"provenance": provenance(code=None, seed=None)})
        .evaluate()
        .check("reproducible")
    )
    assert (result.status, result.value) == ("warn", 2)


def test_an_mlflow_run_is_not_asked_for() -> None:
    """The MLflow run is recorded after the verdict, so its absence is no fault."""
    candidate = stored(frame(1.001), contract())
    assert isinstance(candidate, Candidate)
    assert candidate.mlflow_run is None
    assert clean_verdict().outcome == "pass"
