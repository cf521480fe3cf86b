"""`estimates draft` on real stores."""

from __future__ import annotations

from pathlib import Path

from estimates.contract.contract_file import parse_contract
from estimates.store.store import Store
from tests.jobs.cli.calls import ok

SCORES = "customer,score,score_lower_90,score_upper_90\n0042,0.5,0.4,0.6\n0007,0.1,0.05,0.2\n"


def test_draft_prints_a_contract_that_can_be_defined_and_a_profile_beside_it(
    local_store: Store, tmp_path: Path
) -> None:
    """Standard output is the contract and nothing else; the profile, on standard error, names every
    column.
    """
    table, contract = tmp_path / "scores.csv", tmp_path / "churn.toml"
    table.write_text(SCORES)
    drafted = ok("draft", table, "--key", "customer", "--name", "churn")
    for column in ("customer", "score", "score_lower_90", "score_upper_90"):
        assert column in drafted.err
    contract.write_bytes(drafted.out)
    assert parse_contract(drafted.out).key["customer"].type == "string"
    ok("define", contract, "--store", local_store.root)
    profile = ok("draft", table, "--key", "customer", "--format", "json").json
    assert profile["set"] == "scores"
    assert profile["profile"][0]["name"] == "customer"
    assert parse_contract(profile["contract"]).name == "scores"
