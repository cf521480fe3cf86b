"""proof/faults.md: nothing wrong gets through the default policy without a stated reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from estimates.contract.contract import Contract
from estimates.gate.evaluation import evaluate
from estimates.gate.offender_table import Offenders
from estimates.gate.registry import CHECKS
from estimates.gate.verdict import Verdict
from proof.fault import CAUGHT, Fault, Outcome
from proof.fault_table import PAGE, outcomes, page
from tests.gate.cases import assert_whole

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Fault, Outcome]]:
    """Every fault and what became of it; each verdict tells all that speaks against the version."""
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
        return list(outcomes(tmp_path_factory.mktemp("faults")))


def test_nothing_gets_through_without_a_reason(results: list[tuple[Fault, Outcome]]) -> None:
    """A fault is blocked, rejected or refused, or the table says why it is not; and no reason is
    given for nothing.
    """
    assert len(results) >= 60
    for fault, outcome in results:
        assert (outcome.answer in CAUGHT) == (fault.reason is None), (fault.name, outcome)


def test_every_check_finds_one_of_them(results: list[tuple[Fault, Outcome]]) -> None:
    """No check is there for nothing: each fails or warns of at least one fault, errors not
    counted.
    """
    named = {name for _, outcome in results for name in (*outcome.by, *outcome.warned)}
    assert {check.name for check in CHECKS} - named == {"null_share"}, (
        "it has no limit before a contract gives it one"
    )


def test_the_page_is_what_the_code_says(results: list[tuple[Fault, Outcome]]) -> None:
    """`just faults` writes proof/faults.md; it is up to date."""
    assert (ROOT / PAGE).read_text(encoding="utf-8") == page(results)
