"""What everybody is told of where versions come from."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from estimates.access.public_provenance import public_contract, public_provenance
from estimates.catalog.records import InputDigest, Provenance
from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates.gate.policy import policy_digest

_DIGEST = "a" * 64
_CONTRACT = """
name = "demand"
[key.item]
type = "string"
[columns.p]
[domain]
kind = "file"
file = "{file}"
[gate.custom.total]
sql = "SELECT sum(p) FROM candidate"
block = 9
[job]
function = "acme.demand:job"
[job.parameters]
seed = 7
tenant = "blue"
[job.inputs.sales]
source = "/srv/blue/sales.csv"
time = "date"
[job.inputs.rates]
query = "SELECT * FROM '/srv/blue/rates.csv'"
static = true
[job.inputs.shops]
source = "postgresql://db/blue"
query = "SELECT * FROM blue.shops"
static = true
[job.inputs.other]
set = "supply"
"""


def _public(contract: Contract) -> Contract:
    shown = public_contract(msgspec.json.decode(msgspec.json.encode(contract)))
    return msgspec.convert(shown, Contract)


def test_provenance() -> None:
    """Names, digests and versions stay, sets too; values and places do not."""
    sales = InputDigest("sales", "/srv/blue/sales.csv", _DIGEST, 6, "12")
    other = InputDigest("other", "supply", _DIGEST, 6, "3", "supply")
    whole = Provenance(
        datetime(2026, 1, 1, tzinfo=UTC),
        "r1",
        inputs=(sales, other),
        job="acme.demand:job",
        parameters={"tenant": "blue", "more": {"key": "blue"}},
        code="c" * 64,
    )
    public = public_provenance(whole)
    assert public.parameters == {"tenant": "hidden", "more": "hidden"}
    assert public.inputs == (msgspec.structs.replace(sales, source="hidden"), other)
    assert msgspec.structs.replace(public, parameters={}, inputs=()) == msgspec.structs.replace(
        whole, parameters={}, inputs=()
    )
    assert public_provenance(public) == public


def test_contract() -> None:
    """It is a contract still, with the names of parameters and inputs, under which a frame gets
    the same verdict.
    """
    contract = parse_contract(_CONTRACT.format(file="keys/items.csv"))
    public = _public(contract)
    assert public.job is not None
    assert public.job.parameters == {"seed": "hidden", "tenant": "hidden"}
    assert {name: spec.source or spec.query for name, spec in public.job.inputs.items()} == {
        "sales": "hidden",
        "rates": "hidden",
        "shops": "hidden",
        "other": None,
    }
    assert b"blue" not in msgspec.json.encode(public)
    assert policy_digest(public) == policy_digest(contract)
    assert public_contract({"name": "demand"}) == {"name": "demand"}


@pytest.mark.parametrize("folder", ["/home/blue/", "~/blue/", "s3://blue/", "C:/blue/"])
def test_listed_keys(folder: str) -> None:
    """Of a whole path to the file of listed keys the name is told."""
    contract = parse_contract(_CONTRACT.format(file=f"{folder}items.csv"))
    assert msgspec.to_builtins(_public(contract).domain)["file"] == "items.csv"
