"""What became of the runs of a batch."""

from __future__ import annotations

from typing import Any

import pytest

from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates_jobs.cli.interface.command import Options
from estimates_jobs.cli.output.batch_outcome import show_batch, show_each
from estimates_jobs.run.batch import BatchRun
from tests.contract.contracts import MINIMAL


def run(status: str, version: int | None = None, **fields: Any) -> BatchRun:
    """A run of a table named after its status."""
    return BatchRun("churn", f"{status}.csv", "r1", status, version=version, **fields)


@pytest.fixture
def contract() -> Contract:
    """One that leaves promotion to a person."""
    return parse_contract(MINIMAL)


@pytest.mark.parametrize(
    ("statuses", "code"),
    [
        (["promoted", "published"], 0),
        (["promoted", "refused"], 1),
        (["refused", "rejected"], 2),
        (["rejected", "failed"], 4),
    ],
)
def test_the_worst_run_says_the_code(contract: Contract, statuses: list[str], code: int) -> None:
    """A failed job, else a table that was rejected, else what the gate refused."""
    runs = [run(status, 1) for status in statuses]
    assert show_batch(Options(), contract, runs, "table", []) == code


def test_counts_in_words(contract: Contract, capsys: pytest.CaptureFixture[str]) -> None:
    """What was done before is counted apart, and versions behind production are named."""
    runs = [
        run("promoted", 1, is_repeated=True),
        run("published", 2, is_behind=True),
        run("published", 3, is_behind=True, elapsed=2, rows=10),
        run("rejected"),
    ]
    show_batch(Options(), contract, runs, "table", [])
    first, elapsed, behind, person = capsys.readouterr().out.splitlines()
    assert first == (
        "churn: 4 tables: 2 published and not promoted, 1 rejected, nothing stored, 1 done before"
    )
    assert elapsed.startswith("elapsed: 2 of 10 keys of 1 table:")
    assert behind.startswith("2 versions saw older data than production")
    assert behind.endswith("--ref 3")
    assert "estimates promote churn VERSION" in person


def test_each_run_as_it_is_done(contract: Contract, capsys: pytest.CaptureFixture[str]) -> None:
    """A line each with why, and none after the first that went wrong where that ends it."""
    because = {"message": "no column k", "error": "columns", "warnings": ("late",)}
    runs = [run("promoted", 1), run("rejected", **because), run("promoted", 2)]
    announced: list[str] = []
    done = show_each(Options(), contract, iter(runs), announced.append, stops=True)
    assert done == runs[:2]
    assert announced == ["", ""]
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        "version 1 promoted promoted.csv",
        "rejected rejected.csv",
        "no column k [columns]",
        "warning: late",
    ]
    assert show_each(Options(), contract, iter(runs), announced.append, stops=False) == runs
