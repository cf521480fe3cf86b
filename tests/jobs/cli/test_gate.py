"""`estimates gate` as a group: judging stays the command that needs no name, and the policy in
force can be seen.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from estimates.gate.registry import CHECKS
from estimates.store.store import Store
from tests import builders
from tests.builders import POLICY, SET, define, frame, promoted, publish
from tests.jobs.cli.calls import call


def strict(name: str) -> float:
    """The warning limit that the profile gives: half the default."""
    (warn,) = (check.warn for check in CHECKS if check.name == name)
    assert warn is not None
    return warn / 2


@pytest.fixture(autouse=True)
def here(local_store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The store of the test is the one that commands find."""
    monkeypatch.setenv("ESTIMATES_STORE", str(local_store.root))
    return local_store


def test_judging_needs_no_name(here: Store) -> None:
    """A set and a version are judged, with options in any place; `judge` says the same."""
    builders.define(here)
    builders.publish(here, "run-1")
    at = ("--now", "2024-02-01T00:00:00Z")
    said = [
        call("gate", SET, 1, *at, "--format", "json"),
        call("gate", *at, "--format", "json", SET, 1),
        call("gate", "--format", "json", *at, SET, 1),
        call("gate", "judge", SET, 1, *at, "--format", "json"),
    ]
    assert {(called.code, called.out) for called in said} == {(0, said[0].out)}
    assert said[0].json["version"] == 1


def test_a_set_named_like_a_command_can_be_judged(here: Store) -> None:
    """`gate policy policy` shows the policy of a set `policy`, `gate judge policy 1` judges its
    version.
    """
    builders.define(here, "policy")
    builders.publish(here, "run-1", name="policy")
    assert call("gate", "policy", "policy").text.startswith("policy, contract revision 1")
    assert call("gate", "judge", "policy", 1).text.startswith("policy version 1")


@pytest.mark.parametrize(
    ("arguments", "code", "meant"),
    [
        (("sugest", SET), "usage", "suggest"),
        (("sugest", SET, "--noise"), "usage", "suggest"),
        (("backtst", SET, "--last", 3), "usage", "backtest"),
        (("polcy",), "usage", "policy"),
        (("jugde", SET, 1), "usage", "judge"),
        (("sugest", 4), "unknown_set", "suggest"),
        (("sugest", "--file", "candidate.csv"), "unknown_set", "suggest"),
        (("nobody", 4), "unknown_set", None),
        (("nobody", "x"), "usage", None),
        ((SET, 99), "unknown_version", None),
    ],
)
def test_a_misspelt_command_is_recognised(
    here: Store, arguments: tuple[object, ...], code: str, meant: str | None
) -> None:
    """It is taken for a set; what is wrong then says which command looks like it, and other names
    say no such thing.
    """
    builders.define(here)
    said = call("gate", *arguments, "--format", "json")
    assert (said.code, said.error["code"]) == (2, code)
    assert ("did you mean" in said.error["message"]) == (meant is not None)
    if meant is not None:
        assert f"did you mean `estimates gate {meant}`?" in said.error["message"]


def test_a_set_whose_name_is_near_a_command_is_judged(here: Store) -> None:
    """`policies` is a set like any other."""
    builders.define(here, "policies")
    builders.publish(here, "run-1", name="policies")
    assert call("gate", "policies", 1).text.startswith("policies version 1")


def test_the_policy_says_where_each_limit_comes_from(here: Store) -> None:
    """Default, profile, contract, a field of the contract; of a severity the limit that it makes
    block.
    """
    builders.define(here, more=POLICY)
    shown = call("gate", "policy", SET, "--format", "json").json
    rules = {rule["name"]: rule for rule in shown["checks"]}

    def limits(name: str) -> list[object]:
        return [rules[name][field] for field in ("warn", "warn_from", "block", "block_from")]

    assert (shown["profile"], shown["contract_revision"]) == ("strict", 1)
    assert limits("p95_change") == [strict("p95_change"), "profile strict", 0.2, "contract"]
    assert limits("median_shift") == [None, None, strict("median_shift"), "profile strict"]
    assert (rules["median_shift"]["severity"], rules["median_shift"]["severity_from"]) == (
        "block",
        "contract",
    )
    assert limits("nan") == [None, None, 0, "default"]
    assert limits("domain_missing") == [None, None, 0.1, "domain.allow_missing"]
    assert limits("no_cents") == [None, None, 0, "contract"]
    assert (rules["no_cents"]["own"], rules["no_cents"]["title"]) == (True, "Whole dollars")
    assert rules["removed_keys"]["groups"] == {"ticker": {"AAPL": {"warn": 0.0, "block": 0.01}}}
    assert rules["duplicate_content"]["off"] == "ties are common"
    assert limits("coverage_error")[:2] == [None, "measured"]
    assert limits("null_share") == [None, None, None, None]
    assert (rules["schema"]["adjustable"], rules["p95_change"]["adjustable"]) == (False, True)


def test_the_policy_is_the_one_that_verdicts_carry(here: Store) -> None:
    """The digest is the verdict's, and text and JSON both show it."""
    builders.define(here, more=POLICY)
    builders.publish(here, "run-1")
    digest = here.judge(SET, 1).policy
    text = call("gate", "policy", SET).text
    assert text.rstrip().endswith(f"policy {digest}")
    assert call("gate", "policy", SET, "--format", "json").json["policy"] == digest
    lines = {" ".join(line.split()) for line in text.splitlines()}
    assert (
        f"26 p95_change above r {strict('p95_change'):g} (×1.08) above r 0.2 (×1.22) "
        "warns: profile strict, blocks: contract" in lines
    )
    assert "ticker AAPL above 0 % above 1 % contract" in lines
    assert "20 duplicate_content ties are common" in lines


def test_the_policy_says_who_approves(here: Store) -> None:
    """How many people, and who, where the contract asks for approvals."""
    more = '[gate]\napprovals = 2\napprovers = ["bea", "risk-*"]\n'
    builders.define(here, more=more)
    assert "2 approvals by bea, risk-* before" in call("gate", "policy", SET).text
    shown = call("gate", "policy", SET, "--format", "json").json
    assert (shown["approvals"], shown["approvers"]) == (2, ["bea", "risk-*"])


def test_actual_values_judge_a_version_and_a_file(local_store: Store, tmp_path: Path) -> None:
    """Stage 4 is asked with --actuals and only then; what lies far from its outcomes is refused, a
    file as well.
    """
    define(local_store)
    promoted(local_store, "one", 100.0)
    publish(local_store, "two", 103.0)
    observed, file = tmp_path / "observed.csv", tmp_path / "file.csv"
    frame(100.5).drop("note").write_csv(observed)
    frame(103.0).write_csv(file)
    where = ("--store", local_store.root, "--format", "json")
    without = call("gate", SET, 2, *where)
    beside = call("gate", SET, 2, "--actuals", observed, *where)
    of_file = call(
        "gate", SET, "--file", file, "--through", "2024-01-01", "--actuals", observed, *where
    )
    assert (without.code, beside.code, of_file.code) == (0, 1, 1)
    for called in (beside, of_file):
        checks = {check["name"]: check for check in called.json["checks"]}
        assert (checks["accuracy_loss"]["status"], checks["accuracy_loss"]["value"]) == (
            "fail",
            pytest.approx(4.0),
        )
        assert called.json["actuals"] is not None
    assert without.json["actuals"] is None
    assert call("gate", SET, 2, "--actuals", tmp_path / "nowhere.csv", *where).code == 2
