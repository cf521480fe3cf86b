"""The policy that `estimates draft` proposes for a hub, over three seasons on which nothing was
wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path

import polars as pl
import pytest

from estimates.calibration.backtest import backtest
from estimates.catalog.records import InputDigest, Provenance
from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates.gate.candidate import Candidate
from estimates.gate.evaluation import evaluate
from estimates.gate.fresh_start import fresh_start
from estimates.gate.production_history import ProductionHistory
from estimates.gate.verdict import Verdict
from tests import made_up_categories
from tests.builders import make_store
from tests.made_up_hub import MODELS, Model, Submission, drafted, submissions, with_task

SET = "flu"
PAGE = Path(__file__).parents[2] / "docs" / "gate.md"
LEARNT = 10  # versions after which a set's own numbers are known


@pytest.fixture(scope="module")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    """The proposal."""
    return parse_contract(drafted(tmp_path_factory.mktemp("draft")))


@pytest.fixture(scope="module")
def of_categories(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    """What a hub's tasks propose for chances of categories."""
    return parse_contract(made_up_categories.drafted(tmp_path_factory.mktemp("draft")))


def made(number: int, submission: Submission) -> Provenance:
    """What a run knew."""
    return Provenance(
        submission.through, f"week-{number}", (InputDigest("file", "week.csv", "0" * 64),)
    )


def replayed(
    contract: Contract,
    versions: Iterable[Submission],
    rows_of: Callable[[Submission], pl.DataFrame] = with_task,
) -> list[Verdict]:
    """Each version judged against the one before, as if that were production."""
    verdicts: list[Verdict] = []
    before: Candidate | None = None
    for number, version in enumerate(versions, start=1):
        now = Candidate(rows_of(version), None, made(number, version))
        anew, history = None, ProductionHistory()
        if before is not None and before.provenance and before.frame is not None:
            anew = fresh_start(contract.gate, before.provenance.data_through, version.through, [])
            rows = before.frame
            history = ProductionHistory(frames=lambda count, rows=rows: [rows][:count])
        verdicts.append(
            evaluate(
                contract,
                now,
                None if anew else before,
                judged_at=version.at,
                contract_revision=1,
                baseline_reason=anew,
                history=history,
            )
        )
        before = now
    return verdicts


def row(name: str, versions: list[Submission], verdicts: list[Verdict]) -> str:
    """A model's line of the table in docs/gate.md; asserts what it promises."""
    first = [verdict.blocks for verdict, v in zip(verdicts, versions, strict=True) if not v.season]
    later = [verdict.blocks for verdict in verdicts[LEARNT:]]
    assert sum(first) <= 0.05 * len(first)
    assert sum(later) <= 0.01 * len(later)
    warned = sum(verdict.outcome == "warn" for verdict in verdicts)
    return (
        f"| {name} | {len(verdicts)} | {sum(first)} of {len(first)} | "
        f"{sum(later)} of {len(later)} | {warned} |"
    )


def test_the_draft_proposes_the_profile(contract: Contract) -> None:
    """Weeks between targets and wide ranges: `volatile`, and a longest gap of its own targets."""
    assert (contract.gate.profile, contract.gate.longest_gap) == ("volatile", "21d")


@pytest.mark.slow
def test_rising_weeks_pass(contract: Contract) -> None:
    """The steepest weeks of a season, in which half of the medians move by a third."""
    versions = list(islice(submissions(), 4, 14))
    verdicts = replayed(contract, versions)
    assert [verdict.failing() for verdict in verdicts] == [[]] * len(verdicts)


@pytest.mark.slow
def test_a_summer_needs_no_waiver(contract: Contract) -> None:
    """The first version of a season has no key in common with the last one, and starts anew."""
    versions = list(submissions(seasons=2))
    end = next(i for i, version in enumerate(versions) if version.season)
    *_, last, first, second = replayed(contract, versions[end - 2 : end + 2])
    assert (last.starts_anew, first.starts_anew, second.starts_anew) == (None, "after_gap", None)
    assert not first.blocks
    assert not second.blocks


@pytest.mark.stack
@pytest.mark.parametrize("model", MODELS)
def test_sound_seasons_pass(contract: Contract, model: Model) -> None:
    """At most 5 % of the first season and 1 % once ten versions exist are blocked; docs/gate.md has
    the numbers.
    """
    versions = list(submissions(model))
    verdicts = replayed(contract, versions)
    assert row(f"`{model}`", versions, verdicts) in PAGE.read_text(encoding="utf-8").splitlines()


@pytest.mark.stack
@pytest.mark.parametrize("model", MODELS)
def test_sound_seasons_of_categories_pass(of_categories: Contract, model: Model) -> None:
    """The same of chances, whether counts fall or rise, under the profile for them."""
    assert of_categories.gate.profile == "categories"
    versions = list(submissions(model))
    verdicts = replayed(of_categories, versions, made_up_categories.categories)
    name = f"`{model}`, categories"
    assert row(name, versions, verdicts) in PAGE.read_text(encoding="utf-8").splitlines()


@pytest.mark.stack
def test_a_backtest_of_a_store_says_the_same(contract: Contract, tmp_path: Path) -> None:
    """Published, judged and promoted week by week, then replayed."""
    store = make_store(tmp_path / "store")
    store.define(contract, drafted(tmp_path))
    for number, version in enumerate(submissions(), start=1):
        stored = store.publish(
            SET, with_task(version), made(number, version), released_at=version.at
        )
        store.promote(SET, stored.version, reason="as every week")
    report = backtest(store, SET)
    assert (report.counts.promoted, report.counts.promoted_blocked) == (87, 0)
    assert [v.version for v in report.versions if v.reason == "after_gap"] == [30, 59]
