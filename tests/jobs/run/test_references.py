"""Variables that a job refers to: their values are the run's alone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from estimates import redaction
from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError
from estimates.redaction import keep_secrets
from estimates_jobs.run.context import Context
from estimates_jobs.run.references import with_values
from tests.jobs.cli.calls import call, ok
from tests.mlflow_tables import AddMlflow

_CONTRACT = """
name = "demand"
[key.item]
type = "string"
[columns.p]
[job]
function = "load"
[job.parameters]
factor = 2
api_key = "env:DEMAND_KEY"
service = {{ headers = ["plain", "env:DEMAND_HEADER"], depth = 1 }}
[job.inputs.table]
source = "{source}"
static = true
"""
_NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_kept", set())
    for name in ("KEY", "HEADER", "TABLE"):
        monkeypatch.setenv(f"DEMAND_{name}", f"value-of-{name}")


def _contract(source: str = "env:DEMAND_TABLE") -> Contract:
    return parse_contract(_CONTRACT.format(source=source))


def test_values() -> None:
    """Whole texts are replaced, in lists and tables too; the contract keeps its references."""
    contract = _contract()
    job = with_values(contract).job
    assert job is not None
    assert job.parameters == {
        "factor": 2,
        "api_key": "value-of-KEY",
        "service": {"headers": ["plain", "value-of-HEADER"], "depth": 1},
    }
    assert job.inputs["table"].source == "value-of-TABLE"
    assert Context(contract, _NOW).parameters == job.parameters
    assert b"value-of" not in msgspec.json.encode(contract)
    assert redaction.redacted("value-of-KEY!") == "***!"


@pytest.mark.parametrize("text", ["env:", "env:A B", "see env:A", "env:1A", "ENV:A"])
def test_other_texts(text: str) -> None:
    """What is no reference as a whole stays as it is."""
    job = with_values(_contract(text)).job
    assert job is not None
    assert job.inputs["table"].source == text


def test_missing_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that are missing or empty are named, with where they stand and what to do."""
    monkeypatch.delenv("DEMAND_KEY")
    monkeypatch.setenv("DEMAND_TABLE", "")
    with pytest.raises(InvalidError) as refused:
        with_values(_contract())
    assert refused.value.code == "no_variable"
    assert "job.parameters.api_key = env:DEMAND_KEY" in refused.value.message
    assert "inputs.table.source = env:DEMAND_TABLE" in refused.value.message
    assert "export DEMAND_KEY=… DEMAND_TABLE=…" in refused.value.message
    assert "HEADER" not in refused.value.message


def test_a_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """A URL with a password may come so, beside a query; one that names no table is refused."""
    text = _CONTRACT.format(source="env:DEMAND_TABLE").replace(
        "static", 'query = "SELECT 1"\nstatic'
    )
    contract = parse_contract(text)
    monkeypatch.setenv("DEMAND_TABLE", "postgresql://ann:s3cret-word@db/demand")
    job = with_values(contract).job
    assert job is not None
    assert job.inputs["table"].source == "postgresql://ann@db/demand"
    with pytest.raises(InvalidError, match="the value of DEMAND_TABLE: a database needs") as error:
        with_values(_contract())
    assert error.value.code == "bad_input"
    assert "s3cret" not in error.value.message


def test_secrets_in_contracts() -> None:
    """A contract with a secret in its job is refused, at its line, without saying the secret."""
    for source in ("https://h/t.csv?sig=s3cret", "https://ann:s3cret@h/t.csv"):
        with pytest.raises(
            InvalidError, match=r'contract:13: job\.inputs\.table\.source.*"env:NAME"'
        ) as error:
            _contract(source)
        assert "s3cret" not in error.value.message
    keep_secrets(["https://h/t.csv?day=1"])  # given to a run of this process
    assert _contract("https://h/t.csv?day=1").job is not None


def test_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, add_mlflow: AddMlflow) -> None:
    """A missing variable ends a run before it begins; what a run keeps is the reference."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ESTIMATES_STORE", str(tmp_path / "store"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / "value-of-TABLE").write_text("item,p\na,1\n")
    (tmp_path / "demand.toml").write_text(_CONTRACT.format(source="env:DEMAND_TABLE"))
    ok("init")
    add_mlflow(tmp_path / "store")
    ok("define", "demand.toml")
    with monkeypatch.context() as without:
        without.delenv("DEMAND_KEY")
        refused = call("run", "demand", "--format", "json")
    assert (refused.code, refused.error["code"]) == (2, "no_variable")
    assert ok("runs", "demand", "--format", "json").json["runs"] == []
    ok("run", "demand", "--run-id", "one", "--check-lookahead")
    [version] = ok("versions", "demand", "--format", "json").json["versions"]
    assert version["provenance"]["inputs"][0]["source"] == "env:DEMAND_TABLE"
    assert version["provenance"]["parameters"]["api_key"] == "env:DEMAND_KEY"
