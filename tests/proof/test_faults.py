"""proof/faults.md: nothing wrong gets through the default policy without a stated reason."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from estimates.contract.contract import Contract
from estimates.gate.evaluation import evaluate
from estimates.gate.offender_table import Offenders
from estimates.gate.registry import CHECKS
from estimates.gate.verdict import Verdict
from proof.fault import CAUGHT, FAULTS, Fault, Outcome
from proof.fault_table import PAGE, outcomes, page
from tests.gate.cases import assert_whole

ROOT = Path(__file__).parents[2]

# Without a limit before a contract gives one; each has tests of its own.
UNLIMITED = {"null_share", "submission_window", "updated_share"}


Results = list[tuple[Fault, Outcome]]
QUICK = ("scores", "plans")  # scenes that are made at once; all of them are among the long tests


def _done(folder: Path, faults: Sequence[Fault]) -> Results:
    """Faults and what became of them; each verdict tells all that speaks against the version."""
    ask = evaluate

    def whole(contract: Contract, *sides: Any, **settings: Any) -> Verdict:
        offenders = settings["offenders"] = Offenders()
        verdict = ask(contract, *sides, **settings)
        assert offenders.frame is not None
        assert_whole(verdict, offenders.frame, list(contract.key))
        return verdict

    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(ROOT)
        patched.setattr("estimates.store.judge.evaluate", whole)
        return list(outcomes(folder, faults))


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Every fault and what became of it."""
    return _done(tmp_path_factory.mktemp("faults"), FAULTS)


def test_some_faults_are_answered_as_the_page_says(tmp_path: Path) -> None:
    """Done to real versions, each gives its line of proof/faults.md."""
    chosen = [fault for fault in FAULTS if fault.scene in QUICK][::2]
    assert len(chosen) >= 10
    lines = page(_done(tmp_path, chosen)).splitlines()
    rows = [line for line in lines if line.startswith("| ")]
    assert set(rows) <= set((ROOT / PAGE).read_text(encoding="utf-8").splitlines())


@pytest.mark.stack
def test_nothing_gets_through_without_a_reason(results: Results) -> None:
    """A fault is blocked, rejected or refused, or the table says why it is not; and no reason is
    given for nothing.
    """
    assert len(results) >= 60
    for fault, outcome in results:
        assert (outcome.answer in CAUGHT) == (fault.reason is None), (fault.name, outcome)


@pytest.mark.stack
def test_every_check_finds_one_of_them(results: Results) -> None:
    """No check is there for nothing: each fails or warns of at least one fault, errors not
    counted.
    """
    named = {name for _, outcome in results for name in (*outcome.by, *outcome.warned)}
    assert {check.name for check in CHECKS} - named == UNLIMITED


@pytest.mark.stack
def test_the_page_is_what_the_code_says(results: Results) -> None:
    """`just faults` writes proof/faults.md; it is up to date."""
    assert (ROOT / PAGE).read_text(encoding="utf-8") == page(results)
